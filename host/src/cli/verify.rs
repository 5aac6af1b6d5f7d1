//! `birth verify`.

use std::rc::Rc;

use clap::Args;
use serde::Serialize;

use birth_core::op::Item;
use birth_core::op::storage::plan::Proposed;
use birth_core::op::storage::verify::is_ready;
use birth_core::outcome::{Exit, FailureClass, Status};

use super::options::WaitingOptions;
use super::output::{BAD, GOOD, plain, severity, styled};
use super::{DatabaseOptions, OperationName, Output, PolicyOptions};
use crate::run::Access;
use crate::run::carry_out;
use crate::run::failure::Failure;
use crate::run::storage::Storage;

/// Check that what an operation sets up is there; change nothing.
///
/// Reads the live schema and says whether everything that the operation sets
/// up is there and right, whoever put it there. Exits 30 where it is not.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// What to verify.
    #[arg(value_enum)]
    operation: OperationName,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

#[derive(Serialize)]
struct Document<'a> {
    operation: &'static str,
    ready: bool,
    items: &'a [Item<Proposed>],
}

impl Verify {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let OperationName::Storage = self.operation;
        let policy = self.policy.open()?;
        let operation = Storage {
            profile: self.database.profile(output)?,
            schema: self.database.schema.clone(),
            policy: Rc::clone(&policy),
        };
        let access = Access {
            connection: self.database.settings()?,
            waiting: self.waiting.waiting(),
        };
        let planned = carry_out::plan(&access, operation).await?;
        let plan = planned.close().await;
        let ready = is_ready(&plan);
        if output.is_json() {
            output.json(&Document {
                operation: "storage",
                ready,
                items: &plan.items,
            })?;
        } else {
            for item in plan
                .items
                .iter()
                .filter(|i| !i.reasons.is_empty() || !ready)
            {
                output.text(format!(
                    "  {:<6} {}  {}",
                    item.object.kind(),
                    plain(item.object.name().as_str()),
                    super::output::decision(item.decision)
                ));
                for reason in &item.reasons {
                    output.text(format!(
                        "         {}: {}",
                        severity(reason.severity),
                        plain(&reason.message)
                    ));
                }
            }
            let table = plain(&plan.registry.name.to_string());
            output.text(if ready {
                format!(
                    "{} policy storage on {table} is complete",
                    styled(GOOD, "verified:")
                )
            } else {
                format!(
                    "{} policy storage on {table} is not complete",
                    styled(BAD, "not verified:")
                )
            });
        }
        Ok(if ready {
            Exit::Status(Status::Pass)
        } else {
            Exit::Failure(FailureClass::Verification)
        })
    }
}
