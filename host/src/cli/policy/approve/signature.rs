//! Whether a signature would count, before it is added.

use jiff::Timestamp;

use birth_core::policy::approved::Signature;
use birth_core::policy::ledger::{Checked, Finding};

use super::statement::Statement;
use super::{misused, refused};
use crate::run::failure::Failure;
use crate::trust::Trusted;

/// Refuses a signature that would raise no count. One that does not count, of the
/// same person, is in nobody's way.
pub(super) fn ensure_counts(
    signature: &Signature,
    statement: &Statement,
    trust: &Trusted,
) -> Result<(), Failure> {
    let mut all = statement.signatures().to_vec();
    all.push(signature.clone());
    let mut checked = trust.count(&all, &statement.text(), Timestamp::now());
    match checked.pop().map(|new| new.finding) {
        Some(Finding::Bad { why }) => Err(not_usable(signature, &why)),
        Some(Finding::Repeated { key }) => {
            let same = |c: &&Checked| c.finding == Finding::Good { key: key.clone() };
            let other = checked.iter().find(same).filter(|c| c.by != signature.by);
            Err(match other {
                None => already_signed(&signature.by)
                    .with_hint("somebody else has to sign; `birth policy log` shows who did"),
                Some(other) => refused(
                    "KEY_COUNTED",
                    format!(
                        "the key {key} has signed this statement as {}, and counts once: not for {} as well",
                        other.by, signature.by
                    ),
                )
                .with_hint(format!("{} has to sign with a key of their own", signature.by)),
            })
        }
        Some(Finding::Good { .. } | Finding::NotChecked) | None => Ok(()),
    }
}

pub(super) fn already_signed(person: &str) -> Failure {
    misused(
        "ALREADY_SIGNED",
        format!("{person} has signed this statement, and counts once"),
    )
}

pub(super) fn not_usable(signature: &Signature, why: &str) -> Failure {
    refused(
        "SIGNATURE_NOT_USABLE",
        format!("the signature of {} would not count: {why}", signature.by),
    )
    .with_hint(
        "sign the statement that `birth policy approve` prints, with a key of an allowed signer",
    )
}
