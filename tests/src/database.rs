//! A database of its own for each test.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio_postgres::{AsyncMessage, NoTls, SimpleQueryMessage};

use crate::server::Server;

/// A fresh database; it goes with its server.
#[derive(Debug)]
pub struct Database {
    server: &'static Server,
    name: String,
}

impl Database {
    /// Makes a database and runs a script in it.
    pub fn new(server: &'static Server, script: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        run(&server.url("postgres"), &format!("CREATE DATABASE {name}"));
        let database = Self { server, name };
        database.execute(script);
        database
    }

    /// Its server.
    pub fn server(&self) -> &'static Server {
        self.server
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL, as superuser.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Its URL as another role.
    pub fn url_as(&self, role: &str) -> String {
        self.url().replace("user=postgres", &format!("user={role}"))
    }

    /// Runs a script.
    pub fn execute(&self, script: &str) {
        run(&self.url(), script);
    }

    /// Runs a script and says what the server says.
    pub fn try_execute(&self, script: &str) -> Result<(), String> {
        try_rows(&self.url(), script).map(drop)
    }

    /// The rows of a query, each value as text and NULL as `∅`.
    pub fn rows(&self, query: &str) -> Vec<Vec<String>> {
        run(&self.url(), query)
    }

    /// The one value of a query.
    pub fn value(&self, query: &str) -> String {
        let rows = self.rows(query);
        match rows.as_slice() {
            [row] if row.len() == 1 => row[0].clone(),
            other => panic!("{query} gave {other:?}"),
        }
    }

    /// A session that stays open, to hold locks from.
    pub fn session(&self) -> Session {
        Session::open(&self.url())
    }

    /// As [`Database::session`], as another role.
    pub fn session_as(&self, role: &str) -> Session {
        Session::open(&self.url_as(role))
    }

    /// Columns and constraints of a table as one text: what a run may change.
    pub fn shape(&self, table: &str) -> String {
        shape_at(&self.url(), table)
    }
}

/// The rows of a query on any URL, each value as text and NULL as `∅`.
pub fn rows_at(url: &str, query: &str) -> Vec<Vec<String>> {
    run(url, query)
}

/// As [`Database::shape`], on any URL.
pub fn shape_at(url: &str, table: &str) -> String {
    let rows = run(url, &format!(
            "SELECT 'column', attname, format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
             FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
             UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
             WHERE conrelid = '{table}'::regclass AND contype <> 'n' ORDER BY 1, 2"
        ));
    rows.iter().map(|row| row.join(" ") + "\n").collect()
}

/// An open session with its own thread of control.
#[derive(Debug)]
pub struct Session {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
    /// Warnings that were not asked for yet.
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Session {
    fn open(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&warnings);
        let client = runtime.block_on(async {
            let (client, mut connection) = tokio_postgres::connect(url, NoTls)
                .await
                .expect("a connection");
            tokio::spawn(async move {
                while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                    if let AsyncMessage::Notice(notice) = message
                        && notice.severity() == "WARNING"
                    {
                        let mut heard = heard.lock().expect("no panic while it was held");
                        heard.push(notice.message().to_owned());
                    }
                }
            });
            client
        });
        Self {
            runtime,
            client,
            warnings,
        }
    }

    /// The warnings that came since this was asked the last time. The server
    /// sends them before the answer to the statement that they are about.
    pub fn warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().expect("no panic while it was held"))
    }

    /// Runs a script in the session.
    pub fn execute(&self, script: &str) {
        self.runtime
            .block_on(self.client.batch_execute(script))
            .expect(script);
    }

    /// Runs a script in the session; its rows as in [`Database::rows`], or what
    /// the server says.
    pub fn rows(&self, script: &str) -> Result<Vec<Vec<String>>, String> {
        self.runtime
            .block_on(self.client.simple_query(script))
            .map(texts)
            .map_err(|error| message(&error))
    }
}

/// Runs a script at a URL and gives its rows, as [`Database::rows`] does.
pub fn run(url: &str, script: &str) -> Vec<Vec<String>> {
    try_rows(url, script).unwrap_or_else(|error| panic!("{error}\nin: {script}"))
}

fn try_rows(url: &str, script: &str) -> Result<Vec<Vec<String>>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls)
            .await
            .map_err(|e| e.to_string())?;
        let driver = tokio::spawn(connection);
        let messages = client
            .simple_query(script)
            .await
            .map_err(|error| message(&error))?;
        drop(client);
        let _ = driver.await;
        Ok(texts(messages))
    })
}

fn message(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |db| db.message().to_owned())
}

fn texts(messages: Vec<SimpleQueryMessage>) -> Vec<Vec<String>> {
    messages
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|i| row.get(i).unwrap_or("∅").to_owned())
                    .collect(),
            ),
            _ => None,
        })
        .collect()
}
