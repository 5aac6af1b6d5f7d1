//! A real registry for one test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::USER;
use crate::connection::Authority;

/// `super::PASSWORD` as `htpasswd -B` writes it.
const HASH: &str = "$2y$05$EtVi82z0IvVaktLo.v3v8u4bK6YB9KKWx33rgNT81B7ssq58EXXVK";

/// How the registry is set up.
#[derive(Debug, Clone, Default)]
pub(super) struct Setup {
    /// TLS with a certificate for `localhost`.
    pub(super) tls: bool,
    /// Asks for the user and the password of these tests.
    pub(super) password: bool,
    /// Sends whoever wants a blob to another address.
    pub(super) elsewhere: Option<String>,
}

/// A running `docker-registry`, which ends with it.
#[derive(Debug)]
pub(super) struct Registry {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl Registry {
    pub(super) fn start(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let write = |name: &str, text: &str| std::fs::write(file(name), text).unwrap();
        let mut configuration = format!(
            "version: 0.1\n\
             log: {{level: info, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http:\n  addr: localhost:0\n  secret: for-a-test\n",
            file("data")
        );
        if setup.tls {
            let authority = Authority::new("registry's authority");
            let server = authority.issue("registry", Some("localhost"));
            write("ca.crt", &authority.certificate);
            write("server.crt", &server.certificate);
            write("server.key", &server.key);
            configuration += &format!(
                "  tls: {{certificate: {}, key: {}}}\n",
                file("server.crt"),
                file("server.key")
            );
        }
        if setup.password {
            write("users", &format!("{USER}:{HASH}\n"));
            configuration += &format!(
                "auth: {{htpasswd: {{realm: a registry, path: {}}}}}\n",
                file("users")
            );
        }
        if let Some(elsewhere) = &setup.elsewhere {
            configuration += &format!(
                "middleware: {{storage: [{{name: redirect, options: {{baseurl: {elsewhere}}}}}]}}\n"
            );
        }
        write("config.yml", &configuration);
        let log = std::fs::File::create(file("log")).unwrap();
        let process = Command::new("docker-registry")
            .args(["serve", &file("config.yml")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("docker-registry is installed (Debian's docker-registry)");
        let mut registry = Self {
            process,
            folder,
            port: 0,
        };
        registry.port = registry.wait();
        registry
    }

    /// The port that it says it listens on.
    fn wait(&mut self) -> u16 {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
            let line = log
                .lines()
                .find(|line| line.contains("msg=\"listening on "));
            if let Some(line) = line {
                let address = line.split("listening on ").nth(1).unwrap();
                let address = address.split(['"', ',']).next().unwrap();
                return address.rsplit(':').next().unwrap().parse().unwrap();
            }
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Host and port.
    pub(super) fn name(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// A reference to one of its repositories.
    pub(super) fn reference(&self, what: &str) -> String {
        format!("oci://{}/{what}", self.name())
    }

    /// The file of its authority.
    pub(super) fn ca(&self) -> String {
        let path = self.folder.path().join("ca.crt");
        path.to_str().unwrap().to_owned()
    }

    /// The file of a blob.
    pub(super) fn blob(&self, digest: &str) -> PathBuf {
        let folder = Path::new("data/docker/registry/v2/blobs/sha256");
        let path = folder.join(&digest[..2]).join(digest).join("data");
        self.folder.path().join(path)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // Either fails only where it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
