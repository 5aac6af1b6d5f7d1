//! `birth facts stat`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use birth_core::facts::describe::kind;
use birth_core::outcome::{Exit, Status};
use birth_core::policy::Role;

use crate::cli::Output;
use crate::cli::output::{BOLD, DIM, one_line, plain, styled};
use crate::plugin::call::Batch;
use crate::run::facts::{FactsEnd, FactsFile, FactsHead, Sink};
use crate::run::failure::Failure;
use crate::run::replay::Question;

/// Governance roles that are named; of the others it is said how many.
const ROLES: usize = 10;

/// What is in the facts of a role.
#[derive(Debug, Default, Serialize)]
struct Content {
    /// Subjects by governance role; the empty one has none.
    governance_roles: BTreeMap<String, u64>,
    /// Subjects by what their keys stand for.
    kinds: BTreeMap<&'static str, u64>,
    /// Things of their tables, by what they are.
    items: BTreeMap<&'static str, u64>,
    /// Bytes of texts, each once in a batch.
    text_bytes: u64,
}

#[derive(Debug, Default)]
struct Contents(BTreeMap<Role, Content>);

impl Sink for Contents {
    fn head(&mut self, _head: &FactsHead, _line: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn batch(&mut self, question: Question, _line: &[u8]) -> Result<(), Failure> {
        let content = self.0.entry(question.role()).or_default();
        content.text_bytes += Batch::from(&question).text().heap().len() as u64;
        let kinds = match &question {
            Question::Classification(facts) => {
                for (name, count) in [
                    ("columns", facts.columns.name.len()),
                    ("indexes", facts.indexes.name.len()),
                    ("foreign keys", facts.foreign_keys.name.len()),
                    ("checks", facts.checks.name.len()),
                    ("triggers", facts.triggers.name.len()),
                ] {
                    *content.items.entry(name).or_default() += count as u64;
                }
                &facts.collections.kind
            }
            Question::Coverage(facts) => {
                *content.items.entry("triggers").or_default() += facts.triggers.name.len() as u64;
                &facts.collections.kind
            }
            Question::Conflict(facts) => {
                for (name, count) in [
                    ("columns", facts.columns.name.len()),
                    ("checks", facts.checks.name.len()),
                    ("triggers", facts.triggers.name.len()),
                ] {
                    *content.items.entry(name).or_default() += count as u64;
                }
                return Ok(());
            }
        };
        for number in kinds {
            *content.kinds.entry(kind(*number)).or_default() += 1;
        }
        for index in 0.. {
            let Some(subject) = question.subject(index) else {
                break;
            };
            let role = subject.role.unwrap_or_default().to_owned();
            *content.governance_roles.entry(role).or_default() += 1;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Document<'a> {
    file: &'a Path,
    bytes: u64,
    #[serde(flatten)]
    head: &'a FactsHead,
    #[serde(flatten)]
    end: &'a FactsEnd,
    contents: &'a BTreeMap<Role, Content>,
}

pub(super) fn stat(file: PathBuf, output: &Output) -> Result<Exit, Failure> {
    let file = FactsFile::new(file);
    let mut contents = Contents::default();
    let (head, end) = file.read(&mut contents)?;
    let bytes = std::fs::metadata(file.path()).map_or(0, |meta| meta.len());
    if output.is_json() {
        output.json(&Document {
            file: file.path(),
            bytes,
            head: &head,
            end: &end,
            contents: &contents.0,
        })?;
        return Ok(Exit::Status(Status::Pass));
    }
    output.text(styled(BOLD, plain(&file.path().display().to_string())));
    output.text(format!("  bytes     {bytes}"));
    counts(output, &head, &end);
    for (role, content) in &contents.0 {
        output.text(format!("  {role}"));
        let named = |counts: &BTreeMap<&'static str, u64>| -> Vec<String> {
            counts
                .iter()
                .map(|(name, n)| format!("{name} {n}"))
                .collect()
        };
        let mut roles: Vec<String> = content
            .governance_roles
            .iter()
            .take(ROLES)
            .map(|(role, n)| match role.as_str() {
                "" => format!("no role {n}"),
                role => format!("{} {n}", one_line(&format!("{role:?}"))),
            })
            .collect();
        if let Some(more) = content.governance_roles.len().checked_sub(ROLES + 1) {
            roles.push(format!("{} more roles", more + 1));
        }
        for (name, parts) in [
            ("kinds", named(&content.kinds)),
            ("roles", roles),
            ("things", named(&content.items)),
        ] {
            if !parts.is_empty() {
                output.text(format!("    {name:<7} {}", parts.join(", ")));
            }
        }
        output.text(format!("    texts   {} bytes", content.text_bytes));
    }
    Ok(Exit::Status(Status::Pass))
}

/// Where facts are from, and how many there are.
pub(super) fn counts(output: &Output, head: &FactsHead, end: &FactsEnd) {
    let names = match head.pseudonyms {
        true => styled(DIM, "  (names are pseudonyms)"),
        false => String::new(),
    };
    output.text(format!(
        "  database  {} on PostgreSQL {}{names}",
        plain(&head.database.database),
        plain(&head.server)
    ));
    output.text(format!("  registry  {}", plain(&head.registry)));
    output.text(format!("  read at   {}", plain(&head.read_at)));
    for (role, subjects) in &end.subjects {
        let what = match role {
            Role::Conflict => "objects",
            Role::Classification | Role::Coverage => "collections",
        };
        output.text(format!("  {:<14}  {subjects} {what}", role.name()));
    }
    if end.rows_without_key > 0 || end.duplicate_keys > 0 {
        output.text(format!(
            "  left out  {} rows without a key, {} keys that are registered twice",
            end.rows_without_key, end.duplicate_keys
        ));
    }
    output.text(format!("  digest    {}", end.digest));
}
