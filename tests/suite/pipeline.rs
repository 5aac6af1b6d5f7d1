//! Statements that are executed together: their order, their rows, the first
//! error, a connection that breaks.

use birth_core::sql::Statement;
use birth_host::pg::{PgErrorKind, Returned, Transaction};
use birth_tests::database::Database;
use birth_tests::server;

use crate::sessions::{self, TIMEOUTS};

/// A statement of the tests' own: text, and a text as its parameter.
#[derive(Debug, Clone)]
struct Probe {
    sql: String,
    parameter: Option<Option<String>>,
    returns: bool,
}

impl Statement for Probe {
    fn sql(&self) -> String {
        self.sql.clone()
    }
    fn parameters(&self) -> Vec<Option<String>> {
        self.parameter.iter().cloned().collect()
    }
    fn returns(&self) -> bool {
        self.returns
    }
}

fn plain(sql: &str) -> Probe {
    Probe {
        sql: sql.to_owned(),
        parameter: None,
        returns: false,
    }
}

fn returning(sql: &str, parameter: Option<&str>) -> Probe {
    Probe {
        sql: sql.to_owned(),
        parameter: Some(parameter.map(str::to_owned)),
        returns: true,
    }
}

/// Works in a transaction.
fn within(db: &Database, work: impl AsyncFnOnce(Transaction<Probe>)) {
    sessions::within(&db.url(), async |session| {
        work(Transaction::begin(session, TIMEOUTS).await.unwrap()).await;
    });
}

#[test]
fn in_order_and_with_their_rows() {
    for server in server::all() {
        let db = Database::new(server, "CREATE TABLE t (n serial, v text)");
        // Many more than are on their way at once; every third returns.
        let statements: Vec<Probe> = (0..1000)
            .map(|i| {
                let value = (i != 30).then(|| format!("it's {i}\n"));
                let insert = "INSERT INTO public.t (v) VALUES ($1::text)";
                match i % 3 {
                    0 => returning(
                        &format!("{insert} RETURNING n::text, v, NULL::text"),
                        value.as_deref(),
                    ),
                    _ => Probe {
                        returns: false,
                        ..returning(insert, value.as_deref())
                    },
                }
            })
            .collect();
        within(&db, async |transaction| {
            let returned = transaction.execute(&statements, &|_| {}).await.unwrap();
            let expected: Vec<Returned> = (0..1000)
                .step_by(3)
                .map(|i| Returned {
                    statement: i,
                    rows: vec![vec![
                        Some((i + 1).to_string()),
                        (i != 30).then(|| format!("it's {i}\n")),
                        None,
                    ]],
                })
                .collect();
            assert_eq!(returned, expected);
            assert_eq!(transaction.execute(&[], &|_| {}).await.unwrap(), []);
            transaction.commit().await.unwrap().close().await;
        });
        assert_eq!(
            db.value("SELECT count(*) FROM t WHERE n = substr(v, 6)::int + 1"),
            "999"
        );
    }
}

#[test]
fn the_first_error_is_the_one_that_is_told() {
    for server in server::all() {
        let db = Database::new(server, "CREATE TABLE t (n int CHECK (n < 500))");
        let statements: Vec<Probe> = (0..1000)
            .map(|i| plain(&format!("INSERT INTO public.t VALUES ({i})")))
            .collect();
        within(&db, async |transaction| {
            let error = transaction.execute(&statements, &|_| {}).await.unwrap_err();
            assert_eq!(error.kind, PgErrorKind::Refused);
            assert_eq!(error.action, "executing INSERT INTO public.t VALUES (500)");
            assert!(error.message.contains("23514"), "{error}");
            // The answers that nobody waited for do not reach the next question.
            let session = transaction.rollback().await.unwrap();
            let again = Transaction::<Probe>::begin(session, TIMEOUTS)
                .await
                .unwrap();
            let one = returning("SELECT $1::text", Some("one"));
            let rows = again.execute(&[one], &|_| {}).await.unwrap();
            assert_eq!(rows[0].rows, [[Some("one".to_owned())]]);
            again.rollback().await.unwrap().close().await;
        });
        assert_eq!(db.value("SELECT count(*) FROM t"), "0");
    }
}

#[test]
fn a_broken_connection_is_told_as_one() {
    for server in server::all() {
        let db = Database::new(server, "CREATE TABLE t (n int)");
        let insert = plain("INSERT INTO public.t VALUES (1)");
        let mut statements = vec![insert; 400];
        statements[200] = plain("SELECT pg_terminate_backend(pg_backend_pid())");
        within(&db, async |transaction| {
            let error = transaction.execute(&statements, &|_| {}).await.unwrap_err();
            assert_eq!(error.kind, PgErrorKind::ConnectionLost, "{error}");
            // Nothing goes out any more, and that is told in the same way.
            let error = transaction.execute(&statements, &|_| {}).await.unwrap_err();
            assert_eq!(error.kind, PgErrorKind::ConnectionLost, "{error}");
        });
        assert_eq!(db.value("SELECT count(*) FROM t"), "0");
    }
}
