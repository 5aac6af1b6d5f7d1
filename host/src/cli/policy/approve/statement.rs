//! What `birth policy approve` writes: an approval or a decision to go back, new or
//! one that stands.

use birth_core::policy::approved::{Approval, RollbackDecision, Signature};
use birth_core::policy::edit::{self, EditError};

/// What is signed, and where it stands in the file.
pub(super) enum Statement {
    Approval {
        place: Option<usize>,
        entry: Approval,
    },
    Rollback {
        place: Option<usize>,
        entry: RollbackDecision,
    },
}

impl Statement {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Approval { entry, .. } => entry.statement().unwrap_or_default(),
            Self::Rollback { entry, .. } => entry.statement(),
        }
    }

    pub(super) fn is_new(&self) -> bool {
        let (Self::Approval { place, .. } | Self::Rollback { place, .. }) = self;
        place.is_none()
    }

    pub(super) fn signatures(&self) -> &[Signature] {
        match self {
            Self::Approval { entry, .. } => &entry.signatures,
            Self::Rollback { entry, .. } => &entry.signatures,
        }
    }

    /// The file with the statement and the signature in it.
    pub(super) fn written(
        &self,
        text: &str,
        signature: Option<&Signature>,
    ) -> Result<String, EditError> {
        match (self, signature) {
            (
                Self::Approval {
                    place: Some(at), ..
                },
                Some(signature),
            ) => edit::sign_approval(text, *at, signature),
            (
                Self::Rollback {
                    place: Some(at), ..
                },
                Some(signature),
            ) => edit::sign_rollback(text, *at, signature),
            (
                Self::Approval { place: Some(_), .. } | Self::Rollback { place: Some(_), .. },
                None,
            ) => Ok(text.to_owned()),
            (Self::Approval { place: None, entry }, signature) => {
                let mut entry = entry.clone();
                entry.signatures.extend(signature.cloned());
                edit::add_approval(text, &entry)
            }
            (Self::Rollback { place: None, entry }, signature) => {
                let mut entry = entry.clone();
                entry.signatures.extend(signature.cloned());
                edit::add_rollback(text, &entry)
            }
        }
    }
}
