//! The report as JUnit XML, for CI: a suite for each target, in it a failed case
//! for each gap, a passed one for each that is resolved, and one for each
//! condition that nothing fails, so that a clean sweep is not empty.
//!
//! A case is named by collection and condition, which stay the same from sweep
//! to sweep, so CI can tell new failures from old ones itself. No case has a
//! duration: the sweep looks at all collections at once.

use std::io::{self, Write};

use quick_xml::events::BytesText;

use birth_core::coverage::{Gap, Standing, SweepSummary};

use super::report::{Report, gaps, part, role, standing, subject};
use crate::cli::ci::junit::{self, Cases, Xml, not_passed, pair, passed, safe};
use crate::run::failure::Failure;
use crate::run::fleet::Swept;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let all = report.targets.iter().map(cases);
    let all = all.fold(Cases::default(), Cases::plus);
    junit::document(out, "birth sweep", all, |xml| {
        report
            .targets
            .iter()
            .try_for_each(|swept| suite(swept, xml))
    })
}

fn cases(swept: &Swept) -> Cases {
    match &swept.result {
        Err(_) => Cases {
            all: 1,
            errors: 1,
            ..Cases::default()
        },
        Ok(summary) => {
            let gaps = summary.gaps();
            let clean = clean_conditions(summary).count() as u64;
            Cases {
                all: 1 + clean + gaps.open() + gaps.resolved,
                failed: gaps.open(),
                ..Cases::default()
            }
        }
    }
}

fn clean_conditions(summary: &SweepSummary) -> impl Iterator<Item = &str> {
    let clean = summary.conditions.iter().filter(|(_, c)| c.open() == 0);
    clean.map(|(code, _)| code.as_str())
}

fn suite(swept: &Swept, xml: &mut Xml<'_>) -> io::Result<()> {
    let cases = cases(swept);
    let name = safe(&swept.name);
    let element = xml
        .create_element("testsuite")
        .with_attribute(("name", name.as_str()))
        .with_attributes(cases.attributes().iter().map(pair))
        .with_attribute(("skipped", "0"));
    match &swept.result {
        Err(failure) => element.write_inner_content(|xml| failed_sweep(&name, failure, xml))?,
        Ok(summary) => element
            .with_attribute(("timestamp", safe(&summary.read_at).as_str()))
            .write_inner_content(|xml| {
                properties(summary, xml)?;
                passed(xml, &name, "sweep")?;
                for code in clean_conditions(summary) {
                    passed(xml, &format!("{name}.{}", safe(code)), "no gaps")?;
                }
                for gap in gaps(&swept.gaps) {
                    case(&name, &gap?, xml)?;
                }
                remarks(summary, xml)
            })?,
    };
    Ok(())
}

fn failed_sweep(name: &str, failure: &Failure, xml: &mut Xml<'_>) -> io::Result<()> {
    let message = safe(&failure.message);
    let hint = safe(failure.hint.as_deref().unwrap_or_default());
    let said = [failure.code, message.as_str()];
    not_passed(xml, [name, "sweep"], "error", said, &hint)
}

fn case(target: &str, gap: &Gap, xml: &mut Xml<'_>) -> io::Result<()> {
    let finding = &gap.finding;
    let code = safe(&finding.code);
    let class = format!("{target}.{code}");
    let name = safe(subject(finding));
    let message = safe(&finding.message);
    if gap.standing != Standing::Resolved {
        let said = [code.as_str(), message.as_str()];
        return not_passed(xml, [&class, &name], "failure", said, &details(gap));
    }
    xml.create_element("testcase")
        .with_attributes([("classname", class.as_str()), ("name", name.as_str())])
        .write_inner_content(|xml| {
            let text = format!("resolved: {message}");
            xml.create_element("system-out")
                .write_text_content(BytesText::new(&text))
                .map(drop)
        })
        .map(drop)
}

/// What a person needs besides the message, a line each.
fn details(gap: &Gap) -> String {
    let finding = &gap.finding;
    let mut lines = vec![format!("standing: {}", standing(gap.standing))];
    let mut add = |what: &str, value: Option<&str>| {
        lines.extend(value.map(|value| format!("{what}: {}", safe(value))));
    };
    add("role", finding.role.as_deref().map(role));
    add("table", finding.table.as_deref());
    add("issue", gap.issue.as_deref());
    for note in &finding.notes {
        add(&safe(&note.code), Some(&note.message));
    }
    lines.push(format!("fingerprint: {}", finding.fingerprint()));
    lines.join("\n")
}

fn properties(summary: &SweepSummary, xml: &mut Xml<'_>) -> io::Result<()> {
    let revision = &summary.revision;
    let mut all = vec![
        ("database", summary.database.database.clone()),
        ("server", summary.server.clone()),
        ("registry", summary.registry.clone()),
        (
            "policy",
            format!("{} revision {}", revision.name, revision.revision),
        ),
        ("policy_digest", revision.digest.to_string()),
        ("policy_approval", summary.approval.clone()),
        ("storage_ready", summary.storage_ready.to_string()),
        ("registered", summary.registered.to_string()),
        ("governed", summary.governed().to_string()),
    ];
    all.extend(summary.shard.map(|shard| ("shard", part(shard))));
    junit::properties(&all, xml)
}

fn remarks(summary: &SweepSummary, xml: &mut Xml<'_>) -> io::Result<()> {
    let warnings = summary.warnings.iter();
    let warnings = warnings.map(|(code, count)| format!("warning: {count} × {}", safe(code)));
    let notices = summary.notices.iter();
    let notices = notices.map(|notice| format!("notice: {}", safe(notice)));
    let lines: Vec<String> = warnings.chain(notices).collect();
    if lines.is_empty() {
        return Ok(());
    }
    xml.create_element("system-out")
        .write_text_content(BytesText::new(&lines.join("\n")))
        .map(drop)
}
