//! `birth verify`.

use clap::Args;
use serde::Serialize;

use birth_core::outcome::{Exit, FailureClass, Status};

use super::operations::{OperationArgument, OperationName, ReportOptions, gate, storage, triggers};
use super::options::{KnowledgeBase, WaitingOptions};
use super::output::{BAD, GOOD, styled};
use super::render::Render;
use super::{DatabaseOptions, Output, PolicyOptions};
use crate::run::Access;
use crate::run::carry_out;
use crate::run::failure::Failure;

/// Check that what an operation sets up is there; change nothing.
///
/// Reads the live schema and says whether everything that the operation sets
/// up is there and right, whoever put it there. Exits 30 where it is not.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    operation: OperationArgument,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    knowledge_base: KnowledgeBase,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

#[derive(Serialize)]
struct Document<D> {
    operation: &'static str,
    ready: bool,
    #[serde(flatten)]
    details: D,
}

impl Verify {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let named = self.operation.only()?;
        let policy = self.policy.open()?;
        let profile = self.database.profile(output)?;
        self.report.check(named)?;
        match named {
            OperationName::Storage => {
                let operation = storage(&self.database, profile, &policy);
                self.verify(operation, output).await
            }
            OperationName::Triggers => {
                let approved = self.report.approved(&self.knowledge_base.store()?)?;
                let operation = triggers(&self.database, profile, &policy, Some(approved), None);
                self.verify(operation, output).await
            }
            OperationName::Gate => {
                let operation = gate(&self.database, profile);
                self.verify(operation, output).await
            }
        }
    }

    async fn verify<O: Render>(&self, operation: O, output: &Output) -> Result<Exit, Failure> {
        let access = Access {
            connection: self.database.settings()?,
            timeouts: self.waiting.timeouts(),
        };
        let planned = carry_out::plan(&access, operation).await?;
        let plan = planned.close().await;
        let ready = O::is_ready(&plan);
        if output.is_json() {
            output.json(&Document {
                operation: O::NAME,
                ready,
                details: O::details(&plan),
            })?;
        } else {
            O::items(output, &plan);
            let subject = O::subject(&plan);
            output.text(if ready {
                format!("{} {subject}", styled(GOOD, "verified:"))
            } else {
                format!("{} {subject}: not complete", styled(BAD, "not verified:"))
            });
        }
        Ok(if ready {
            Exit::Status(Status::Pass)
        } else {
            Exit::Failure(FailureClass::Verification)
        })
    }
}
