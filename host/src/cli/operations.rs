//! The operations, and how each is made from options.

use std::path::PathBuf;
use std::rc::Rc;

use clap::{Args, ValueEnum};

use birth_core::op::decide::request::Requests;
use birth_core::outcome::FailureClass;
use birth_core::profile::Profile;

use super::DatabaseOptions;
use crate::kb::Store;
use crate::plugin::set::PolicyRuntime;
use crate::run::classify::{ApprovedReport, approved_report, approved_report_at};
use crate::run::coverage::Coverage;
use crate::run::decide::Decide;
use crate::run::failure::Failure;
use crate::run::gate::Gate;
use crate::run::storage::Storage;
use crate::run::triggers::Triggers;

/// The operations there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OperationName {
    /// Policy storage (B3-P): six columns and their checks on the registry.
    Storage,
    /// Birth triggers (B3-A): on every collection that is approved, required
    /// and mapped to a species.
    Triggers,
    /// Onboarding gate (B3-F): a queue, a function and two triggers on the
    /// registry that record new collections and changed governance roles.
    Gate,
}

/// Which operation a command is about.
#[derive(Debug, Args)]
pub(super) struct OperationArgument {
    /// Exactly one: each operation is an execution of its own.
    #[arg(value_enum, value_name = "OPERATION", required = true)]
    named: Vec<OperationName>,
}

impl OperationArgument {
    /// The first that was named: whose final response closes the command, also
    /// where [`OperationArgument::only`] refuses it.
    pub(super) fn first(&self) -> OperationName {
        // clap demands one.
        self.named
            .first()
            .copied()
            .unwrap_or(OperationName::Storage)
    }

    /// The one that was named.
    pub(super) fn only(&self) -> Result<OperationName, Failure> {
        if self.named.len() < 2 {
            return Ok(self.first());
        }
        let refused = Failure::new(
            FailureClass::Configuration,
            "ONE_OPERATION_PER_RUN",
            "several operations were named, and each is an execution of its own: birth triggers (B3-A) and the gate (B3-F) must never be one (B3 design, section 1)",
        );
        Err(refused.with_hint("run the command once for each, one after the other"))
    }
}

/// What only birth triggers take.
#[derive(Debug, Args)]
#[command(next_help_heading = "Birth triggers")]
pub(super) struct TriggersOptions {
    /// At most this many triggers and issues in one transaction, each with its
    /// own rollback keys. For estates with more tables than the server has
    /// locks for.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: Option<u32>,
    #[command(flatten)]
    report: ReportOptions,
}

/// Which list was approved.
#[derive(Debug, Args)]
#[command(next_help_heading = "Birth triggers")]
pub(super) struct ReportOptions {
    /// The approved classification report. Without it, the one that `birth
    /// classify approve` put into the knowledge base.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl TriggersOptions {
    /// Refuses the options where they mean nothing.
    pub(super) fn check(&self, operation: OperationName) -> Result<(), Failure> {
        check_given("--batch-size", self.batch_size.is_some(), operation)?;
        self.report.check(operation)
    }

    /// Statements of one transaction at most.
    pub(super) fn batch_size(&self) -> Option<usize> {
        self.batch_size.map(|size| size as usize)
    }

    /// The approved report.
    pub(super) fn approved(&self, store: &Store) -> Result<Rc<ApprovedReport>, Failure> {
        self.report.approved(store)
    }
}

impl ReportOptions {
    /// Refuses the option where it means nothing.
    pub(super) fn check(&self, operation: OperationName) -> Result<(), Failure> {
        check_given("--report", self.report.is_some(), operation)
    }

    /// The approved report.
    pub(super) fn approved(&self, store: &Store) -> Result<Rc<ApprovedReport>, Failure> {
        let report = match &self.report {
            Some(path) => approved_report_at(path)?,
            None => approved_report(store)?,
        };
        Ok(Rc::new(report))
    }
}

fn check_given(option: &str, given: bool, operation: OperationName) -> Result<(), Failure> {
    if !given || operation == OperationName::Triggers {
        return Ok(());
    }
    Err(Failure::new(
        FailureClass::Configuration,
        "OPTION_NOT_OF_OPERATION",
        format!("{option} is for birth triggers only"),
    ))
}

/// Policy storage.
pub(super) fn storage(
    database: &DatabaseOptions,
    profile: Profile,
    policy: &Rc<PolicyRuntime>,
) -> Storage {
    Storage {
        profile,
        schema: database.schema.clone(),
        policy: Rc::clone(policy),
    }
}

/// Decisions; without requests for a run that is only looked at.
pub(super) fn decide(
    database: &DatabaseOptions,
    profile: Profile,
    policy: &Rc<PolicyRuntime>,
    requests: Option<Requests>,
) -> Decide {
    Decide {
        coverage: Coverage {
            profile: Rc::new(profile),
            schema: database.schema.clone(),
            policy: Rc::clone(policy),
        },
        requests,
    }
}

/// Birth triggers; without a report for a run that is only looked at.
pub(super) fn triggers(
    database: &DatabaseOptions,
    profile: Profile,
    policy: &Rc<PolicyRuntime>,
    approved: Option<Rc<ApprovedReport>>,
    batch_size: Option<usize>,
) -> Triggers {
    Triggers {
        profile,
        schema: database.schema.clone(),
        policy: Rc::clone(policy),
        approved,
        batch_size,
    }
}

/// The onboarding gate.
pub(super) fn gate(database: &DatabaseOptions, profile: Profile) -> Gate {
    Gate {
        profile,
        schema: database.schema.clone(),
    }
}
