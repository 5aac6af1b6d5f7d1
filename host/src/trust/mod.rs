//! What an operator trusts, as files: the trust file and the allowed signers; and
//! signatures of `ssh-keygen -Y sign`, made and checked.
//!
//! Alone names the crates that read keys and do the arithmetic. Knows nothing of
//! plugins, and writes nothing.

mod allowed;
mod line;
mod pattern;
mod sign;
mod signature;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;

use birth_core::digest::{Digest, DigestBuilder};
use birth_core::policy::approved::{Approvals, Signature};
use birth_core::policy::ledger::{Checked, Finding, Ledger, Said, counted};
use birth_core::policy::statement::NAMESPACE;
use birth_core::policy::trust::{Trust, TrustError};

use crate::files::read_text;
use allowed::AllowedSigners;
pub use allowed::AllowedSignersError;
pub use sign::{SignError, sign};
pub use signature::fits;

/// A trust file with its allowed signers.
#[derive(Debug)]
pub struct Trusted {
    trust: Trust,
    signers: AllowedSigners,
    digest: Digest,
}

/// Why a trust file cannot be used.
#[derive(Debug, Error)]
pub enum TrustedError {
    /// A file cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// The trust file is not usable.
    #[error("{}: {source}", path.display())]
    Trust {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TrustError,
    },
    /// The allowed signers are not usable.
    #[error("{}: {source}", path.display())]
    Signers {
        /// The file.
        path: PathBuf,
        /// Why.
        source: AllowedSignersError,
    },
    /// Somebody has a role and no key.
    #[error(
        "{}: {person} has a role and no key in {}; add a line for {person}, or take the role away", path.display(), signers.display()
    )]
    NoKey {
        /// The trust file.
        path: PathBuf,
        /// The allowed signers.
        signers: PathBuf,
        /// Who.
        person: String,
    },
    /// One key would stand for several people.
    #[error(
        "{}: line {line} lets one key sign for {}: people could not be counted; give each a line with their own name", signers.display(), people.join(" and ")
    )]
    SharedKey {
        /// The allowed signers.
        signers: PathBuf,
        /// The line.
        line: usize,
        /// For whom.
        people: Vec<String>,
    },
}

impl TrustedError {
    /// Whether a file is not there or cannot be read, and not its content at fault.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        matches!(self, Self::NotReadable { .. })
    }
}

fn read(path: &Path) -> Result<String, TrustedError> {
    read_text(path).map_err(|reason| TrustedError::NotReadable {
        path: path.to_owned(),
        reason,
    })
}

impl Trusted {
    /// Reads a trust file and the allowed signers that it names.
    ///
    /// # Errors
    /// Which file cannot be used, and why.
    pub fn open(path: &Path) -> Result<Self, TrustedError> {
        let text = read(path)?;
        let trust = Trust::parse(&text).map_err(|source| TrustedError::Trust {
            path: path.to_owned(),
            source,
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let signers_path = folder.join(&trust.allowed_signers);
        let signers_text = read(&signers_path)?;
        let signers =
            AllowedSigners::parse(&signers_text).map_err(|source| TrustedError::Signers {
                path: signers_path.clone(),
                source,
            })?;
        let without = trust.people().find(|person| !signers.names(person));
        if let Some(person) = without.map(str::to_owned) {
            return Err(TrustedError::NoKey {
                path: path.to_owned(),
                signers: signers_path,
                person,
            });
        }
        let members: Vec<&str> = trust.people().collect();
        if let Some((line, people)) = signers.shared(&members) {
            return Err(TrustedError::SharedKey {
                signers: signers_path,
                line,
                people,
            });
        }
        let digest = DigestBuilder::new("birth trust 1")
            .text(&text)
            .text(&signers_text);
        Ok(Self {
            trust,
            signers,
            digest: digest.finish(),
        })
    }

    /// Digest over both files, so that records can say what was trusted.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whose signatures can count for an approval, or for a decision to go back.
    #[must_use]
    pub fn who_may(&self, go_back: bool) -> Vec<&str> {
        let needed = match go_back {
            true => self.trust.rollback.as_ref(),
            false => Some(&self.trust.approve),
        };
        let Some(needed) = needed else {
            return vec![];
        };
        let may = |who: &&str| self.trust.has_any(needed, who);
        self.trust.people().filter(may).collect()
    }

    /// Judges approvals. What decides today, the approval of `executed` and every
    /// decision to go back, has to be signed with keys that are valid `now`; what
    /// came before, with keys that were valid when it was signed.
    #[must_use]
    pub fn judge(&self, approvals: Approvals, executed: &Digest, now: Timestamp) -> Ledger {
        let check = |signature: &Signature, said: &Said<'_>| {
            let when = match said {
                Said::Approval(approval, _) if approval.digest != *executed => approval.at.parse(),
                Said::Approval(..) | Said::Rollback(..) => Ok(now),
            };
            match when {
                Ok(when) => self.find(signature, said.statement(), when),
                Err(_) => Finding::Bad {
                    why: "`at` of the entry is no time (RFC 3339)".to_owned(),
                },
            }
        };
        Ledger::signed(approvals, self.trust.clone(), &check)
    }

    /// What signatures over a statement count for at a time, each beside those
    /// before it.
    #[must_use]
    pub fn count(
        &self,
        signatures: &[Signature],
        statement: &str,
        when: Timestamp,
    ) -> Vec<Checked> {
        counted(signatures, &|signature| {
            self.find(signature, statement, when)
        })
    }

    fn find(&self, signature: &Signature, statement: &str, when: Timestamp) -> Finding {
        let checked = fits(&signature.armored, statement).and_then(|key| {
            self.signers.check(&signature.by, &key, NAMESPACE, when)?;
            Ok(signature::fingerprint(&key))
        });
        match checked {
            Ok(key) => Finding::Good { key },
            Err(why) => Finding::Bad { why },
        }
    }
}
