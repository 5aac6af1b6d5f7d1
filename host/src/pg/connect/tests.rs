//! Resolution of settings: tables over arguments, variables and files. Nothing
//! here opens a connection.

#![expect(
    clippy::unwrap_used,
    reason = "a failed preparation must fail the test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::passfile::{self, Lookup};
use super::{ConnectionSettings, SettingsError, resolve, secret_in};

const SECRET: &str = "s3cr";

type Variables<'a> = &'a [(&'a str, &'a str)];

fn resolve_with(
    argument: impl Into<Option<&'static str>>,
    variables: Variables<'_>,
) -> Result<ConnectionSettings, SettingsError> {
    resolve(argument.into(), &|name| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn password(settings: &ConnectionSettings, host: usize) -> Option<&str> {
    settings.hosts[host].1.as_ref().map(|found| found.reveal())
}

fn write(folder: &Path, name: &str, text: &str, mode: u32) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn arguments_and_variables_resolve_as_in_libpq() {
    const NONE: Variables<'static> = &[];
    let table: &[(&str, Variables<'_>, &str)] = &[
        (
            "postgresql://ann@db.example:6543/shop?sslmode=require",
            NONE,
            r#"db.example:6543, database "shop", user "ann", sslmode=require"#,
        ),
        (
            "postgres://ann:s3cr@db.example",
            NONE,
            r#"db.example:5432, database "ann", user "ann", sslmode=prefer"#,
        ),
        (
            "postgresql://ann@a:1,b,[::1]:3/shop",
            NONE,
            r#"a:1, b:5432, [::1]:3, database "shop", user "ann", sslmode=prefer"#,
        ),
        (
            "postgresql://ann@%2Fvar%2Frun%2Fpg/shop",
            NONE,
            r#"socket .s.PGSQL.5432 in /var/run/pg, database "shop", user "ann", sslmode=prefer"#,
        ),
        (
            "postgresql:///shop?host=/tmp/pg&port=7&user=a%40b&ssl=true",
            NONE,
            r#"socket .s.PGSQL.7 in /tmp/pg, database "shop", user "a@b", sslmode=require"#,
        ),
        (
            "postgresql://a%2Fn%3An@h/my%20db",
            NONE,
            r#"h:5432, database "my db", user "a/n:n", sslmode=prefer"#,
        ),
        (
            r"host=h user = ann dbname='my \'db' port=7 sslmode=disable port=8",
            NONE,
            r#"h:8, database "my 'db", user "ann", sslmode=disable"#,
        ),
        (
            r"host=a,b port=1,2 user=a\ n",
            NONE,
            r#"a:1, b:2, database "a n", user "a n", sslmode=prefer"#,
        ),
        (
            "host=h hostaddr=10.0.0.1 user=ann",
            NONE,
            r#"h:5432 (at 10.0.0.1), database "ann", user "ann", sslmode=prefer"#,
        ),
        (
            "hostaddr=10.0.0.1 user=ann",
            NONE,
            r#"10.0.0.1:5432, database "ann", user "ann", sslmode=prefer"#,
        ),
        (
            "shop",
            &[("PGUSER", "ann")],
            r#"socket .s.PGSQL.5432 in /var/run/postgresql or /tmp, database "shop", user "ann", sslmode=prefer"#,
        ),
        (
            "",
            &[
                ("PGHOST", "h"),
                ("PGPORT", "7"),
                ("PGUSER", "ann"),
                ("PGDATABASE", "shop"),
                ("PGSSLMODE", "verify-full"),
            ],
            r#"h:7, database "shop", user "ann", sslmode=verify-full"#,
        ),
        (
            "host=h",
            &[
                ("PGHOST", "other"),
                ("PGUSER", "ann"),
                ("PGHOSTADDR", "10.0.0.2"),
            ],
            r#"h:5432 (at 10.0.0.2), database "ann", user "ann", sslmode=prefer"#,
        ),
        // An empty value hides the variable and means the default.
        (
            "host='' user=ann",
            &[("PGHOST", "other")],
            r#"socket .s.PGSQL.5432 in /var/run/postgresql or /tmp, database "ann", user "ann", sslmode=prefer"#,
        ),
        (
            "user=ann sslrootcert=system host=h",
            NONE,
            r#"h:5432, database "ann", user "ann", sslmode=verify-full"#,
        ),
        (
            "user=ann host=h",
            &[("PGREQUIRESSL", "1")],
            r#"h:5432, database "ann", user "ann", sslmode=require"#,
        ),
        (
            "user=ann host=h gssencmode=prefer krbsrvname=x client_encoding=latin1 sslcertmode=allow",
            NONE,
            r#"h:5432, database "ann", user "ann", sslmode=prefer"#,
        ),
    ];
    for (argument, variables, expected) in table {
        let settings = resolve_with(*argument, variables);
        assert_eq!(settings.unwrap().describe(), *expected, "{argument}");
    }
}

#[test]
fn without_any_source_the_system_user_is_user_and_database() {
    let settings = resolve_with(None, &[]).unwrap();
    assert_eq!(settings.user(), whoami::username().unwrap());
    assert_eq!(settings.database(), settings.user());
}

#[test]
fn errors_name_the_fault() {
    let table: &[(&str, Variables<'_>, &str)] = &[
        ("host=h colour=red", &[], "\"colour\" is unknown"),
        ("postgresql://h/d?colour=red", &[], "\"colour\" is unknown"),
        (
            "host=h port=0",
            &[],
            "port=\"0\" from the database argument is invalid",
        ),
        (
            "host=h",
            &[("PGPORT", "x")],
            "port=\"x\" from environment variable PGPORT",
        ),
        ("host=a,b port=1,2,3", &[], "it lists 3 ports for 2 hosts"),
        (
            "host=a,b hostaddr=::1",
            &[],
            "it lists 1 addresses for 2 hosts",
        ),
        (
            "hostaddr=h.example",
            &[],
            "an IPv4 or IPv6 address is expected",
        ),
        (
            "postgresql://h:70000/d",
            &[],
            "port of the connection URL cannot be read",
        ),
        (
            "postgresql://h/%4",
            &[],
            "not followed by two hexadecimal digits",
        ),
        (
            "postgresql://h/%ff",
            &[],
            "database name of the connection URL cannot be read: it does not",
        ),
        ("postgresql://h/a%00", &[], "%00 is not allowed"),
        ("postgresql://[::1/d", &[], "lacks its closing \"]\""),
        ("postgresql://h/d?sslmode", &[], "has no \"=\""),
        ("host='h", &[], "lacks its closing \"'\""),
        ("host=h nonsense", &[], "keyword=value"),
        ("mysql://h/d", &[], "does not begin with \"postgresql://\""),
        ("sslmode=verify", &[], "expected is one of disable, allow"),
        (
            "host=h",
            &[("PGSSLMODE", "")],
            "sslmode=\"\" from environment variable PGSSLMODE",
        ),
        (
            "sslrootcert=system sslmode=verify-ca",
            &[],
            "too weak for sslrootcert=system",
        ),
        (
            "sslnegotiation=direct",
            &[],
            "sslmode=prefer is too weak for it",
        ),
        (
            "ssl_max_protocol_version=TLSv1.1",
            &[],
            "leaves no version to speak",
        ),
        ("connect_timeout=soon", &[], "a whole number is expected"),
        (
            "target_session_attrs=master",
            &[],
            "expected is one of any, read-write",
        ),
        ("host=@abstract", &[], "abstract namespace"),
        ("sslcrl=/crl", &[], "revocation lists are not supported"),
        ("gssencmode=require", &[], "GSSAPI encryption"),
        (
            "host=h",
            &[("PGREQUIREAUTH", "scram-sha-256")],
            "\"require_auth\" from environment variable PGREQUIREAUTH cannot",
        ),
        ("requirepeer=postgres", &[], "cannot be honoured"),
        ("sslcertmode=require", &[], "cannot be honoured"),
        ("replication=database", &[], "cannot be honoured"),
        ("host=h passfile=/", &[("PGPASSFILE", "/x")], ""),
    ];
    for (argument, variables, expected) in table {
        match resolve_with(*argument, variables) {
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains(expected), "{argument}: {message}");
            }
            // A folder as password file is not used, which is no error.
            Ok(_) => assert_eq!(*expected, "", "{argument}"),
        }
    }
}

#[test]
fn no_form_of_settings_or_errors_holds_the_password() {
    let arguments = [
        "postgresql://ann:s3cr@h/d",
        "postgresql://ann@h/d?password=s3cr",
        "host=h user=ann password=s3cr",
        "host=h password='s3cr' sslpassword=s3cr oauth_client_secret=s3cr",
        // Arguments that do not parse, or not as their author meant.
        "postgresql://ann:s3cr@h:x/d",
        "postgresql://ann:s3cr%@h/d",
        "postgresql://ann:%s3cr@h/d",
        "postgresql://ann:%ffs3cr@h/d",
        "postgresql://ann:x/s3cr@h/d",
        "postgresql://ann:s3cr/x@h/d",
        "postgresql://ann:54/s3cr@h/d",
        "postgresql://ann:54/x?s3cr=y@h/d",
        "postgresql://ann:54/x?s3cr@h/d",
        "postgresql://ann:x@s3cr@h/d",
        "postgresql://ann:x@s3cr:y@h/d",
        "postgresql://ann:[s3cr/@h/d",
        "postgresql://ann:s3cr@h/d?colour=red",
        "postgresql://ann:s3cr@h/d?sslmode=none",
        "postgesql://ann:s3cr@h/d",
        "postgesql://ann:s3cr@h/d?sslmode=require",
        "ann:s3cr@h",
        "ann:s3cr@h/d?sslmode=require",
        "password=x s3cr",
        "password=x s3cr=y",
        "password=x s3cr y=z",
        "password='s3cr",
        "password=x' s3cr'",
        "password=s3cr colour=red",
        "password=s3cr port=x",
    ];
    for argument in arguments {
        match resolve_with(argument, &[]) {
            Ok(settings) => {
                let shown = format!("{settings:?} {settings:#?} {}", settings.describe());
                assert!(!shown.contains(SECRET), "{argument}: {shown}");
            }
            Err(error) => {
                let shown = format!("{error} {error:?} {:?}", error.hint());
                assert!(!shown.contains(SECRET), "{argument}: {shown}");
            }
        }
    }
    let settings = resolve_with("host=h", &[("PGPASSWORD", "s3cr")]).unwrap();
    assert_eq!(password(&settings, 0), Some(SECRET));
    assert!(!format!("{settings:?}").contains(SECRET));
}

#[test]
fn a_password_with_url_characters_arrives_whole() {
    for (argument, expected) in [
        ("postgresql://ann:p%40%2F%3A%25@h/d", "p@/:%"),
        ("postgresql://ann:p?a:b&c#d@h/d", "p?a:b&c#d"),
        (r"host=h password='a b\'c\\d'", r"a b'c\d"),
        (r"host=h password=a\ b", "a b"),
    ] {
        let settings = resolve_with(argument, &[]).unwrap();
        assert_eq!(password(&settings, 0), Some(expected), "{argument}");
    }
}

#[test]
fn a_service_stands_between_argument_and_environment() {
    let folder = TempDir::new().unwrap();
    let text = "# services\n[other]\nhost=wrong\n\n[shop]\nhost=service.example\nport=7\n\
                dbname=shop\nuser=service\npassword=s3cr\nport=8\n[last]\ncolour=red\n";
    let file = write(folder.path(), "services", text, 0o644);
    let variables: Variables<'_> = &[
        ("PGSERVICEFILE", &file),
        ("PGHOST", "env.example"),
        ("PGUSER", "env"),
        ("PGSSLMODE", "disable"),
    ];
    for argument in ["service=shop user=arg", "postgresql://arg@/?service=shop"] {
        let settings = resolve_with(argument, variables).unwrap();
        assert_eq!(
            settings.describe(),
            r#"service.example:7, database "shop", user "arg", sslmode=disable"#
        );
        assert_eq!(password(&settings, 0), Some(SECRET));
    }
    let by_variable = [variables, &[("PGSERVICE", "other")]].concat();
    let settings = resolve_with(None, &by_variable).unwrap();
    assert!(settings.describe().starts_with("wrong:5432, "));

    let missing = resolve_with("service=none", variables).unwrap_err();
    assert!(missing.to_string().contains(&file), "{missing}");
    let unknown = resolve_with("service=last", variables).unwrap_err();
    assert!(unknown.to_string().starts_with("line 13 of"), "{unknown}");
}

#[test]
fn service_files_are_found_in_home_and_system_folders() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().to_str().unwrap();
    write(
        folder.path(),
        ".pg_service.conf",
        "[home]\nhost=home\n",
        0o600,
    );
    write(
        folder.path(),
        "pg_service.conf",
        "[system]\nhost=system\n",
        0o600,
    );
    let variables: Variables<'_> = &[("HOME", root), ("PGSYSCONFDIR", root)];
    for (argument, host) in [("service=home", "home:"), ("service=system", "system:")] {
        let settings = resolve_with(argument, variables).unwrap();
        assert!(settings.describe().starts_with(host));
    }
}

#[test]
fn a_faulty_service_line_is_named_and_not_quoted() {
    let folder = TempDir::new().unwrap();
    for (line, reason) in [
        ("s3cr", "it has no \"=\""),
        ("s3cr=x", "not a connection parameter"),
        ("password = s3cr", "not a connection parameter"),
        ("service=x", "cannot name another service"),
        ("ldap://s3cr", "LDAP"),
    ] {
        let file = write(folder.path(), "services", &format!("[a]\n{line}\n"), 0o600);
        let error = resolve_with("service=a", &[("PGSERVICEFILE", &file)]).unwrap_err();
        let message = format!("{error} {error:?}");
        assert!(message.contains(reason), "{message}");
        assert!(message.starts_with("line 2 of"), "{message}");
        assert!(!message.contains(SECRET), "{message}");
    }
}

#[test]
fn password_file_lines_match_as_in_libpq() {
    let lookup = Lookup {
        host: "h",
        port: 5432,
        database: "d:b",
        user: "u",
    };
    for (text, expected) in [
        (r"h:5432:d\:b:u:pw", Some("pw")),
        ("*:*:*:*:pw", Some("pw")),
        ("# *:*:*:*:no\n*:*:*:u:yes", Some("yes")),
        ("h:1:*:*:no\nh:*:*:*:first\nh:*:*:*:second", Some("first")),
        (r"*:*:*:*:a\:b\\c", Some(r"a:b\c")),
        ("*:*:*:*:pw\r\n", Some("pw")),
        ("*:*:*:*:pw:rest", Some("pw")),
        (r"\*:*:*:*:pw", None),
        ("*x:*:*:*:pw", None),
        ("*:*:*:other:pw", None),
        ("h:5432:d:b:u:pw", None),
        ("*:*:*:*:", None),
        ("*:*:*:*", None),
        ("", None),
    ] {
        let found = passfile::find(text, lookup);
        let found = found.as_ref().map(|password| password.reveal());
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn each_host_gets_its_own_password_from_a_private_file() {
    let folder = TempDir::new().unwrap();
    let text = "a:*:*:*:pa\nb:2:*:*:pb\nlocalhost:*:*:*:local\n/tmp/pg:*:*:*:socket\n";
    let home = folder.path().to_str().unwrap();
    let file = write(folder.path(), ".pgpass", text, 0o600);
    let hosts = "host=a,b,c,/tmp,/tmp/pg port=1,2,3,4,5";
    for variables in [[("HOME", home)], [("PGPASSFILE", file.as_str())]] {
        let settings = resolve_with(hosts, &variables).unwrap();
        let found: Vec<_> = (0..5).map(|host| password(&settings, host)).collect();
        let expected = [Some("pa"), Some("pb"), None, Some("local"), Some("socket")];
        assert_eq!(found, expected);
    }
    let named = [("HOME", home), ("PGPASSWORD", "env")];
    let settings = resolve_with(hosts, &named).unwrap();
    assert_eq!(password(&settings, 0), Some("env"));

    for mode in [0o640, 0o604, 0o660] {
        write(folder.path(), ".pgpass", text, mode);
        let settings = resolve_with(hosts, &[("HOME", home)]).unwrap();
        assert_eq!(password(&settings, 0), None, "mode {mode:o}");
    }
}

#[test]
fn a_secret_in_an_argument_is_named_and_not_quoted() {
    for (argument, expected) in [
        ("service=shop", None),
        ("host=db dbname=shop passfile=/etc/pass", None),
        ("postgresql://ann@db/shop", None),
        ("postgresql://ann:s3cr@db/shop", Some("password")),
        ("host=db password=s3cr", Some("password")),
        ("host=db sslpassword='s3cr'", Some("sslpassword")),
        ("postgresql://db/shop?password=s3cr", Some("password")),
    ] {
        assert_eq!(secret_in(argument).unwrap(), expected, "{argument}");
    }
    let error = secret_in("password=s3cr s3cr").unwrap_err();
    assert!(!error.to_string().contains(SECRET), "{error}");
}

#[test]
fn a_time_to_connect_is_filled_in_only_where_none_is_given() {
    let settings = |argument| {
        let settings = resolve_with(argument, &[]).unwrap();
        settings
            .with_default_timeout(Duration::from_secs(9))
            .timeout
    };
    assert_eq!(settings("host=a"), Some(Duration::from_secs(9)));
    assert_eq!(
        settings("host=a connect_timeout=3"),
        Some(Duration::from_secs(3))
    );
}
