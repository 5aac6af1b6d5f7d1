//! The three sets of B3-A, phase 2: what was approved, what the live schema
//! needs, and what has a species.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::policy::artifact::{Entry, find};
use crate::policy::coverage::CoverageStatus;
use crate::policy::verdict::Reason;

/// What follows from the three sets (B3-A, phase 2D).
///
/// `target` and `species_queue` are what a run acts on, and only where
/// [`ThreeSets::is_mismatch`] is false. The B3 design, section 5, has
/// `species_queue` without the approved set; where there is no mismatch the two
/// formulas agree (design, section 11 item 4).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreeSets {
    /// `approved ∩ live ∩ mapped`: get a trigger.
    pub target: BTreeSet<String>,
    /// `(approved ∩ live) − mapped`: get a queued issue.
    pub species_queue: BTreeSet<String>,
    /// `approved − live`: one half of the policy difference.
    pub approved_only: BTreeSet<String>,
    /// `live − approved`: the other half.
    pub live_only: BTreeSet<String>,
}

impl ThreeSets {
    /// Computes them. `approved` is the approved report's `BIRTH_REQUIRED`
    /// list, `live` the live one, `mapped` every collection of the species map,
    /// whether registered or not.
    #[must_use]
    pub fn compute(
        approved: &BTreeSet<&str>,
        live: &BTreeSet<&str>,
        mapped: &BTreeSet<&str>,
    ) -> Self {
        let agreed = approved.intersection(live).copied();
        let (target, species_queue) = agreed.partition::<BTreeSet<&str>, _>(|k| mapped.contains(k));
        Self {
            target: owned(target),
            species_queue: owned(species_queue),
            approved_only: owned(approved.difference(live).copied()),
            live_only: owned(live.difference(approved).copied()),
        }
    }

    /// `approved ⊕ live ≠ ∅`: nothing may be installed.
    #[must_use]
    pub fn is_mismatch(&self) -> bool {
        !(self.approved_only.is_empty() && self.live_only.is_empty())
    }

    /// Why each collection of the policy difference is in it, in the order of
    /// the keys. `approved` and `live` are the entries of the two
    /// classifications, in the order of their keys.
    #[must_use]
    pub fn differences(
        &self,
        approved: &[Entry],
        live: &[Entry],
        is_registered: impl Fn(&str) -> bool,
    ) -> Vec<Difference> {
        let of = |key: &String, side| Difference {
            key: key.clone(),
            side,
            approved: find(approved, key).map(|e| e.status),
            live: find(live, key).map(LiveStatus::of),
            in_registry: is_registered(key),
        };
        let approved_only = self.approved_only.iter().map(|k| of(k, Side::ApprovedOnly));
        let live_only = self.live_only.iter().map(|k| of(k, Side::LiveOnly));
        let mut all: Vec<Difference> = approved_only.chain(live_only).collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }
}

fn owned<'a>(keys: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    keys.into_iter().map(str::to_owned).collect()
}

/// Which of the two sets has a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Approved as required, not required live.
    ApprovedOnly,
    /// Required live, not approved as required.
    LiveOnly,
}

/// What the live schema makes of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveStatus {
    /// The status.
    pub status: CoverageStatus,
    /// The reasons that weigh most, at most three.
    pub reasons: Vec<Reason>,
}

/// Reasons that a difference shows.
const REASONS: usize = 3;

impl LiveStatus {
    /// What an entry of the live classification says. The order of reasons
    /// with the same weight is the policy's.
    fn of(entry: &Entry) -> Self {
        let mut reasons = entry.reasons.clone();
        reasons.sort_by_key(|r| std::cmp::Reverse((r.severity, r.weight.unsigned_abs())));
        reasons.truncate(REASONS);
        Self {
            status: entry.status,
            reasons,
        }
    }
}

/// A collection on which the approved report and the live schema do not agree.
/// Displayed it is one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The collection.
    pub key: String,
    /// Which side requires it.
    pub side: Side,
    /// The approved status; none where the report does not list it.
    pub approved: Option<CoverageStatus>,
    /// The live status; none where there is no verdict on it.
    pub live: Option<LiveStatus>,
    /// Whether the registry has the key.
    pub in_registry: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, required) = (&self.key, CoverageStatus::Required);
        let live = match &self.live {
            Some(live) => live.to_string(),
            None => required.to_string(),
        };
        match (self.side, self.approved) {
            (Side::LiveOnly, None) => write!(
                f,
                "{key:?} is {live} live, but the approved report does not list it"
            ),
            (Side::LiveOnly, Some(approved)) => {
                write!(f, "{key:?} is approved as {approved}, but is {live} live")
            }
            (Side::ApprovedOnly, _) => {
                write!(f, "{key:?} is approved as {required}, but ")?;
                match (self.live.is_some(), self.in_registry) {
                    (true, _) => write!(f, "is {live} live"),
                    (false, false) => f.write_str("the registry has no such collection"),
                    (false, true) => f.write_str(
                        "has no live verdict: more than one row of the registry has this key",
                    ),
                }
            }
        }
    }
}

impl fmt::Display for LiveStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        let reasons: Vec<&str> = self.reasons.iter().map(|r| r.message.as_str()).collect();
        if reasons.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", reasons.join("; "))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::policy::coverage::ScopeStatus;
    use crate::policy::verdict::Severity;
    use proptest::prelude::*;

    const UNIVERSE: [&str; 6] = ["a", "b", "c", "drop\"table;--", "e\nf", "Ж"];

    fn keys() -> impl Strategy<Value = BTreeSet<&'static str>> {
        proptest::sample::subsequence(UNIVERSE.to_vec(), 0..=UNIVERSE.len())
            .prop_map(|keys| keys.into_iter().collect())
    }

    proptest! {
        #[test]
        fn the_sets_are_what_the_spec_says(approved in keys(), live in keys(), mapped in keys()) {
            let sets = ThreeSets::compute(&approved, &live, &mapped);
            for key in UNIVERSE {
                // Key by key, from the definitions of phase 2D.
                let (a, l, m) = (approved.contains(key), live.contains(key), mapped.contains(key));
                prop_assert_eq!(sets.target.contains(key), a && l && m);
                prop_assert_eq!(sets.species_queue.contains(key), (a && l) && !m);
                prop_assert_eq!(sets.approved_only.contains(key), a && !l);
                prop_assert_eq!(sets.live_only.contains(key), l && !a);
                // A key is in at most one of the four, and in one exactly
                // where either side requires it.
                let of = [&sets.target, &sets.species_queue, &sets.approved_only, &sets.live_only];
                let count = of.iter().filter(|s| s.contains(key)).count();
                prop_assert_eq!(count, usize::from(a || l));
            }
            prop_assert_eq!(sets.is_mismatch(), approved != live);
            // The design's formula for the queue leaves the approved set out.
            let of_design: BTreeSet<String> =
                live.difference(&mapped).map(|k| (*k).to_owned()).collect();
            if !sets.is_mismatch() {
                prop_assert_eq!(&sets.species_queue, &of_design);
            }
            prop_assert!(sets.species_queue.is_subset(&of_design));
        }

        #[test]
        fn the_two_sides_mirror_each_other(approved in keys(), live in keys(), mapped in keys()) {
            let there = ThreeSets::compute(&approved, &live, &mapped);
            let back = ThreeSets::compute(&live, &approved, &mapped);
            prop_assert_eq!(&there.approved_only, &back.live_only);
            prop_assert_eq!(&there.live_only, &back.approved_only);
            prop_assert_eq!(&there.target, &back.target);
            prop_assert_eq!(&there.species_queue, &back.species_queue);
        }
    }

    fn entry(key: &str, status: CoverageStatus, reasons: &[(i32, &str)]) -> Entry {
        let reason = |(weight, message): &(i32, &str)| Reason {
            code: "R".into(),
            severity: Severity::Note,
            message: (*message).into(),
            weight: *weight,
        };
        Entry {
            key: key.into(),
            role: None,
            table: None,
            status,
            scope: ScopeStatus::InScope,
            verdict: None,
            reasons: reasons.iter().map(reason).collect(),
        }
    }

    #[test]
    fn a_difference_says_what_each_side_has_and_why() {
        use CoverageStatus::{Deferred, ExemptLog, Required};
        let approved = [
            entry("a", Required, &[]),
            entry("b", ExemptLog, &[]),
            entry("d", Required, &[]),
            entry("e\"\n", Required, &[]),
            entry("same", Required, &[]),
        ];
        let why = [(1, "one"), (-9, "two"), (4, "three"), (5, "four")];
        let live = [
            entry("a", Deferred, &why),
            entry("b", Required, &[]),
            entry("c", Required, &[(2, "columns")]),
            entry("same", Required, &[]),
        ];
        let required = crate::policy::artifact::required;
        let sets = ThreeSets::compute(&required(&approved), &required(&live), &BTreeSet::new());
        assert_eq!(sets.species_queue, BTreeSet::from(["same".to_owned()]));
        let differences = sets.differences(&approved, &live, |key| !key.starts_with('e'));
        let sentences: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            sentences,
            [
                r#""a" is approved as BIRTH_REQUIRED, but is BIRTH_DEFERRED (two; four; three) live"#,
                r#""b" is approved as BIRTH_EXEMPT_LOG, but is BIRTH_REQUIRED live"#,
                r#""c" is BIRTH_REQUIRED (columns) live, but the approved report does not list it"#,
                r#""d" is approved as BIRTH_REQUIRED, but has no live verdict: more than one row of the registry has this key"#,
                r#""e\"\n" is approved as BIRTH_REQUIRED, but the registry has no such collection"#,
            ]
        );
        let json = serde_json::to_string(&differences).unwrap();
        let back: Vec<Difference> = serde_json::from_str(&json).unwrap();
        assert_eq!(back, differences);
    }
}
