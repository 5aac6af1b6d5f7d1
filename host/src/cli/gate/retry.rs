//! `birth gate retry`.

use clap::Args;

use birth_core::outcome::{Exit, FailureClass, Status};

use super::access;
use crate::cli::Output;
use crate::cli::options::{ConnectionOptions, WaitingOptions, queue_of};
use crate::run::failure::Failure;
use crate::run::worker::retry;

/// Put events that were set aside back into the queue.
///
/// Once the cause of their failure is mended. They wait as if they had never
/// failed; the next worker takes them.
#[derive(Debug, Args)]
pub(super) struct Retry {
    /// The events; `birth gate status` shows them.
    #[arg(value_name = "EVENT", required_unless_present = "all")]
    events: Vec<i64>,
    /// All of them.
    #[arg(long, conflicts_with = "events")]
    all: bool,
    #[command(flatten)]
    database: ConnectionOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

impl Retry {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let queue = queue_of(&self.database.profile(output)?)?;
        let access = access(self.database.settings()?, &self.waiting);
        let wanted = (!self.all).then_some(self.events);
        let back = retry(&access, &queue, wanted.clone()).await?;
        let missing: Vec<String> = wanted
            .iter()
            .flatten()
            .filter(|event| !back.contains(event))
            .map(ToString::to_string)
            .collect();
        if output.is_json() {
            output.json(&serde_json::json!({ "put_back": back, "not_set_aside": missing }))?;
        } else {
            output.text(format!("{} events wait again", back.len()));
        }
        if missing.is_empty() {
            return Ok(Exit::Status(Status::Pass));
        }
        Err(Failure::new(
            FailureClass::Configuration,
            "EVENT_NOT_SET_ASIDE",
            format!("not set aside, or not there: {}", missing.join(", ")),
        )
        .with_hint("`birth gate status` shows which are"))
    }
}
