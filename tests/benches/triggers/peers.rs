//! Other programs that apply the same statements, each in one migration and
//! one transaction.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use birth_tests::database::Database;
use birth_tests::measure::on_path;

/// The superuser's password, for those that connect over TCP alone.
pub(crate) const PASSWORD: &str = "measured";

/// A peer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    Psql,
    Sqitch,
    Dbmate,
    Liquibase,
}

impl Peer {
    pub(crate) const ALL: [Self; 4] = [Self::Psql, Self::Sqitch, Self::Dbmate, Self::Liquibase];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Psql => "psql -1 -f",
            Self::Sqitch => "sqitch deploy",
            Self::Dbmate => "dbmate migrate",
            Self::Liquibase => "liquibase update",
        }
    }

    /// Where it is installed: `psql` beside the server, sqitch on the system,
    /// the others in the folder that `BIRTH_BENCH_PEERS` names.
    pub(crate) fn program(self, psql: Option<&Path>) -> Option<PathBuf> {
        let installed = |path: &str| {
            let folder = std::env::var_os("BIRTH_BENCH_PEERS")?;
            Some(PathBuf::from(folder).join(path)).filter(|program| program.is_file())
        };
        match self {
            Self::Psql => psql.map(Path::to_path_buf),
            Self::Sqitch => on_path("sqitch"),
            // The program itself, not the script that starts it.
            Self::Dbmate => ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"]
                .iter()
                .find_map(|on| installed(&format!("node_modules/@dbmate/{on}/bin/dbmate"))),
            Self::Liquibase => {
                on_path("java").and(installed("node_modules/liquibase/dist/liquibase/liquibase"))
            }
        }
    }

    /// Writes the migration into a folder of its own.
    pub(crate) fn prepare(self, folder: &Path, statements: &str) {
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        match self {
            Self::Psql => write("triggers.sql", statements),
            Self::Sqitch => {
                write("sqitch.conf", "[core]\n\tengine = pg\n");
                write(
                    "sqitch.plan",
                    "%syntax-version=1.0.0\n%project=triggers\n\n\
                     triggers 2024-01-01T00:00:00Z bench <bench@localhost> # triggers\n",
                );
                write(
                    "deploy/triggers.sql",
                    &format!("BEGIN;\n{statements}COMMIT;\n"),
                );
            }
            Self::Dbmate => write(
                "migrations/20240101000000_triggers.sql",
                &format!("-- migrate:up\n{statements}\n-- migrate:down\n"),
            ),
            Self::Liquibase => write(
                "triggers.sql",
                &format!("--liquibase formatted sql\n--changeset bench:triggers\n{statements}"),
            ),
        }
    }

    /// The command that applies it.
    pub(crate) fn command(self, program: &Path, folder: &Path, db: &Database) -> Command {
        let mut command = Command::new(program);
        let (name, port) = (db.name(), db.server().port());
        let url = format!("postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/{name}");
        match self {
            Self::Psql => {
                command.args([
                    "-X",
                    "-q",
                    "-v",
                    "ON_ERROR_STOP=1",
                    "-1",
                    "-f",
                    "triggers.sql",
                ]);
                command.arg(db.url());
            }
            Self::Sqitch => {
                command
                    .args(["--quiet", "deploy", "--target"])
                    .arg(url.replace("postgresql:", "db:pg:"))
                    .env("SQITCH_FULLNAME", "bench")
                    .env("SQITCH_EMAIL", "bench@localhost");
            }
            Self::Dbmate => {
                command.arg("--url").arg(format!("{url}?sslmode=disable"));
                command.args([
                    "--migrations-dir",
                    "migrations",
                    "--no-dump-schema",
                    "migrate",
                ]);
            }
            Self::Liquibase => {
                command.args(["--changelog-file=triggers.sql", "--username=postgres"]);
                command.arg(format!("--password={PASSWORD}"));
                command.arg(format!("--url=jdbc:postgresql://127.0.0.1:{port}/{name}"));
                command.args(["--log-level=OFF", "--show-banner=false", "update"]);
            }
        }
        command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}

/// What the peers keep in the database, gone.
pub(crate) const FORGET: &str = "
    DROP SCHEMA IF EXISTS sqitch CASCADE;
    DROP TABLE IF EXISTS public.schema_migrations, public.databasechangelog, public.databasechangeloglock";
