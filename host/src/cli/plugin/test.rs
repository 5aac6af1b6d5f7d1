//! `birth plugin test`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::kit::cases::Mark;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;

use super::source::Source;
use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARN, one_line, styled};
use crate::files::{open_parent, replace_shared};
use crate::run::author::cases::{self, CaseFile, Tried};
use crate::run::author::kit::{self, Checked, Outcome};
use crate::run::failure::Failure;

/// Test a plugin: the conformance kit of its role, and its own cases.
///
/// The kit asks about a corpus of facts and demands what any plugin of the role
/// must keep to: each subject answered once, whatever the order and the batches,
/// the same bytes twice, settings refused by name, hostile texts survived. Exits
/// 25 where it fails. The cases say what the rules are: facts, what is expected,
/// and why. Exits 30 where one is answered otherwise. The kit asks without settings
/// and with those of each case.
#[derive(Debug, Args)]
pub(super) struct Test {
    #[command(flatten)]
    source: Source,
    /// Cases to try. Without it, tests/cases.json of the crate's directory; a
    /// component's file has none.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// Write what came as what is expected, into the file of cases. Look at the
    /// difference before you commit it.
    #[arg(long)]
    accept: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    file: &'a str,
    role: Role,
    sha256: Digest,
    kit: &'a [Checked],
    #[serde(skip_serializing_if = "Option::is_none")]
    cases: Option<Cases<'a>>,
}

#[derive(Serialize)]
struct Cases<'a> {
    file: &'a Path,
    cases: usize,
    passed: usize,
    accepted: usize,
    /// The others.
    failed: Vec<&'a Tried>,
}

impl Test {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let component = self.source.component(output)?;
        let role = component.role()?;
        let file = self.source.cases(role, self.cases.as_deref())?;
        if self.accept && file.is_none() {
            return Err(nothing_to_accept());
        }
        if let Some(file) = file.as_ref().filter(|file| file.cases.is_empty()) {
            return Err(no_cases(&format!("{} has no case", file.path.display())));
        }
        let settings = file.as_ref().map(CaseFile::settings).unwrap_or_default();
        let kit = kit::check(&component, &settings)?;
        let is_sound = kit.iter().all(|c| c.outcome == Outcome::Passed);
        let plugin = component.load()?;
        let tried = file.as_ref().map(|file| file.run(&plugin));
        let tried = tried.unwrap_or_default();
        let accepted = match &file {
            // What comes from a plugin that fails the kit may come otherwise next time.
            Some(file) if self.accept && is_sound => accept(file, &tried)?,
            _ => 0,
        };
        let (exit, passed) = exit(&kit, &tried, self.accept);
        if output.is_json() {
            output.json(&Report {
                ok: exit == Exit::Status(Status::Pass),
                file: &component.file,
                role,
                sha256: component.sha256,
                kit: &kit,
                cases: file.as_ref().map(|file| Cases {
                    file: &file.path,
                    cases: tried.len(),
                    passed,
                    accepted,
                    failed: tried.iter().filter(|t| !is_passed(t)).collect(),
                }),
            })?;
            return Ok(exit);
        }
        let file_name = one_line(&component.file);
        output.text(styled(BOLD, format!("{role} plugin {file_name}")));
        output.text(format!("  sha256 {}", component.sha256));
        output.text("Conformance kit");
        kit.iter().for_each(|checked| show_checked(checked, output));
        let Some(file) = file else {
            output.text("No cases: --cases FILE names some, and the directory of a crate has them in tests/cases.json");
            return Ok(exit);
        };
        output.text(format!(
            "Cases in {}: {passed} of {} as expected",
            one_line(&file.path.display().to_string()),
            tried.len()
        ));
        let is_accepted = self.accept && is_sound;
        for tried in &tried {
            show_case(tried, is_accepted, output);
        }
        if self.accept && !is_sound {
            output.text("Nothing is accepted from a plugin that fails the kit");
        } else if self.accept {
            output.text(format!(
                "{accepted} cases accepted: look at the difference before you commit it"
            ));
        } else if tried.iter().any(is_different) {
            output.text("Where what came is right: `--accept` writes it as what is expected");
        }
        Ok(exit)
    }
}

fn nothing_to_accept() -> Failure {
    no_cases("there is no file of cases to accept answers into")
}

fn no_cases(what: &str) -> Failure {
    Failure::new(FailureClass::Configuration, "NO_CASES", what)
        .with_hint("name a file of cases by --cases FILE, or the directory of a crate with tests/cases.json; of a component's file alone the kit is tried")
}

/// How the command ends, and how many cases were as expected.
fn exit(kit: &[Checked], tried: &[Tried], accept: bool) -> (Exit, usize) {
    let passed = tried.iter().filter(|tried| is_passed(tried)).count();
    let is_right = |tried: &Tried| is_passed(tried) || (accept && is_different(tried));
    let exit = if kit.iter().any(|checked| checked.outcome != Outcome::Passed) {
        Exit::Failure(FailureClass::Plugin)
    } else if !tried.iter().all(is_right) {
        Exit::Failure(FailureClass::Verification)
    } else {
        Exit::Status(Status::Pass)
    };
    (exit, passed)
}

fn is_passed(tried: &Tried) -> bool {
    matches!(tried.outcome, cases::Outcome::Passed)
}

fn is_different(tried: &Tried) -> bool {
    matches!(tried.outcome, cases::Outcome::Differs { .. })
}

/// Writes the file anew, with the rights it had.
fn accept(file: &CaseFile, tried: &[Tried]) -> Result<usize, Failure> {
    let (text, changed) = file.accepting(tried)?;
    if changed == 0 {
        return Ok(0);
    }
    let written =
        open_parent(&file.path).and_then(|(dir, name)| replace_shared(&dir, name, text.as_bytes()));
    written.map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "CASES_NOT_WRITTEN",
            format!(
                "the cases {} cannot be written: {error}",
                file.path.display()
            ),
        )
    })?;
    Ok(changed)
}

fn show_checked(checked: &Checked, output: &Output) {
    let mark = match checked.outcome {
        Outcome::Passed => styled(GOOD, "ok     "),
        Outcome::Failed => styled(BAD, "FAILED "),
        Outcome::NotRun => styled(DIM, "not run"),
    };
    let (name, detail) = (checked.property.name(), one_line(&checked.detail));
    output.text(format!("  {mark}  {name:<16} {detail}").trim_end());
}

fn show_case(tried: &Tried, is_accepted: bool, output: &Output) {
    if is_passed(tried) {
        return;
    }
    let mark = match is_accepted && is_different(tried) {
        true => styled(WARN, "changed"),
        false => styled(BAD, "FAILED "),
    };
    output.text(format!("  {mark}  {}", one_line(&tried.name)));
    output.text(format!("           {}", styled(DIM, one_line(&tried.why))));
    match &tried.outcome {
        cases::Outcome::Passed => {}
        cases::Outcome::Stopped { code, message } => {
            let message = one_line(message);
            output.text(format!("           {} [{code}]", styled(WARN, message)));
        }
        cases::Outcome::Differs { differences } => {
            for difference in differences {
                output.text(format!("           {}", one_line(&difference.subject)));
                for line in &difference.lines {
                    let text = one_line(&line.text);
                    let line = match line.mark {
                        Mark::Same => styled(DIM, format!("  {text}")),
                        Mark::Expected => styled(BAD, format!("- {text}")),
                        Mark::Found => styled(GOOD, format!("+ {text}")),
                    };
                    output.text(format!("           {line}"));
                }
            }
        }
    }
}
