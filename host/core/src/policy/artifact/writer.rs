//! A report as text: front matter for machines, then a list for people, which
//! machines read as well. The inverse of [`super::reader`].

use std::fmt::Write as _;

use super::text::{code, quoted};
use super::{Artifact, Entry, FORMAT, KIND, State};
use crate::policy::coverage::CoverageStatus;
use crate::policy::verdict::{Reason, Severity};

impl Artifact {
    /// The report as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut out = self.front_matter();
        self.introduction(&mut out);
        for status in CoverageStatus::ALL {
            let count = self.count(status);
            if count == 0 {
                continue;
            }
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(out, "\n## {status} ({count})\n");
            for entry in self.entries().iter().filter(|e| e.status == status) {
                write_entry(&mut out, entry);
            }
        }
        out
    }

    fn front_matter(&self) -> String {
        let (revision, database) = (self.revision(), self.database());
        let mut lines = vec![
            ("format", FORMAT.to_string()),
            ("kind", KIND.to_owned()),
            ("status", self.state().word().to_owned()),
            ("policy", quoted(&revision.name)),
            ("revision", revision.revision.to_string()),
            ("revision-digest", quoted(&revision.digest.to_string())),
            ("database", quoted(&database.database)),
            // 64 bits, which not every reader of YAML keeps in a number.
            (
                "system-identifier",
                quoted(&database.system_identifier.to_string()),
            ),
            ("timeline", database.timeline.to_string()),
            ("database-oid", database.database_oid.to_string()),
            ("made-at", quoted(self.made_at())),
            ("collections", self.entries().len().to_string()),
            ("content-hash", quoted(&self.content().to_string())),
        ];
        if let State::Approved(approval) = self.state() {
            lines.push(("approved-by", quoted(&approval.by)));
            lines.push(("approved-at", quoted(&approval.at)));
            if let Some(why) = &approval.why {
                lines.push(("approved-why", quoted(why)));
            }
        }
        let lines: String = lines
            .iter()
            .map(|(key, value)| format!("{key}: {value}\n"))
            .collect();
        format!("---\n{lines}---\n")
    }

    fn introduction(&self, out: &mut String) {
        let revision = self.revision();
        let _ = writeln!(
            out,
            "\n# Birth coverage classification\n\nDatabase {}, policy {} revision {}.\n",
            code(&self.database().database),
            code(&revision.name),
            revision.revision
        );
        let _ = writeln!(
            out,
            "{}",
            match self.state() {
                State::Draft => DRAFT,
                State::Approved(_) => APPROVED,
            }
        );
        let _ = writeln!(out, "\n| status | collections |\n|---|---:|");
        for status in CoverageStatus::ALL {
            let _ = writeln!(out, "| {status} | {} |", self.count(status));
        }
    }
}

const DRAFT: &str = "\
This is a draft. To decide otherwise than the policy, change the status or the
scope after a collection's key; `verdict` keeps what the policy said. Notes may
stand anywhere but in a list of collections. `birth classify approve` checks the
draft against the live registry, shows what changes, and approves it.";

const APPROVED: &str = "\
This report is approved. Notes may be added; the decisions may not be changed:
make a new draft with `birth classify` instead.";

fn write_entry(out: &mut String, entry: &Entry) {
    let _ = writeln!(
        out,
        "- {}: {}, {}",
        code(&entry.key),
        entry.status,
        entry.scope
    );
    for (field, text) in [("role", &entry.role), ("table", &entry.table)] {
        if let Some(text) = text {
            let _ = writeln!(out, "  - {field}: {}", code(text));
        }
    }
    if let Some(verdict) = entry.verdict {
        let _ = writeln!(
            out,
            "  - verdict: {}, {}, score {}",
            verdict.status, verdict.scope, verdict.score
        );
    }
    for reason in &entry.reasons {
        write_reason(out, reason);
    }
}

fn write_reason(out: &mut String, reason: &Reason) {
    let _ = writeln!(
        out,
        "  - reason: {} ({}, {:+}): {}",
        code(&reason.code),
        severity(reason.severity),
        reason.weight,
        code(&reason.message)
    );
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Finding => "finding",
    }
}
