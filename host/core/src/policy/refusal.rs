//! Why a revision may not be executed, as far as approvals say.

use thiserror::Error;

use crate::digest::Digest;

/// Why a revision may not be executed. Each names the revision, the reason and
/// the next step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the fields are what the messages say")]
pub enum Refusal {
    /// The revision is not among the approved ones.
    #[error(
        "revision {revision} of the policy set `{set}` (digest {digest}) is not approved: have it reviewed and added to approved.toml with `birth policy approve`, or use an approved revision"
    )]
    NotApproved {
        set: String,
        revision: u32,
        digest: Digest,
    },
    /// The entry says something else than the set that has its digest.
    #[error(
        "the approval of {digest} is for {said}, and the policy set of that digest is {found}: somebody changed the entry; restore it, or approve the set again"
    )]
    AnotherSet {
        digest: Digest,
        said: String,
        found: String,
    },
    /// Nobody signed it, and that is asked for.
    #[error(
        "{what} is unsigned, and the trust file asks for {needed}: have it signed with `birth policy approve --key`"
    )]
    Unsigned { what: String, needed: String },
    /// Too few people signed it.
    #[error(
        "{what} is not signed by enough people: {counted}{}; have it signed by more with `birth policy approve --key`, and see `birth policy log`", not_counted(.rejected)
    )]
    Threshold {
        what: String,
        counted: String,
        rejected: Vec<String>,
    },
    /// An approval follows none of the list, or its revision is not above those before.
    #[error(
        "the chain of approvals of `{set}` is broken at revision {revision}: {why}; restore approved.toml from where it was whole, or take the entry out and approve the revision again"
    )]
    Chain {
        set: String,
        revision: u32,
        why: String,
    },
    /// A newer revision is approved.
    #[error(
        "revision {revision} of the policy set `{set}` is older than revision {last}, {}: use that, or decide to go back with `birth policy approve --rollback`{}", last_is(*.counts), .more.as_deref().unwrap_or_default()
    )]
    Older {
        set: String,
        revision: u32,
        last: u32,
        /// Whether the approval of that one counts.
        counts: bool,
        /// Why a decision to go back does not count, or the newer approval, from `; `
        /// on.
        more: Option<String>,
    },
    /// The operator rules it out.
    #[error(
        "revision {revision} of the policy set `{set}` is below {lowest}, the lowest that [lowest-revision] of the trust file allows: use a newer one"
    )]
    TooLow {
        set: String,
        revision: u32,
        lowest: u32,
    },
}

impl Refusal {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotApproved { .. } => "POLICY_NOT_APPROVED",
            Self::AnotherSet { .. } => "POLICY_APPROVAL_OF_ANOTHER_SET",
            Self::Unsigned { .. } => "POLICY_UNSIGNED",
            Self::Threshold { .. } => "POLICY_TOO_FEW_SIGNATURES",
            Self::Chain { .. } => "POLICY_CHAIN_BROKEN",
            Self::Older { .. } => "POLICY_OLDER_REVISION",
            Self::TooLow { .. } => "POLICY_REVISION_TOO_LOW",
        }
    }
}

fn last_is(counts: bool) -> &'static str {
    match counts {
        true => "the last approved one",
        false => "which has signatures that do not count",
    }
}

fn not_counted(rejected: &[String]) -> String {
    if rejected.is_empty() {
        return String::new();
    }
    format!(" (not counted: {})", rejected.join("; "))
}
