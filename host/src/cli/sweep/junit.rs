//! The report as JUnit XML, for CI: a suite for each target, in it a failed case
//! for each gap, a passed one for each that is resolved, and one for each
//! condition that nothing fails, so that a clean sweep is not empty.
//!
//! A case is named by collection and condition, which stay the same from sweep
//! to sweep, so CI can tell new failures from old ones itself. No case has a
//! duration: the sweep looks at all collections at once.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use birth_core::coverage::{Gap, Standing, SweepSummary};
use birth_core::op::report::one_line;

use super::report::{Report, gaps, part, role, standing, subject};
use crate::run::failure::Failure;
use crate::run::fleet::Swept;

type Xml<'a> = Writer<&'a mut dyn Write>;

/// Cases of a suite, and how they ended.
#[derive(Default, Clone, Copy)]
struct Cases {
    all: u64,
    failed: u64,
    errors: u64,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = report.targets.iter().map(Cases::of);
    let all = all.fold(Cases::default(), |sum, cases| Cases {
        all: sum.all + cases.all,
        failed: sum.failed + cases.failed,
        errors: sum.errors + cases.errors,
    });
    xml.create_element("testsuites")
        .with_attribute(("name", "birth sweep"))
        .with_attributes(all.attributes().iter().map(pair))
        .write_inner_content(|xml| {
            report
                .targets
                .iter()
                .try_for_each(|swept| suite(swept, xml))
        })?;
    writeln!(xml.get_mut())
}

impl Cases {
    fn of(swept: &Swept) -> Self {
        match &swept.result {
            Err(_) => Self {
                all: 1,
                failed: 0,
                errors: 1,
            },
            Ok(summary) => {
                let gaps = summary.gaps();
                let clean = clean_conditions(summary).count() as u64;
                Self {
                    all: 1 + clean + gaps.open() + gaps.resolved,
                    failed: gaps.open(),
                    errors: 0,
                }
            }
        }
    }

    fn attributes(self) -> [(&'static str, String); 4] {
        [
            ("tests", self.all.to_string()),
            ("failures", self.failed.to_string()),
            ("errors", self.errors.to_string()),
            ("time", "0".to_owned()),
        ]
    }
}

fn pair<'a>((name, value): &'a (&'static str, String)) -> (&'a str, &'a str) {
    (name, value)
}

/// Text that XML 1.0 can hold: it has no place for most control characters, not
/// even escaped.
fn safe(text: &str) -> String {
    one_line(text)
}

fn clean_conditions(summary: &SweepSummary) -> impl Iterator<Item = &str> {
    let clean = summary.conditions.iter().filter(|(_, c)| c.open() == 0);
    clean.map(|(code, _)| code.as_str())
}

fn suite(swept: &Swept, xml: &mut Xml<'_>) -> io::Result<()> {
    let cases = Cases::of(swept);
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
    xml.create_element("testcase")
        .with_attributes([("classname", name), ("name", "sweep")])
        .write_inner_content(|xml| {
            xml.create_element("error")
                .with_attributes([("type", failure.code), ("message", message.as_str())])
                .write_text_content(BytesText::new(&hint))
                .map(drop)
        })
        .map(drop)
}

fn passed(xml: &mut Xml<'_>, class: &str, name: &str) -> io::Result<()> {
    xml.create_element("testcase")
        .with_attributes([("classname", class), ("name", name)])
        .write_empty()
        .map(drop)
}

fn case(target: &str, gap: &Gap, xml: &mut Xml<'_>) -> io::Result<()> {
    let finding = &gap.finding;
    let code = safe(&finding.code);
    let class = format!("{target}.{code}");
    let name = safe(subject(finding));
    let message = safe(&finding.message);
    xml.create_element("testcase")
        .with_attributes([("classname", class.as_str()), ("name", name.as_str())])
        .write_inner_content(|xml| {
            if gap.standing == Standing::Resolved {
                let text = format!("resolved: {message}");
                return xml
                    .create_element("system-out")
                    .write_text_content(BytesText::new(&text))
                    .map(drop);
            }
            let text = details(gap);
            xml.create_element("failure")
                .with_attributes([("type", code.as_str()), ("message", message.as_str())])
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
        ("storage_ready", summary.storage_ready.to_string()),
        ("registered", summary.registered.to_string()),
        ("governed", summary.governed().to_string()),
    ];
    all.extend(summary.shard.map(|shard| ("shard", part(shard))));
    xml.create_element("properties")
        .write_inner_content(|xml| {
            all.iter().try_for_each(|(name, value)| {
                xml.create_element("property")
                    .with_attributes([("name", *name), ("value", safe(value).as_str())])
                    .write_empty()
                    .map(drop)
            })
        })
        .map(drop)
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
