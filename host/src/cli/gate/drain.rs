//! `birth gate drain`.

use clap::Args;

use birth_core::outcome::{Exit, FailureClass, Status};

use super::{Work, response};
use crate::cli::Output;
use crate::run::failure::Failure;
use crate::run::watch::drain;

/// Work off what waits now, once.
///
/// For cron and for tests: works until nothing can be had any more, says what it
/// came to, and ends. Exits 10 where events failed or are set aside.
#[derive(Debug, Args)]
pub(super) struct Drain {
    #[command(flatten)]
    work: Work,
}

impl Drain {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let (mut worker, access) = self.work.worker(output)?;
        output.progress(&format!("connecting to {}", access.connection.describe()));
        let (all, left) = drain(&mut worker, &access).await?;
        let trouble = left.set_aside > 0 || left.postponed > 0;
        let failure = trouble.then(|| {
            Failure::new(
                FailureClass::Database,
                "EVENTS_LEFT",
                format!(
                    "{} events failed and will be tried again, {} are set aside",
                    left.postponed, left.set_aside
                ),
            )
            .with_hint("`birth gate status` shows why")
        });
        let status = match &failure {
            None => Status::Pass,
            Some(failure) => {
                output.failure(failure);
                Status::Partial
            }
        };
        let reason = failure.as_ref().map(Failure::reason);
        output.response(
            &response("gate_drain_status", status, reason.as_deref(), &all)
                .with("events_waiting", left.waiting)
                .with("events_left_set_aside", left.set_aside),
        )?;
        Ok(Exit::Status(status))
    }
}
