//! The report as SARIF 2.1.0, for code scanning: a run for each target.
//!
//! (OASIS, "Static Analysis Results Interchange Format Version 2.1.0"; numbers
//! below are its sections.)
//!
//! A gap has no file. It is located by its collection and its table as logical
//! locations (§3.33). Code scanning of GitHub takes no result without a physical
//! location, though, so each has a URI of our own making besides: what is
//! looked at, as a path that nobody will find in a repository.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use birth_core::coverage::{Gap, Standing, SweepSummary};
use birth_core::op::report::one_line;

use super::json_stream::{Array, object};
use super::report::{Report, gaps, standing, subject};
use crate::cli::ci::sarif::{head, notification, percent_encoded, rule, tool};
use crate::run::failure::Failure;
use crate::run::fleet::Swept;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    object(out, &head(), "runs", |runs| {
        report.targets.iter().try_for_each(|swept| run(swept, runs))
    })?;
    writeln!(out)
}

fn run(swept: &Swept, runs: &mut Array<'_>) -> io::Result<()> {
    let summary = match &swept.result {
        Ok(summary) => summary,
        // Without `results`: nothing was looked at, which an empty list would
        // deny (§3.14.23).
        Err(failure) => return runs.push(&failed_run(&swept.name, failure)),
    };
    let codes: Vec<&str> = summary.conditions.keys().map(String::as_str).collect();
    let head = swept_run(&swept.name, &codes, summary);
    object(runs.next()?, &head, "results", |results| {
        gaps(&swept.gaps).try_for_each(|gap| {
            results.push(&result(&swept.name, &codes, &summary.registry, &gap?))
        })
    })
}

/// Tells the runs of several targets apart (§3.17.3).
fn automation(target: &str) -> Value {
    json!({ "id": format!("birth/sweep/{target}/") })
}

fn failed_run(target: &str, failure: &Failure) -> Value {
    let mut text = one_line(&failure.message);
    if let Some(hint) = &failure.hint {
        // Writing to a String cannot fail.
        let _ = write!(text, "; next: {}", one_line(hint));
    }
    json!({
        "tool": tool(vec![]),
        "automationDetails": automation(target),
        "invocations": [{
            "executionSuccessful": false,
            "toolExecutionNotifications": [notification("error", failure.code, text)],
        }],
    })
}

fn swept_run(target: &str, codes: &[&str], summary: &SweepSummary) -> Value {
    let meaning = |code: &str| {
        let meaning = summary.meanings.get(code);
        one_line(meaning.map_or(code, String::as_str))
    };
    let warnings = summary.warnings.iter().map(|(code, count)| {
        let text = format!("{count} × {}", meaning(code));
        notification("warning", code, text)
    });
    let notices = summary
        .notices
        .iter()
        .map(|notice| notification("note", "NOTICE", one_line(notice)));
    let notifications: Vec<Value> = warnings.chain(notices).collect();
    json!({
        "tool": tool(codes.iter().map(|code| rule(code, &meaning(code))).collect()),
        "automationDetails": automation(target),
        "invocations": [{
            "executionSuccessful": true,
            "toolExecutionNotifications": notifications,
        }],
        "properties": {
            "database": summary.database,
            "server": summary.server,
            "registry": summary.registry,
            "revision": summary.revision,
            "approval": summary.approval,
            "readAt": summary.read_at,
            "shard": summary.shard,
            "storageReady": summary.storage_ready,
            "governed": summary.governed(),
            "covered": summary.covered(),
        },
    })
}

fn result(target: &str, codes: &[&str], registry: &str, gap: &Gap) -> Value {
    let finding = &gap.finding;
    // A resolved gap is the rule's success, which has no level (§3.27.10).
    let (kind, level, state) = match gap.standing {
        Standing::New => ("fail", "error", "new"),
        Standing::Persisting => ("fail", "error", "unchanged"),
        Standing::Resolved => ("pass", "none", "absent"),
    };
    let kind_of = if finding.estate {
        "registry"
    } else {
        "collection"
    };
    let name = finding.about().unwrap_or(registry);
    let mut logical = vec![json!({ "name": name, "fullyQualifiedName": name, "kind": kind_of })];
    logical.extend(
        finding
            .table
            .as_ref()
            .map(|table| json!({ "fullyQualifiedName": table, "kind": "table" })),
    );
    let uri = [target, subject(finding)].map(percent_encoded).join("/");
    json!({
        "ruleId": finding.code,
        // −1 stands for "not in the list" (§3.27.6).
        "ruleIndex": codes.iter().position(|code| *code == finding.code).map_or(json!(-1), Value::from),
        "kind": kind,
        "level": level,
        "message": { "text": one_line(&finding.message) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri },
                "region": { "startLine": 1 },
            },
            "logicalLocations": logical,
        }],
        "partialFingerprints": { "birth/v1": finding.fingerprint() },
        "baselineState": state,
        "properties": {
            "standing": standing(gap.standing),
            "role": finding.role,
            "issue": gap.issue,
            "notes": finding.notes,
        },
    })
}
