//! Many statements in one go: the next are sent before the answers to the
//! first are here, so that the network is waited for once and not each time.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use birth_core::sql::Statement;

use super::error::PgError;
use super::session::{Session, column};

/// The rows that one statement returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Which statement: its place among those that were executed together.
    pub statement: usize,
    /// Its rows, each value as text and NULL as `None`.
    pub rows: Vec<Vec<Option<String>>>,
}

/// How many statements are on their way at once. On a socket sixteen would do,
/// a network needs more, and past some hundreds it gets slower again. The bound
/// keeps what waits in memory and what is answered after an error small.
const WINDOW: usize = 128;

type Answer = Result<Vec<Row>, tokio_postgres::Error>;

/// A statement that was sent.
enum Sent<'s> {
    UnderWay(Pin<Box<dyn Future<Output = Answer> + 's>>),
    /// The connection was found broken when it was to be sent.
    Answered(Answer),
}

impl Session {
    /// Executes statements in their order. They are answered in that order too,
    /// so the first error is the one of the statement that failed; the answers
    /// to what was sent after it ("current transaction is aborted") are not
    /// looked at. Between two answers the server has as long as it has for one
    /// statement. `tell` hears how many have been answered.
    pub(super) async fn pipeline<S: Statement>(
        &self,
        statements: &[S],
        tell: &dyn Fn(usize),
    ) -> Result<Vec<Returned>, PgError> {
        let mut returned = Vec::new();
        let mut sent = VecDeque::with_capacity(WINDOW);
        let mut waiting = statements.iter();
        for (index, statement) in statements.iter().enumerate() {
            while sent.len() < WINDOW
                && let Some(next) = waiting.next()
            {
                sent.push_back(self.send(next).await);
            }
            let Some(answer) = sent.pop_front() else {
                break;
            };
            let answer = async {
                match answer {
                    Sent::UnderWay(answer) => answer.await,
                    Sent::Answered(answer) => answer,
                }
            };
            let preview = statement.preview();
            let action = format!("executing {}", preview.trim_end_matches(';'));
            let rows = self.answer(&action, answer).await?;
            tell(index + 1);
            if statement.returns() {
                let rows = rows.iter().map(texts).collect::<Result<_, _>>()?;
                returned.push(Returned {
                    statement: index,
                    rows,
                });
            }
        }
        Ok(returned)
    }

    /// Hands one statement to the connection, which the driver does when the
    /// answer is asked for the first time, and does not wait.
    async fn send<'s, S: Statement>(&'s self, statement: &S) -> Sent<'s> {
        let sql = statement.sql();
        let parameters = statement.parameters();
        let mut answer = Box::pin(async move {
            let typed: Vec<(&(dyn ToSql + Sync), Type)> = parameters
                .iter()
                .map(|value| (value as &(dyn ToSql + Sync), Type::TEXT))
                .collect();
            self.client().query_typed(&sql, &typed).await
        });
        let first = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
        match first {
            Poll::Ready(answer) => Sent::Answered(answer),
            Poll::Pending => Sent::UnderWay(answer),
        }
    }
}

fn texts(row: &Row) -> Result<Vec<Option<String>>, PgError> {
    (0..row.len()).map(|i| column(row, i)).collect()
}
