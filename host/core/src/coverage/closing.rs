//! How a sweep of one or many databases closes: the status, the exit code and
//! the final response.

use super::summary::{ConditionCounts, SweepSummary};
use crate::outcome::{Exit, FailureClass, FinalResponse, Status};

/// Failed targets that a reason names; the report has all.
const NAMED: usize = 10;

/// Which gaps make a sweep fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Those that no open issue told of.
    New,
    /// Every gap that is there.
    Any,
    /// None.
    Never,
}

/// How the sweep of one target ended.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    /// It was looked at.
    Swept(&'a SweepSummary),
    /// It could not be.
    Failed {
        /// What the report calls it.
        name: &'a str,
        /// What kind of failure.
        class: FailureClass,
        /// Its stable code.
        code: &'a str,
        /// What happened.
        message: &'a str,
    },
}

/// How everything ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The status.
    pub status: Status,
    /// The exit code.
    pub exit: Exit,
    /// The lines that close the sweep.
    pub response: FinalResponse,
}

impl FailOn {
    /// How many of these gaps count.
    fn counts(self, gaps: ConditionCounts) -> u64 {
        match self {
            Self::New => gaps.new,
            Self::Any => gaps.open(),
            Self::Never => 0,
        }
    }
}

impl Closing {
    /// Closes the sweep of these targets.
    ///
    /// A target that could not be looked at weighs more than any gap: nothing
    /// is known of it. Then come the gaps that count, then what the policy
    /// could not judge.
    #[must_use]
    pub fn of(fail_on: FailOn, targets: &[Ended<'_>]) -> Self {
        let totals = Totals::of(targets);
        let failed = failed(targets);
        let (status, exit, reason) = failed
            .or_else(|| gaps(fail_on, &totals))
            .or_else(|| not_ready(targets))
            .unwrap_or((Status::Pass, Exit::Status(Status::Pass), String::new()));
        Self {
            status,
            exit,
            response: totals.response(status, &reason),
        }
    }

    /// Closes a sweep that stopped before it came to any target.
    #[must_use]
    pub fn not_begun(class: FailureClass, code: &str, message: &str) -> Self {
        let status = Status::Failed;
        let reason = format!("{code}: {message}");
        Self {
            status,
            exit: Exit::Failure(class),
            response: Totals::default().response(status, &reason),
        }
    }
}

type Verdict = (Status, Exit, String);

/// One cause for all failures gives its exit code; several give `PARTIAL`'s,
/// because no code of a cause would be true of all.
fn failed(targets: &[Ended<'_>]) -> Option<Verdict> {
    let failures: Vec<_> = targets
        .iter()
        .filter_map(|ended| match *ended {
            Ended::Swept(_) => None,
            Ended::Failed {
                name,
                class,
                code,
                message,
            } => Some((name, class, code, message)),
        })
        .collect();
    let &(_, class, code, message) = failures.first()?;
    let status = if failures.len() == targets.len() {
        Status::Failed
    } else {
        Status::Partial
    };
    let exit = if failures.iter().all(|(_, other, ..)| *other == class) {
        Exit::Failure(class)
    } else {
        Exit::Status(Status::Partial)
    };
    if targets.len() == 1 {
        return Some((status, exit, format!("{code}: {message}")));
    }
    let mut named: Vec<String> = failures
        .iter()
        .take(NAMED)
        .map(|(name, _, code, _)| format!("{name} ({code})"))
        .collect();
    if failures.len() > NAMED {
        named.push(format!("and {} more", failures.len() - NAMED));
    }
    let reason = format!(
        "TARGETS_FAILED: {} of {} targets: {}",
        failures.len(),
        targets.len(),
        named.join(", ")
    );
    Some((status, exit, reason))
}

fn gaps(fail_on: FailOn, totals: &Totals) -> Option<Verdict> {
    if fail_on.counts(totals.gaps) == 0 {
        return None;
    }
    let reason = format!(
        "COVERAGE_GAPS: {} on {}, {} of them new",
        numbered(totals.gaps.open(), "gap"),
        numbered(totals.with_gaps, "collection"),
        totals.gaps.new
    );
    Some((Status::Gaps, Exit::Status(Status::Gaps), reason))
}

/// Without the policy columns most conditions are not judged, and their silence
/// is no pass.
fn not_ready(targets: &[Ended<'_>]) -> Option<Verdict> {
    let registries: Vec<&str> = targets
        .iter()
        .filter_map(|ended| match ended {
            Ended::Swept(summary) if !summary.storage_ready => Some(summary.registry.as_str()),
            _ => None,
        })
        .take(NAMED)
        .collect();
    if registries.is_empty() {
        return None;
    }
    let reason = format!(
        "POLICY_STORAGE_NOT_READY: {} lacks policy columns, so only the first condition was judged",
        registries.join(", ")
    );
    Some((Status::Partial, Exit::Status(Status::Partial), reason))
}

fn numbered(n: u64, word: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {word}{plural}")
}

/// What all targets come to.
#[derive(Default)]
struct Totals {
    targets: usize,
    failed: usize,
    governed: u64,
    with_gaps: u64,
    gaps: ConditionCounts,
    health_checks: u64,
    issues_opened: u64,
    issues_closed: u64,
}

impl Totals {
    fn of(targets: &[Ended<'_>]) -> Self {
        let mut totals = Self::default();
        for ended in targets {
            totals.targets += 1;
            let Ended::Swept(summary) = ended else {
                totals.failed += 1;
                continue;
            };
            let gaps = summary.gaps();
            totals.governed += summary.governed();
            totals.with_gaps += summary.with_gaps();
            totals.gaps.new += gaps.new;
            totals.gaps.persisting += gaps.persisting;
            totals.gaps.resolved += gaps.resolved;
            totals.health_checks += summary.health_checks_written;
            totals.issues_opened += summary.issues_opened;
            totals.issues_closed += summary.issues_closed;
        }
        totals
    }

    fn response(&self, status: Status, reason: &str) -> FinalResponse {
        FinalResponse::default()
            .with_status("sweep_status", status, Some(reason))
            .with("collections_governed", self.governed)
            .with("gaps_total", self.gaps.open())
            .with("gaps_new", self.gaps.new)
            .with("gaps_persisting", self.gaps.persisting)
            .with("gaps_resolved", self.gaps.resolved)
            .with("health_checks_created", self.health_checks)
            .with("issues_opened", self.issues_opened)
            .with("issues_closed", self.issues_closed)
            .with("targets", self.targets)
            .with("targets_failed", self.failed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::coverage::RoleCounts;
    use crate::digest::Digest;
    use crate::op::{DatabaseIdentity, Revision};

    fn swept(new: u64, persisting: u64) -> SweepSummary {
        let gaps = ConditionCounts {
            new,
            persisting,
            resolved: 1,
        };
        let role = RoleCounts {
            governed: 10,
            with_gaps: new + persisting,
            ..RoleCounts::default()
        };
        SweepSummary {
            database: DatabaseIdentity {
                system_identifier: 1,
                timeline: 1,
                database_oid: 1,
                database: "estate".into(),
            },
            server: "15.1".into(),
            registry: "inventory.collection_registry".into(),
            approval: "approved by the team, unsigned".to_owned(),
            revision: Revision {
                name: "birth".into(),
                revision: 3,
                digest: Digest::of(b"x"),
            },
            read_at: "2026-11-22T00:00:00Z".into(),
            shard: None,
            storage_ready: true,
            registered: 12,
            roles: [("governed".to_owned(), role)].into(),
            conditions: [("TABLE_MISSING".to_owned(), gaps)].into(),
            warnings: [].into(),
            meanings: [].into(),
            health_checks_written: 2,
            issues_opened: 3,
            issues_closed: 4,
            notices: vec![],
        }
    }

    fn failure(name: &str, class: FailureClass) -> Ended<'_> {
        Ended::Failed {
            name,
            class,
            code: "CODE",
            message: "it broke",
        }
    }

    #[test]
    fn gaps_count_as_they_are_asked_for() {
        for (fail_on, new, persisting, code) in [
            (FailOn::Any, 0, 0, 0),
            (FailOn::Any, 0, 1, 15),
            (FailOn::Any, 1, 0, 15),
            (FailOn::New, 0, 1, 0),
            (FailOn::New, 1, 1, 15),
            (FailOn::Never, 1, 1, 0),
        ] {
            let summary = swept(new, persisting);
            let closing = Closing::of(fail_on, &[Ended::Swept(&summary)]);
            let case = format!("{fail_on:?} {new} {persisting}");
            assert_eq!(closing.exit.code(), code, "{case}");
            let status = closing.response.get("sweep_status").unwrap();
            assert_eq!(status == "PASS", code == 0, "{case}");
            assert_eq!(closing.response.get("reason").is_none(), code == 0);
        }
    }

    #[test]
    fn failures_weigh_more_than_gaps_and_share_their_code_where_it_is_one() {
        use FailureClass::{Connection, Schema};
        let summary = swept(1, 0);
        let fine = Ended::Swept(&summary);
        for (targets, status, code) in [
            (vec![failure("a", Schema)], Status::Failed, 23),
            (vec![fine, failure("a", Schema)], Status::Partial, 23),
            (
                vec![failure("a", Schema), fine, failure("b", Schema)],
                Status::Partial,
                23,
            ),
            (
                vec![failure("a", Schema), fine, failure("b", Connection)],
                Status::Partial,
                10,
            ),
            (
                vec![failure("a", Schema), failure("b", Connection)],
                Status::Failed,
                10,
            ),
        ] {
            let closing = Closing::of(FailOn::Any, &targets);
            assert_eq!(
                (closing.status, closing.exit.code()),
                (status, code),
                "{targets:?}"
            );
        }
        let targets = [fine, failure("crm", Schema)];
        let closing = Closing::of(FailOn::Any, &targets);
        assert_eq!(
            closing.response.to_string(),
            "sweep_status=PARTIAL\nreason=TARGETS_FAILED: 1 of 2 targets: crm (CODE)\n\
             collections_governed=10\ngaps_total=1\ngaps_new=1\ngaps_persisting=0\ngaps_resolved=1\n\
             health_checks_created=2\nissues_opened=3\nissues_closed=4\ntargets=2\ntargets_failed=1\n"
        );
    }

    #[test]
    fn a_reason_stays_short() {
        let names: Vec<String> = (0..500).map(|n| format!("target-{n}")).collect();
        let targets: Vec<Ended<'_>> = names
            .iter()
            .map(|name| failure(name, FailureClass::Connection))
            .collect();
        let closing = Closing::of(FailOn::Any, &targets);
        let reason = closing.response.get("reason").unwrap();
        assert!(
            reason.ends_with("target-9 (CODE), and 490 more"),
            "{reason}"
        );
    }

    #[test]
    fn what_could_not_be_judged_is_no_pass() {
        let mut summary = swept(0, 0);
        summary.storage_ready = false;
        let closing = Closing::of(FailOn::Never, &[Ended::Swept(&summary)]);
        assert_eq!(closing.exit.code(), 10);
        let reason = closing.response.get("reason").unwrap();
        assert!(reason.starts_with("POLICY_STORAGE_NOT_READY: "), "{reason}");
    }

    #[test]
    fn no_target_at_all_is_a_pass() {
        // A process of several may have no share.
        assert_eq!(Closing::of(FailOn::Any, &[]).status, Status::Pass);
    }
}
