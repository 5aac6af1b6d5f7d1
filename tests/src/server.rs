//! The servers under test: one cluster per PostgreSQL major, shared by all
//! tests of the process. When the process ends, however it ends, the cluster's
//! supervisor removes it.

use std::sync::OnceLock;

use birth_cluster::{Cluster, ClusterOptions, ServerBinaries};

/// A shared cluster.
#[derive(Debug)]
pub struct Server {
    cluster: Cluster,
}

impl Server {
    /// A server with settings of its own, for one test. Like the shared ones it
    /// lives as long as the process.
    pub fn own(options: &ClusterOptions) -> &'static Self {
        let binaries = ServerBinaries::find().expect("PostgreSQL server binaries");
        let cluster = Cluster::start(&binaries, options).expect("a server that starts");
        Box::leak(Box::new(Self { cluster }))
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.cluster.binaries().version()
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        self.cluster.url(database)
    }

    /// Directory of its Unix-domain socket.
    pub fn host(&self) -> &str {
        self.cluster.host()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.cluster.port()
    }

    /// Where its programs are.
    pub fn binaries(&self) -> &std::path::Path {
        self.cluster.binaries().folder()
    }

    /// What its log holds.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.cluster.log_file()).expect("the server's log");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Where its socket is.
    pub fn socket(&self) -> std::path::PathBuf {
        std::path::Path::new(self.host()).join(format!(".s.PGSQL.{}", self.port()))
    }
}

/// Every server under test: the majors of `BIRTH_TEST_PG_MAJORS`, else the one
/// that `birth demo` would use.
pub fn all() -> &'static [Server] {
    static SERVERS: OnceLock<Vec<Server>> = OnceLock::new();
    SERVERS.get_or_init(|| {
        ServerBinaries::under_test()
            .expect("PostgreSQL server binaries")
            .iter()
            .map(|binaries| {
                let options = ClusterOptions::default()
                    .setting("max_connections", "60")
                    .setting("max_prepared_transactions", "0");
                Server {
                    cluster: Cluster::start(binaries, &options).expect("a server that starts"),
                }
            })
            .collect()
    })
}

/// One server, for tests that do not depend on the version: the newest.
pub fn one() -> &'static Server {
    all()
        .iter()
        .max_by_key(|server| server.major())
        .expect("at least one server")
}
