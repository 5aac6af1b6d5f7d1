//! `birth plugin inspect`.

mod text;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;
use birth_core::policy::verdict::Description;

use crate::cli::{Output, PolicyOptions};
use crate::plugin::anatomy::Anatomy;
use crate::plugin::load::Plugin;
use crate::plugin::set::PolicyRuntime;
use crate::run::author::Component;
use crate::run::author::settings::{self, Found};
use crate::run::failure::Failure;

/// Show what a component is: role, version of the boundary, imports, exports,
/// size, what it is made of, hash, builder, and what it says of itself.
///
/// Trusts nothing of the file: it is read without running it, and what it says of
/// itself is asked for in the sandbox. Says everything that is wrong with it;
/// exits 24 where it would be refused, 25 where it misbehaves.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The component.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    policy: PolicyOptions,
}

/// What there is to know of a file.
#[derive(Serialize)]
struct Inspection<'a> {
    ok: bool,
    file: &'a str,
    bytes: usize,
    sha256: Digest,
    /// The role whose world it implements, where it has one.
    role: Option<Role>,
    world: Option<String>,
    /// The version of the boundary in its exports.
    wit: Option<&'a str>,
    anatomy: &'a Anatomy,
    /// Where the policy set pins it.
    pin: Option<Pin>,
    description: Option<Description>,
    settings: Option<Found>,
    problems: Vec<Problem>,
}

/// A place in the policy set that holds this very component.
#[derive(Serialize)]
struct Pin {
    role: Role,
    set: String,
    revision: u32,
    /// Recorded with the approval.
    builder: Option<String>,
}

#[derive(Serialize)]
struct Problem {
    code: &'static str,
    message: String,
    #[serde(skip)]
    class: FailureClass,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            class: failure.class,
        }
    }
}

impl Inspect {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let component = Component::open(&self.file)?;
        let policy = self.policy.open()?;
        let found = inspect(&component, &policy);
        if output.is_json() {
            output.json(&found)?;
        } else {
            text::show(&found, output);
        }
        let worst = found.problems.iter().map(|problem| problem.class);
        // What was refused never ran, so a problem of both kinds is a refusal.
        let worst = worst.min_by_key(|class| Exit::Failure(*class).code());
        Ok(worst.map_or(Exit::Status(Status::Pass), Exit::Failure))
    }
}

fn inspect<'a>(component: &'a Component, policy: &PolicyRuntime) -> Inspection<'a> {
    let mut problems = Vec::new();
    let mut description = None;
    let mut settings = None;
    match component.load() {
        Err(failure) => problems.push(failure.into()),
        Ok(plugin) => {
            description = say(&mut problems, || Ok(plugin.describe()?.clone()));
            settings = say(&mut problems, || known_settings(&plugin));
        }
    }
    // The same trap in every call is one thing to mend.
    problems.dedup_by(|one, other| one.message == other.message);
    let role = component.anatomy.roles().next();
    Inspection {
        ok: problems.is_empty(),
        file: &component.file,
        bytes: component.bytes.len(),
        sha256: component.sha256,
        role: role.map(|(role, _)| role),
        world: role.map(|(role, _)| format!("{role}-plugin")),
        wit: role.map(|(_, version)| version),
        anatomy: &component.anatomy,
        pin: pin(component, policy),
        description,
        settings,
        problems,
    }
}

fn known_settings(plugin: &Plugin) -> Result<Found, Failure> {
    plugin.check_settings(&birth_core::policy::settings::Settings::new())?;
    Ok(settings::find(plugin, std::iter::empty())?)
}

/// What the plugin says, or a problem more.
fn say<T>(problems: &mut Vec<Problem>, ask: impl FnOnce() -> Result<T, Failure>) -> Option<T> {
    match ask() {
        Ok(said) => Some(said),
        Err(failure) => {
            problems.push(failure.into());
            None
        }
    }
}

fn pin(component: &Component, policy: &PolicyRuntime) -> Option<Pin> {
    let set = policy.set();
    let mut pins = set.plugins.iter();
    let (role, _) = pins.find(|(_, pin)| pin.sha256 == component.sha256)?;
    Some(Pin {
        role: *role,
        set: set.name.clone(),
        revision: set.revision,
        builder: policy.builder().map(str::to_owned),
    })
}
