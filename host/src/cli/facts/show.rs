//! `birth facts show`.

use std::path::PathBuf;

use serde_json::{Value, json};

use birth_core::outcome::{Exit, FailureClass, Status};

use crate::cli::Output;
use crate::cli::output::{BOLD, DIM, one_line, styled};
use crate::run::facts::{FactsFile, FactsHead, Sink};
use crate::run::failure::Failure;
use crate::run::replay::Question;

/// Subjects, as one line or as everything that is said of them.
struct Subjects {
    wanted: Option<String>,
    found: Vec<Value>,
}

impl Sink for Subjects {
    fn head(&mut self, _head: &FactsHead, _line: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn batch(&mut self, question: Question, _line: &[u8]) -> Result<(), Failure> {
        let role = question.role();
        for index in 0.. {
            let Some(subject) = question.subject(index) else {
                break;
            };
            match &self.wanted {
                None => self.found.push(json!({
                    "role": role,
                    "subject": subject.kind,
                    "key": subject.key,
                    "governance_role": subject.role,
                })),
                Some(wanted) if wanted == subject.key => self.found.push(json!({
                    "role": role,
                    "subject": subject.kind,
                    "facts": question.describe(index),
                })),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

pub(super) fn show(
    file: PathBuf,
    collection: Option<String>,
    output: &Output,
) -> Result<Exit, Failure> {
    let file = FactsFile::new(file);
    let mut subjects = Subjects {
        wanted: collection,
        found: Vec::new(),
    };
    // Nothing is shown of a file that turns out to be damaged.
    file.read(&mut subjects)?;
    if let (Some(wanted), []) = (&subjects.wanted, &*subjects.found) {
        return Err(Failure::new(
            FailureClass::Configuration,
            "NO_SUCH_COLLECTION",
            format!("{} says nothing of {wanted:?}", file.path().display()),
        )
        .with_hint("`birth facts show FILE` lists every key"));
    }
    if output.is_json() {
        output.json(&subjects.found)?;
        return Ok(Exit::Status(Status::Pass));
    }
    for found in &subjects.found {
        let word = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default();
        match found.get("facts") {
            None => {
                let role = match found.get("governance_role").and_then(Value::as_str) {
                    Some(role) => one_line(&format!("{role:?}")),
                    None => String::new(),
                };
                let key = one_line(&format!("{:?}", word("key")));
                let line = format!("{:<14}  {key}  {}", word("role"), styled(DIM, role));
                output.text(line.trim_end());
            }
            Some(facts) => {
                output.text(styled(BOLD, word("role")));
                tree(output, "  ", facts);
            }
        }
    }
    Ok(Exit::Status(Status::Pass))
}

/// A value with what is below it indented. What is absent or empty is left out.
fn tree(output: &Output, indent: &str, value: &Value) {
    let Value::Object(fields) = value else {
        return;
    };
    for (name, value) in fields {
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Array(items) if items.iter().any(Value::is_object) => {
                output.text(format!("{indent}{name}"));
                for item in items {
                    output.text(format!("{indent}  {}", line(item)));
                }
            }
            value => output.text(format!("{indent}{name:<20}  {}", shown(value))),
        }
    }
}

/// An item on one line: its name first.
fn line(item: &Value) -> String {
    let Value::Object(fields) = item else {
        return shown(item);
    };
    let mut parts: Vec<String> = fields.get("name").map(shown).into_iter().collect();
    for (name, value) in fields {
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if name != "name" && !is_empty {
            parts.push(format!("{name} {}", shown(value)));
        }
    }
    parts.join("; ")
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => one_line(&format!("{text:?}")),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Null => "(expression)".to_owned(),
        other => one_line(&other.to_string()),
    }
}
