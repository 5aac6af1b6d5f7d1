//! `birth policy diff`.

mod markdown;
mod text;

pub(in crate::cli) use text::show;

use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;
use serde::Serialize;

use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;
use birth_core::policy::diff::Compared;
use birth_core::policy::ledger::Backing;

use crate::cli::facts::{RoleName, wanted};
use crate::cli::options::WaitingOptions;
use crate::cli::plugin::PluginPlaces;
use crate::cli::policies::open_named;
use crate::cli::{DatabaseOptions, Format, Output};
use crate::plugin::set::PolicyRuntime;
use crate::run::Access;
use crate::run::facts::{FactsFile, LiveFacts};
use crate::run::failure::Failure;
use crate::run::policy_diff::{Comparison, Difference, Source, compare};

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The policy set to compare with: a file, or approved:N.
    #[arg(value_name = "OLD")]
    old: String,
    /// The policy set to compare: a file, or approved:N.
    #[arg(value_name = "NEW")]
    new: String,
    /// Take the facts from this file, which `birth facts export` wrote, and not
    /// from a database.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["database", "schema"])]
    facts: Option<PathBuf>,
    /// Compare this role only; may be given more than once [default: every role
    /// that both sets have].
    #[arg(long = "role", value_enum, value_name = "ROLE")]
    roles: Vec<RoleName>,
    #[command(flatten)]
    places: PluginPlaces,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

/// What was compared, as it is shown.
pub(in crate::cli) struct Shown<'a> {
    pub(in crate::cli) difference: &'a Difference,
    /// What stands behind the approval of each; none where it is not approved.
    pub(in crate::cli) old: Option<&'a Backing>,
    pub(in crate::cli) new: Option<&'a Backing>,
}

impl Shown<'_> {
    /// The heading: of the sets the digests tell, this is about what they say.
    fn title(&self) -> &'static str {
        match self.difference.diff.is_same() {
            true => "no verdict is another",
            false => "verdicts differ",
        }
    }
}

/// An approval in words, as everything else calls it.
fn approved(backing: &Backing) -> String {
    format!("approved, {backing}")
}

#[derive(Serialize)]
struct Document<'a> {
    command: &'static str,
    same: bool,
    old_approved: bool,
    new_approved: bool,
    old_backing: Option<&'a Backing>,
    new_backing: Option<&'a Backing>,
    #[serde(flatten)]
    difference: &'a Difference,
}

impl Diff {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let (old, new) = (
            open_named(&self.places, &self.old)?,
            open_named(&self.places, &self.new)?,
        );
        for (name, policy) in [("old", &old), ("new", &new)] {
            warn(name, policy, output);
        }
        let wanted = wanted(&self.roles);
        let comparison = Comparison::new(&old, &new, |role| wanted.contains(&role))?;
        let access;
        let source = match self.facts {
            Some(path) => Source::File(FactsFile::new(path)),
            None => {
                access = Access {
                    connection: self.database.settings()?,
                    timeouts: self.waiting.timeouts(),
                };
                output.progress(&format!("connecting to {}", access.connection.describe()));
                let facts = LiveFacts {
                    profile: Rc::new(self.database.profile(output)?),
                    schema: self.database.schema.clone(),
                    policy: Rc::clone(&new),
                    roles: comparison.roles().collect(),
                };
                Source::Live(&access, facts)
            }
        };
        let tell = |text: &str| output.progress(text);
        let difference = compare(comparison, source, &tell).await?;
        let shown = Shown {
            difference: &difference,
            old: old.standing().backing(),
            new: new.standing().backing(),
        };
        let same = difference.diff.is_same();
        match output.format() {
            Format::Json => output.json(&Document {
                command: "policy diff",
                same,
                old_approved: shown.old.is_some(),
                new_approved: shown.new.is_some(),
                old_backing: shown.old,
                new_backing: shown.new,
                difference: &difference,
            })?,
            Format::Markdown => markdown::show(output, &shown),
            Format::Text | Format::Junit | Format::Sarif => show(output, &shown),
        }
        Ok(match same {
            true => Exit::Status(Status::Pass),
            false => Exit::Failure(FailureClass::Verification),
        })
    }
}

fn warn(name: &str, policy: &PolicyRuntime, output: &Output) {
    if policy.standing().backing().is_none() {
        let revision = policy.revision();
        output.warning(&format!(
            "the {name} policy set, {} revision {} ({}), is NOT APPROVED: it may be compared, and nothing else",
            revision.name, revision.revision, revision.digest
        ));
    }
}

/// What was not asked about, where that is so: nothing changed there is no answer.
fn not_asked(role: Role, difference: &Difference) -> Option<&'static str> {
    let compared = difference.diff.roles.get(&role).map(|of| of.compared);
    let is_asked = compared != Some(Compared::Identical);
    let none = is_asked && role == Role::Conflict && difference.birth_triggers == Some(0);
    none.then_some(
        "no birth trigger was asked about: the facts have none, as of a database without the birth function",
    )
}

/// The heading of a role: how much of it changed.
fn headline(role: Role, of: &birth_core::policy::diff::RoleDiff) -> String {
    let subjects = match role {
        Role::Conflict => "objects",
        Role::Classification | Role::Coverage => "collections",
    };
    if of.compared == Compared::Identical {
        return format!(
            "the same component with the same settings: {} {subjects} need not be asked about",
            of.subjects
        );
    }
    format!(
        "{} {subjects}: {} get another verdict, {} the same verdict for other reasons",
        of.subjects, of.verdicts_changed, of.reasons_changed
    )
}
