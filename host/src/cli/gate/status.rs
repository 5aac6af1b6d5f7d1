//! `birth gate status`.

use clap::Args;
use serde::Serialize;

use birth_core::coverage::queue::{QueueState, QueuedEvent};
use birth_core::outcome::{Exit, Status};

use super::access;
use crate::cli::Output;
use crate::cli::options::{ConnectionOptions, WaitingOptions, queue_of};
use crate::cli::output::{BAD, BOLD, DIM, WARN, one_line, styled};
use crate::run::failure::Failure;
use crate::run::worker::queue_status;

/// Show what waits in the queue and what failed.
///
/// Reads the queue and changes nothing: how many events wait, how old the oldest
/// is, and the events that failed or were set aside, each with its error.
/// Whether the gate's objects are there and right says `birth verify gate`.
#[derive(Debug, Args)]
pub(super) struct GateStatus {
    /// Failed events to show at most.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    most: u32,
    #[command(flatten)]
    database: ConnectionOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

#[derive(Serialize)]
struct Document<'a> {
    queue: String,
    #[serde(flatten)]
    state: QueueState,
    failed: Vec<Failed<'a>>,
}

#[derive(Serialize)]
struct Failed<'a> {
    #[serde(flatten)]
    event: &'a QueuedEvent,
    set_aside: bool,
}

impl GateStatus {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let queue = queue_of(&self.database.profile(output)?)?;
        let access = access(self.database.settings()?, &self.waiting);
        let (state, failed) = queue_status(&access, &queue, self.most).await?;
        if output.is_json() {
            let failed = failed.iter().map(|(event, set_aside)| Failed {
                event,
                set_aside: *set_aside,
            });
            output.json(&Document {
                queue: queue.to_string(),
                state,
                failed: failed.collect(),
            })?;
            return Ok(Exit::Status(Status::Pass));
        }
        output.text(styled(
            BOLD,
            format!("Queue {}", one_line(&queue.to_string())),
        ));
        output.text(format!(
            "  {} waiting, of which {} after a failure; the oldest for {:.1} s",
            state.waiting, state.postponed, state.oldest_seconds
        ));
        output.text(format!("  {} set aside", state.set_aside));
        for (event, set_aside) in &failed {
            let mark = if *set_aside {
                styled(BAD, "set aside")
            } else {
                styled(WARN, "failed")
            };
            output.text(format!(
                "  {mark} event {} {} of {} at {}, {} attempts",
                event.id,
                one_line(&event.cause),
                event.collection.as_deref().map_or_else(
                    || "a row without a key".to_owned(),
                    |key| format!("{:?}", one_line(key))
                ),
                event.recorded_at,
                event.attempts
            ));
            if let Some(error) = &event.error {
                output.text(format!("    {}", styled(DIM, one_line(error))));
            }
        }
        if state.set_aside > 0 {
            output.text("  `birth gate retry` puts them back once the cause is mended");
        }
        Ok(Exit::Status(Status::Pass))
    }
}
