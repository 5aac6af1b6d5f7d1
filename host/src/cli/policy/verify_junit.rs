//! What `birth policy verify` found as JUnit XML: a suite, a case for each check.

use std::io::{self, Write};

use crate::cli::ci::junit::{self, Cases, Xml, not_passed, pair, passed, safe};
use crate::plugin::set::{Check, Outcome, Verification};
use crate::run::failure::Failure;

pub(super) fn write(found: &Verification, out: &mut dyn Write) -> io::Result<()> {
    let count =
        |is: fn(&Outcome) -> bool| found.checks.iter().filter(|c| is(&c.outcome)).count() as u64;
    let cases = Cases {
        all: found.checks.len() as u64,
        failed: count(|o| matches!(o, Outcome::Failed { .. })),
        errors: 0,
        skipped: count(|o| matches!(o, Outcome::NotRun)),
    };
    junit::document(out, "birth policy verify", cases, |xml| {
        suite(found, cases, xml)
    })
}

/// The document where the set, its approvals or the trust file cannot be read.
pub(super) fn unreadable(
    failure: &Failure,
    set: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let cases = Cases {
        all: 1,
        errors: 1,
        ..Cases::default()
    };
    let name = safe(set.unwrap_or("birth"));
    junit::document(out, "birth policy verify", cases, |xml| {
        xml.create_element("testsuite")
            .with_attribute(("name", name.as_str()))
            .with_attributes(cases.attributes().iter().map(pair))
            .with_attribute(("skipped", "0"))
            .write_inner_content(|xml| {
                let what = "can the policy set, its approvals and the trust file be read?";
                let message = safe(&failure.message);
                not_passed(xml, [&name, what], "error", [failure.code, &message], "")
            })
            .map(drop)
    })
}

fn suite(found: &Verification, cases: Cases, xml: &mut Xml<'_>) -> io::Result<()> {
    let name = safe(&found.name);
    let skipped = cases.skipped.to_string();
    let properties = [
        ("revision", found.revision.to_string()),
        ("wit", found.wit.clone()),
        ("policy_digest", found.digest.to_string()),
        ("signed", found.signed.to_string()),
    ];
    xml.create_element("testsuite")
        .with_attribute(("name", name.as_str()))
        .with_attributes(cases.attributes().iter().map(pair))
        .with_attribute(("skipped", skipped.as_str()))
        .write_inner_content(|xml| {
            junit::properties(&properties, xml)?;
            found
                .checks
                .iter()
                .try_for_each(|check| case(&name, check, xml))
        })
        .map(drop)
}

fn case(set: &str, check: &Check, xml: &mut Xml<'_>) -> io::Result<()> {
    let subject = check.role.map_or("approval", |role| role.name());
    let class = format!("{set}.{subject}");
    let name = check.what.asks();
    match &check.outcome {
        Outcome::Passed { .. } => passed(xml, &class, name),
        Outcome::Failed { error } => {
            let message = safe(&error.to_string());
            not_passed(xml, [&class, name], "failure", [error.code(), &message], "")
        }
        Outcome::NotRun => xml
            .create_element("testcase")
            .with_attributes([("classname", class.as_str()), ("name", name)])
            .write_inner_content(|xml| xml.create_element("skipped").write_empty().map(drop))
            .map(drop),
    }
}
