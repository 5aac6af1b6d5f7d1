//! `birth decide`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use birth_core::op::decide::request::{Request, RequestError, Requests};
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::coverage::{CoverageStatus, ScopeStatus};

use super::operations::decide;
use super::options::read_named;
use super::{DatabaseOptions, Output, PolicyOptions, RunOptions};
use crate::run::carry_out::{self, Closed};
use crate::run::decide::Decide as Decisions;
use crate::run::failure::Failure;
use crate::run::operation::Operation as _;

/// Record what people decide about the coverage of collections.
///
/// Writes the six policy columns of the collections' rows in the registry, all
/// in one transaction: status, scope, reason, owner, time and who decided. A
/// decision is whole: what does not belong to its status becomes NULL; only the
/// scope stays as it is where none is given. The coverage policy judges each
/// decision first; where it has something against one, nothing is written.
///
/// Nothing is executed unless it was asked for: with --plan, with --yes, or by
/// typing "yes" at the prompt. `birth rollback RUN` restores exactly what was
/// there before. Closes with a final response.
#[derive(Debug, Args)]
pub(super) struct Decide {
    /// The collection's key, letter for letter.
    #[arg(required_unless_present_any = ["from", "plan"], conflicts_with_all = ["from", "plan"], requires = "status")]
    collection: Option<String>,
    /// What coverage it needs: BIRTH_REQUIRED, BIRTH_EXEMPT_JUNCTION,
    /// BIRTH_EXEMPT_LOG, BIRTH_EXEMPT_CACHE or BIRTH_DEFERRED.
    #[arg(long, requires = "collection", value_parser = status)]
    status: Option<CoverageStatus>,
    /// Whether it is in scope: IN_SCOPE, USER_EXCLUDED, FUTURE_SCOPE,
    /// ORPHAN_REGISTRY or SYSTEM_MANAGED. Without it, the stored scope, else
    /// IN_SCOPE.
    #[arg(long, requires = "collection", value_parser = scope)]
    scope: Option<ScopeStatus>,
    /// Why it is exempt: every exempt status needs a reason.
    #[arg(long, value_name = "TEXT", requires = "collection")]
    reason: Option<String>,
    /// Who decides later, for BIRTH_DEFERRED.
    #[arg(long, value_name = "WHO", requires = "collection")]
    owner: Option<String>,
    /// Decisions in a TOML file, or from stdin where it is "-": `format = 1`,
    /// and for each a `[[decision]]` with collection, status, scope, reason and
    /// owner.
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    from: Option<PathBuf>,
    /// Execute exactly this saved plan, or stop with the differences.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "by", "out"])]
    plan: Option<PathBuf>,
    /// Save the plan and execute nothing; `birth decide --plan FILE` executes
    /// exactly this one.
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    out: Option<PathBuf>,
    /// Who decides. Without it, the user of the operating system.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Plan and execute without asking.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    run: RunOptions,
}

fn status(word: &str) -> Result<CoverageStatus, String> {
    CoverageStatus::from_word(word)
        .ok_or_else(|| format!("one of {}", CoverageStatus::WORDS.join(", ")))
}

fn scope(word: &str) -> Result<ScopeStatus, String> {
    ScopeStatus::from_word(word).ok_or_else(|| format!("one of {}", ScopeStatus::WORDS.join(", ")))
}

impl Decide {
    /// Whatever stops it, the command closes with a final response, unless a
    /// plan is only to be saved.
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        if let Some(out) = &self.out {
            return self.look(output, out).await;
        }
        let closed = self
            .decide(output)
            .await
            .unwrap_or_else(|failure| Some(carry_out::not_begun::<Decisions>(failure)));
        let Some(closed) = closed else {
            return Ok(Exit::Status(Status::Pass));
        };
        output.closed(&closed)?;
        Ok(closed.exit)
    }

    async fn look(&self, output: &Output, out: &Path) -> Result<Exit, Failure> {
        let policy = self.policy.open()?;
        let access = self.run.environment(self.database.settings()?)?.access;
        let profile = self.database.profile(output)?;
        let operation = decide(&self.database, profile, &policy, Some(self.requests()?));
        let execute = "birth decide --plan";
        super::plan::look(output, &access, operation, &policy, Some(out), execute).await
    }

    /// `None` where nothing was asked for.
    async fn decide(&self, output: &Output) -> Result<Option<Closed>, Failure> {
        let policy = self.policy.open()?;
        policy.ensure_approved()?;
        let environment = self.run.environment(self.database.settings()?)?;
        let profile = self.database.profile(output)?;
        let operation = |requests: &Requests| {
            let requests = Some(requests.clone());
            decide(&self.database, profile.clone(), &policy, requests)
        };
        let (requests, agreed) = if let Some(path) = &self.plan {
            let plan = Decisions::read_plan_file(&read_named(path, "the plan")?)?;
            (plan.requests.clone(), Some(plan))
        } else if self.yes {
            (self.requests()?, None)
        } else {
            let (requests, access) = (self.requests()?, &environment.access);
            let shown = operation(&requests);
            match super::apply::confirm(output, access, shown, &policy).await? {
                Some(plan) => (requests, Some(plan)),
                None => return Ok(None),
            }
        };
        let tell = |text: &str| output.progress(text);
        let operation = operation(&requests);
        let closed = carry_out::carry_out(&environment, operation, agreed, None, &tell).await;
        Ok(Some(closed))
    }

    fn requests(&self) -> Result<Requests, Failure> {
        let by = match &self.by {
            Some(by) => by.clone(),
            None => whoami::username().map_err(|error| {
                Failure::new(
                    FailureClass::Configuration,
                    "NO_USER",
                    format!("the operating system does not say who decides: {error}"),
                )
                .with_hint("name who decides with --by")
            })?,
        };
        let refused = |error: RequestError, file: Option<&Path>| {
            let place = file.map_or_else(String::new, |path| format!("{}: ", path.display()));
            Failure::new(
                FailureClass::Configuration,
                "DECISIONS_NOT_USABLE",
                format!("{place}{error}"),
            )
        };
        if let Some(path) = &self.from {
            let text = if path == Path::new("-") {
                from_stdin()?
            } else {
                read_named(path, "the file of decisions")?
            };
            return Requests::from_toml(&text, by).map_err(|error| refused(error, Some(path)));
        }
        let one = self.collection.clone().zip(self.status);
        let one = one.map(|(collection, status)| Request {
            collection,
            status,
            scope: self.scope,
            reason: self.reason.clone(),
            owner: self.owner.clone(),
        });
        Requests::new(by, one.into_iter().collect()).map_err(|error| refused(error, None))
    }
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "FILE_NOT_READABLE",
            format!("the decisions cannot be read from stdin: {error}"),
        )
    })?;
    Ok(text)
}
