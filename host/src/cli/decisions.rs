//! `birth decisions`.

mod markdown;
mod outline;
mod text;

use std::rc::Rc;

use clap::Args;
use serde::Serialize;

use birth_core::decisions::DecisionsReport;
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{Exit, Status};

use super::options::WaitingOptions;
use super::{DatabaseOptions, Format, Output, PolicyOptions};
use crate::run::Access;
use crate::run::coverage::Coverage;
use crate::run::failure::Failure;

/// Show what people have to decide; change nothing.
///
/// Scopes that the policy proposes and that are not stored (B3-B), rows of the
/// registry that stand for no table and tables that no row stands for (B3-C),
/// triggers on tables of collections that are not ours (B3-D), and collections
/// that need births and name no owner for them (B3-E). `birth decide` writes what
/// was decided. Exits 0 whatever there is.
#[derive(Debug, Args)]
pub(super) struct Decisions {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

#[derive(Serialize)]
struct Document<'a> {
    database: &'a DatabaseIdentity,
    registry: String,
    revision: &'a Revision,
    approved: bool,
    /// By whose leave, and whether it is signed.
    approval: String,
    at: &'a str,
    #[serde(flatten)]
    report: &'a DecisionsReport,
}

impl Decisions {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let policy = self.policy.open()?;
        let coverage = Coverage {
            profile: Rc::new(self.database.profile(output)?),
            schema: self.database.schema.clone(),
            policy: Rc::clone(&policy),
        };
        let access = Access {
            connection: self.database.settings()?,
            timeouts: self.waiting.timeouts(),
        };
        let found = coverage.decisions(&access).await?;
        match output.format() {
            Format::Json => output.json(&Document {
                database: &found.server.database,
                registry: found.registry.to_string(),
                revision: &found.revision,
                approved: policy.approval().is_some(),
                approval: policy.leave_words(),
                at: &found.at,
                report: &found.report,
            })?,
            Format::Markdown => markdown::show(output, &found),
            Format::Text | Format::Junit | Format::Sarif => text::show(output, &found, &policy),
        }
        Ok(Exit::Status(Status::Pass))
    }
}
