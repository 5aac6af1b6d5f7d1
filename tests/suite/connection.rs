//! Connecting, through the real binary: every `sslmode` against servers with
//! TLS, without it, with another issuer and under another name; passwords from
//! the password file, the environment, the service file and the URL; and that
//! no output ever holds a password.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use birth_cluster::{Cluster, ClusterOptions, ServerBinaries};
use birth_tests::cli::{Home, Ran};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// The superuser's password; the colon must be escaped in a password file and
/// the rest in a URL.
const PASSWORD: &str = "p@ss:w/rd%";
const PASSWORD_IN_URL: &str = "p%40ss%3Aw%2Frd%25";
/// What may not appear in any output: the start of each written form.
const TRACES: [&str; 3] = ["p@ss", "p%40ss", "w/rd"];

/// A certificate and its key, in PEM form.
pub(crate) struct Certified {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

pub(crate) struct Authority {
    pub(crate) certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.self_signed(&key).unwrap().pem();
        Self {
            certificate,
            issuer: Issuer::new(parameters, key),
        }
    }

    pub(crate) fn issue(&self, common_name: &str, host: Option<&str>) -> Certified {
        let key = KeyPair::generate().unwrap();
        let hosts: Vec<String> = host.map(str::to_owned).into_iter().collect();
        let mut parameters = CertificateParams::new(hosts).unwrap();
        parameters
            .distinguished_name
            .push(DnType::CommonName, common_name);
        Certified {
            certificate: parameters.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

/// Two servers, one with TLS for `localhost`, and the files clients need.
struct Stage {
    tls: Cluster,
    plain: Cluster,
    folder: TempDir,
    home: Home,
}

impl Stage {
    fn new() -> Self {
        let binaries = ServerBinaries::find().unwrap();
        let (ours, other) = (Authority::new("ours"), Authority::new("other"));
        let server = ours.issue("server", Some("localhost"));
        let options = || ClusterOptions {
            password: Some(PASSWORD.to_owned()),
            ..ClusterOptions::default().tcp()
        };
        let with_tls = ClusterOptions {
            files: BTreeMap::from([
                ("server.crt".to_owned(), server.certificate.into_bytes()),
                ("server.key".to_owned(), server.key.into_bytes()),
                ("ca.crt".to_owned(), ours.certificate.clone().into_bytes()),
            ]),
            hba: vec!["hostssl certificates postgres all cert".to_owned()],
            ..options()
        }
        .setting("ssl", "on")
        .setting("ssl_ca_file", "ca.crt");
        let stage = Self {
            tls: Cluster::start(&binaries, &with_tls).unwrap(),
            plain: Cluster::start(&binaries, &options()).unwrap(),
            folder: TempDir::new().unwrap(),
            home: Home::new(),
        };
        let client = ours.issue("postgres", None);
        stage.write("ours.crt", &ours.certificate, 0o644);
        stage.write("other.crt", &other.certificate, 0o644);
        stage.write("client.crt", &client.certificate, 0o644);
        stage.write("client.key", &client.key, 0o600);
        stage
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> String {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// Runs `birth doctor` with these variables and no others of libpq's, and
    /// with a home folder of the test's making.
    fn doctor(&self, database: &str, variables: &[(&str, &str)]) -> Ran {
        let mut doctor = self
            .home
            .birth(&["doctor", "--database", database])
            .env("HOME", &self.path("home"));
        for (name, value) in variables {
            doctor = doctor.env(name, value);
        }
        let ran = doctor.run();
        for text in [&ran.stdout, &ran.stderr] {
            for trace in TRACES {
                assert!(!text.contains(trace), "the password is shown: {text}");
            }
        }
        ran
    }

    #[track_caller]
    fn check(&self, database: &str, variables: &[(&str, &str)], expected: Expected) {
        let ran = self.doctor(database, variables);
        let (code, stream, text) = match expected {
            // Connected, and then there is no registry.
            Tls => (23, &ran.stdout, "(TLS)"),
            Plain => (23, &ran.stdout, "(no TLS)"),
            Fails(message) => (21, &ran.stdout, message),
            // Text that does not parse stops the command; a file that cannot be
            // used is a finding.
            Unusable(message) if ran.stdout.is_empty() => (20, &ran.stderr, message),
            Unusable(message) => (20, &ran.stdout, message),
        };
        assert_eq!(ran.code, Some(code), "{database} {variables:?}: {ran:?}");
        assert!(stream.contains(text), "{database} {variables:?}: {ran:?}");
        if let Fails(_) = expected {
            let finding = stream.lines().find(|line| line.contains(text));
            let finding = finding.unwrap_or_default();
            assert!(finding.starts_with("FAILED  connection"), "{ran:?}");
        }
    }
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// The server is reached with TLS.
    Tls,
    /// It is reached without.
    Plain,
    /// The attempt fails with this in its message.
    Fails(&'static str),
    /// Nothing is tried; this is in the message.
    Unusable(&'static str),
}
use Expected::{Fails, Plain, Tls, Unusable};

#[test]
fn every_sslmode_against_every_server() {
    const NO_TLS: Expected = Fails("the server does not offer TLS");
    const NO_ROOTS: Expected = Unusable("needs trusted root certificates and there are none");
    const ISSUER: Expected = Fails("not issued by a trusted root");
    const NAME: Expected = Fails("certificate is for another host");
    let stage = Stage::new();
    // Columns: the server with TLS and no roots at hand; the one without TLS;
    // with the right roots; with the wrong ones; with the right ones under a
    // name that the certificate does not have.
    let table = [
        ("disable", [Plain; 5]),
        ("allow", [Plain; 5]),
        ("prefer", [Tls, Plain, Tls, Plain, Tls]),
        ("require", [Tls, NO_TLS, Tls, ISSUER, Tls]),
        ("verify-ca", [NO_ROOTS, NO_ROOTS, Tls, ISSUER, Tls]),
        ("verify-full", [NO_ROOTS, NO_ROOTS, Tls, ISSUER, NAME]),
    ];
    let (tls, plain) = (stage.tls.port(), stage.plain.port());
    let ours = format!("&sslrootcert={}", stage.path("ours.crt"));
    let other = format!("&sslrootcert={}", stage.path("other.crt"));
    for (mode, expected) in table {
        let cases = [
            ("localhost", tls, ""),
            ("localhost", plain, ""),
            ("localhost", tls, ours.as_str()),
            ("localhost", tls, other.as_str()),
            ("127.0.0.1", tls, ours.as_str()),
        ];
        for ((host, port, roots), expected) in cases.into_iter().zip(expected) {
            let url = format!("postgresql://postgres@{host}:{port}/?sslmode={mode}{roots}");
            stage.check(&url, &[("PGPASSWORD", PASSWORD)], expected);
        }
    }
}

#[test]
fn certificates_come_from_the_home_folder_and_must_be_private() {
    let stage = Stage::new();
    let read = |name| fs::read_to_string(stage.path(name)).unwrap();
    let database = format!(
        "host=localhost port={} user=postgres dbname=certificates sslmode=verify-full",
        stage.tls.port()
    );
    stage.write("home/.postgresql/root.crt", &read("ours.crt"), 0o644);
    stage.check(&database, &[], Fails("valid client certificate"));
    stage.write(
        "home/.postgresql/postgresql.crt",
        &read("client.crt"),
        0o644,
    );
    stage.write(
        "home/.postgresql/postgresql.key",
        &read("client.key"),
        0o600,
    );
    // The rule for this database is met, and then there is no such database.
    stage.check(&database, &[], Fails("\"certificates\" does not exist"));
    stage.write(
        "home/.postgresql/postgresql.key",
        &read("client.key"),
        0o644,
    );
    stage.check(&database, &[], Unusable("run chmod 0600 on it"));
}

#[test]
fn passwords_come_from_everywhere_and_are_never_shown() {
    let stage = Stage::new();
    let port = stage.tls.port().to_string();
    let bare = format!("postgresql://postgres@localhost:{port}/postgres");
    let lines = format!("localhost:{port}:*:postgres:p@ss\\:w/rd%\n");
    let private = stage.write("private", &lines, 0o600);
    let open = stage.write("open", &lines, 0o644);
    let services = stage.write(
        "services",
        &format!("[here]\nhost=localhost\nport={port}\nuser=postgres\npassword={PASSWORD}\n"),
        0o600,
    );
    stage.check(&bare, &[("PGPASSWORD", PASSWORD)], Tls);
    stage.check(&bare, &[("PGPASSFILE", &private)], Tls);
    stage.check(&bare, &[("PGPASSFILE", &open)], Fails("none was given"));
    stage.check(
        &bare,
        &[("PGPASSWORD", "wrong")],
        Fails("authentication failed"),
    );
    stage.check("service=here", &[("PGSERVICEFILE", &services)], Tls);
    let with_password =
        format!("postgresql://postgres:{PASSWORD_IN_URL}@localhost:{port}/postgres");
    stage.check(&with_password, &[], Tls);
    // The same URL as people mistype it.
    for broken in [
        with_password.replace("%25", "%"),
        with_password.replace(PASSWORD_IN_URL, PASSWORD),
        with_password.replace("postgresql:", "postgres:/"),
        with_password.replace("postgresql://", ""),
        with_password.replace(&port, "port"),
    ] {
        stage.check(&broken, &[], Unusable("URL"));
    }
    let variables = [
        ("PGHOST", "localhost"),
        ("PGPORT", port.as_str()),
        ("PGUSER", "postgres"),
        ("PGPASSWORD", PASSWORD),
    ];
    stage.check("postgres", &variables, Tls);
    stage.check("missing", &variables, Fails("\"missing\" does not exist"));
}
