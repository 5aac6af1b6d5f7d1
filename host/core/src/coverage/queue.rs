//! The gate's queue as its worker sees it: events, and what becomes of them.

use serde::{Deserialize, Serialize};

use crate::ident::QualifiedName;
use crate::sql::Statement;

/// Characters of an error that are kept with an event.
const ERROR_LIMIT: usize = 2000;

/// An event of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedEvent {
    /// `event_id`.
    pub id: i64,
    /// The registry's key; none where the row had none.
    pub collection: Option<String>,
    /// `INSERT` or `ROLE`.
    pub cause: String,
    /// How often it has failed.
    pub attempts: i32,
    /// When the row was written (RFC 3339, UTC).
    pub recorded_at: String,
    /// Why it failed last.
    pub error: Option<String>,
}

/// What waits in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct QueueState {
    /// Events that wait, those among them that will be tried again later.
    pub waiting: i64,
    /// Events that failed and are tried again later.
    pub postponed: i64,
    /// Events that failed too often and are left for people.
    pub set_aside: i64,
    /// Age of the oldest event that waits, in seconds; 0 where none does.
    pub oldest_seconds: f64,
}

/// A statement on the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueStatement {
    /// The events' effects are written.
    Remove {
        /// The queue.
        queue: QualifiedName,
        /// Their ids.
        events: Vec<i64>,
    },
    /// An event failed: it is tried again later, each time later than the last,
    /// and set aside at the last attempt.
    Fail {
        /// The queue.
        queue: QualifiedName,
        /// Its id.
        event: i64,
        /// Why.
        error: String,
        /// How many attempts there are.
        attempts: u32,
    },
    /// Events that were set aside wait again, as if they had never failed.
    Retry {
        /// The queue.
        queue: QualifiedName,
        /// Their ids; none for all.
        events: Option<Vec<i64>>,
    },
}

/// An array of `bigint` as text.
fn ids(events: &[i64]) -> String {
    let events: Vec<String> = events.iter().map(ToString::to_string).collect();
    format!("{{{}}}", events.join(","))
}

impl Statement for QueueStatement {
    fn sql(&self) -> String {
        match self {
            Self::Remove { queue, .. } => format!(
                "DELETE FROM {} WHERE event_id = ANY ($1::text::bigint[])",
                queue.quoted()
            ),
            // 1, 2, 4, … seconds, at most five minutes.
            Self::Fail { queue, .. } => format!(
                "UPDATE {} SET attempts = attempts + 1, error = $2, \
                 retry_at = clock_timestamp() + least(2 ^ least(attempts, 16), 300) * interval '1 second', \
                 set_aside_at = CASE WHEN attempts + 1 >= $3::text::integer THEN clock_timestamp() END \
                 WHERE event_id = $1::text::bigint",
                queue.quoted()
            ),
            Self::Retry { queue, events } => {
                let which = events
                    .as_ref()
                    .map_or("", |_| " AND event_id = ANY ($1::text::bigint[])");
                format!(
                    "UPDATE {} SET attempts = 0, retry_at = NULL, set_aside_at = NULL \
                     WHERE set_aside_at IS NOT NULL{which} RETURNING event_id::text",
                    queue.quoted()
                )
            }
        }
    }

    fn parameters(&self) -> Vec<Option<String>> {
        match self {
            Self::Remove { events, .. } => vec![Some(ids(events))],
            Self::Fail {
                event,
                error,
                attempts,
                ..
            } => vec![
                Some(event.to_string()),
                // PostgreSQL's text cannot hold the character zero.
                Some(
                    error
                        .chars()
                        .filter(|c| *c != '\0')
                        .take(ERROR_LIMIT)
                        .collect(),
                ),
                Some(attempts.to_string()),
            ],
            Self::Retry { events, .. } => events.iter().map(|events| Some(ids(events))).collect(),
        }
    }

    fn returns(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::ident::Identifier;

    #[test]
    fn values_go_as_parameters() {
        let name = |text| Identifier::new(text).unwrap();
        let queue = QualifiedName::new(name("g"), name("e"));
        let fail = QueueStatement::Fail {
            queue: queue.clone(),
            event: 7,
            error: "it's \0 gone".to_owned() + &"x".repeat(ERROR_LIMIT),
            attempts: 5,
        };
        assert!(!fail.sql().contains("gone"));
        let error = fail.parameters()[1].clone().unwrap();
        assert_eq!(error.chars().count(), ERROR_LIMIT);
        assert!(error.starts_with("it's  gone"));
        let remove = QueueStatement::Remove {
            queue: queue.clone(),
            events: vec![1, -2],
        };
        assert_eq!(remove.parameters(), [Some("{1,-2}".to_owned())]);
        let all = QueueStatement::Retry {
            queue,
            events: None,
        };
        assert_eq!(all.parameters(), []);
        assert!(!all.sql().contains("$1"));
    }
}
