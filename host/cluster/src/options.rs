//! What a caller may ask of a cluster.

use std::collections::BTreeMap;

/// How a cluster is set up; `ClusterOptions::default()` listens on a Unix
/// socket alone and asks nobody for a password.
#[derive(Debug, Clone, Default)]
pub struct ClusterOptions {
    /// Also listen on 127.0.0.1, on a free port. Connections over TCP need the
    /// superuser's password, because every user of the machine can make them.
    pub tcp: bool,
    /// The superuser's password; a random one by default. Connections over the
    /// Unix socket do not need it unless `hba` says so.
    pub password: Option<String>,
    /// Server settings by name, such as `max_locks_per_transaction`. They win
    /// over the cluster's own.
    pub settings: BTreeMap<String, String>,
    /// Lines of `pg_hba.conf`, placed before the cluster's own, so they win.
    pub hba: Vec<String>,
    /// Files to put into the data directory before the first start, by name,
    /// readable by the server alone: a TLS certificate and its key, for example.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl ClusterOptions {
    /// Adds one server setting.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Asks for a TCP port on 127.0.0.1 as well.
    #[must_use]
    pub fn tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// The whole `pg_hba.conf`.
    pub(crate) fn hba_file(&self) -> String {
        let own = [
            "local all,replication all trust",
            "host all,replication all 127.0.0.1/32 scram-sha-256",
        ];
        let lines = self.hba.iter().map(String::as_str).chain(own);
        lines.fold(String::new(), |file, line| file + line + "\n")
    }

    /// The server's settings. No crash of the machine has to be survived, so
    /// nothing waits for the disk; a crash of the server loses no commit, which
    /// tests rely on, so `synchronous_commit` stays on (without fsync it is all
    /// but free). Shared memory lives in the data directory, so that removing
    /// the directory removes all.
    pub(crate) fn server_settings(&self, port: u16) -> BTreeMap<String, String> {
        let listen = if self.tcp { "127.0.0.1" } else { "" };
        let port = port.to_string();
        let own = [
            ("dynamic_shared_memory_type", "mmap"),
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("listen_addresses", listen),
            ("password_encryption", "scram-sha-256"),
            ("port", &port),
        ];
        let mut settings: BTreeMap<String, String> = own
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        settings.extend(self.settings.clone());
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_settings_and_lines_win() {
        let options = ClusterOptions {
            hba: vec!["local all all scram-sha-256".to_owned()],
            ..ClusterOptions::default().setting("fsync", "on")
        };
        assert_eq!(
            options
                .server_settings(5432)
                .get("fsync")
                .map(String::as_str),
            Some("on")
        );
        assert!(
            options
                .hba_file()
                .starts_with("local all all scram-sha-256\nlocal all,replication")
        );
    }
}
