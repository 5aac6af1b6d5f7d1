//! How collections, decisions and reasons are shown.

use std::collections::BTreeMap;

use serde::Serialize;

use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::policy::artifact::{Approval, Artifact, Entry};
use birth_core::policy::coverage::{CoverageStatus, ScopeStatus};
use birth_core::policy::verdict::Reason;

use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARN, plain, severity, styled};
use crate::run::classify::{Classification, Classifier};

/// Items of a list that a person reads; machines get all of them.
pub(super) const SHOWN: usize = 20;

/// Roles that a line of counts names.
const ROLES: usize = 6;

/// A collection's key: quoted, so that its ends and what cannot be seen show.
pub(super) fn key(key: &str) -> String {
    plain(&format!("{key:?}"))
}

pub(super) fn status(status: CoverageStatus) -> String {
    let style = match status {
        CoverageStatus::Required => GOOD,
        CoverageStatus::Deferred => WARN,
        _ => BOLD,
    };
    styled(style, status)
}

/// A decision.
pub(super) fn decision(of: (CoverageStatus, ScopeStatus)) -> String {
    format!("{}, {}", status(of.0), of.1)
}

/// One line per reason.
pub(super) fn reasons(output: &Output, indent: &str, reasons: &[Reason]) {
    for reason in reasons {
        let weight = match reason.weight {
            0 => String::new(),
            weight => format!(" ({weight:+})"),
        };
        output.text(format!(
            "{indent}{}: {}{weight} {}",
            severity(reason.severity),
            plain(&reason.message).replace('\n', "\\n"),
            styled(DIM, format!("[{}]", plain(&reason.code)))
        ));
    }
}

/// Shows the first items of a list, and says how many are left out.
pub(super) fn first<T>(output: &Output, items: &[T], show: impl Fn(&T)) {
    items.iter().take(SHOWN).for_each(show);
    if let Some(more) = items.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        output.text(format!("  … and {more} more (--format json has all)"));
    }
}

/// `1 collection`, `2 collections`.
pub(super) fn collections(count: usize) -> String {
    match count {
        1 => "1 collection".to_owned(),
        count => format!("{count} collections"),
    }
}

/// What deserves a look whatever the command is about.
pub(super) fn warn(output: &Output, classifier: &Classifier, classified: &Classification) {
    if let Err(refusal) = classifier.policy.standing().leave() {
        let revision = classifier.policy.revision();
        output.warning(&format!(
            "the policy revision {} of {} ({}) is NOT APPROVED: it may classify, but what it says cannot be approved: {refusal}",
            revision.revision, revision.name, revision.digest
        ));
    }
    let estate = &classified.estate;
    let registry = &classified.names.registry.relation.name;
    match estate.rows_without_key {
        0 => {}
        1 => output.warning(&format!("1 row of {registry} has no key and is left out")),
        rows => output.warning(&format!(
            "{rows} rows of {registry} have no key and are left out"
        )),
    }
    let twice = &estate.duplicate_keys;
    if !twice.is_empty() {
        let some: Vec<String> = twice.iter().take(5).map(|k| format!("{k:?}")).collect();
        let more = if twice.len() > 5 { ", …" } else { "" };
        output.warning(&format!(
            "{} of {registry} left out, because more than one row has the key: {}{more}",
            match twice.len() {
                1 => "1 key is".to_owned(),
                n => format!("{n} keys are"),
            },
            some.join(", ")
        ));
    }
}

/// The head of a result: what was classified and by whom.
pub(super) fn header(output: &Output, classifier: &Classifier, classified: &Classification) {
    let (server, names) = (&classified.server, &classified.names);
    let revision = classifier.policy.revision();
    let approval = match classifier.policy.standing().leave() {
        Ok(leave) => plain(&leave.to_string()),
        Err(_) => styled(BAD, "NOT APPROVED"),
    };
    output.text(styled(
        BOLD,
        format!(
            "Classification of {}: {}",
            plain(&names.registry.relation.name.to_string()),
            collections(classified.artifact.entries().len())
        ),
    ));
    output.text(format!(
        "  database  {} on PostgreSQL {}, role {}",
        plain(&server.database.database),
        server.version,
        plain(&server.role)
    ));
    output.text(format!(
        "  registry  {}",
        styled(
            DIM,
            plain(&format!(
                "{}; key column {}, role column {}",
                names.registry.why, names.key.column, names.role.column
            ))
        )
    ));
    output.text(format!(
        "  policy    {} revision {}, digest {}, {approval}\n",
        plain(&revision.name),
        revision.revision,
        revision.digest.short()
    ));
}

/// How many collections have each status, by governance role.
pub(super) fn counts(output: &Output, entries: &[Entry]) {
    for of in CoverageStatus::ALL {
        let mut roles: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for entry in entries.iter().filter(|e| e.status == of) {
            *roles.entry(entry.role.as_deref()).or_default() += 1;
        }
        let total: usize = roles.values().sum();
        let named = roles.iter().take(ROLES).map(|(role, count)| match role {
            Some(role) => format!("{} {count}", plain(&format!("{role:?}"))),
            None => format!("no role {count}"),
        });
        let mut named: Vec<String> = named.collect();
        if roles.len() > ROLES {
            named.push(format!("{} more roles", roles.len() - ROLES));
        }
        let by_role = if named.is_empty() {
            String::new()
        } else {
            format!("  {}", styled(DIM, named.join(", ")))
        };
        output.text(format!("  {} {total:>6}{by_role}", status_padded(of)));
    }
}

fn status_padded(of: CoverageStatus) -> String {
    let padding = " ".repeat(22_usize.saturating_sub(of.word().len()));
    format!("{}{padding}", status(of))
}

/// How many collections have each status, for machines.
pub(super) fn counted(artifact: &Artifact) -> BTreeMap<&'static str, usize> {
    let count = |status: CoverageStatus| (status.word(), artifact.count(status));
    CoverageStatus::ALL.map(count).into_iter().collect()
}

/// A report, for machines.
#[derive(Debug, Serialize)]
pub(super) struct ReportDocument<'a> {
    database: &'a DatabaseIdentity,
    revision: &'a Revision,
    made_at: &'a str,
    content_hash: String,
    collections: usize,
    counts: BTreeMap<&'static str, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a Approval>,
}

impl<'a> From<&'a Artifact> for ReportDocument<'a> {
    fn from(artifact: &'a Artifact) -> Self {
        Self {
            database: artifact.database(),
            revision: artifact.revision(),
            made_at: artifact.made_at(),
            content_hash: artifact.content().to_string(),
            collections: artifact.entries().len(),
            counts: counted(artifact),
            approval: artifact.approval(),
        }
    }
}
