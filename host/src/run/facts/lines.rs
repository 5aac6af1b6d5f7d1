//! Facts as lines of JSON, and the digest over them: the same whether they go to
//! a file, come from one, or are only compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use birth_core::digest::DigestBuilder;

use super::{FactsEnd, FactsHead};
use crate::run::failure::Failure;
use crate::run::replay::Question;

/// What the first line calls such a file.
pub(super) const KIND: &str = "birth-facts";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct First<H> {
    /// Format of the file.
    pub(super) format: u32,
    /// [`KIND`].
    pub(super) kind: String,
    #[serde(flatten)]
    pub(super) head: H,
}

/// Any line after the first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    /// A batch.
    Batch(Box<Question>),
    /// The last line.
    End(FactsEnd),
}

/// The same, to be written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LineRef<'a> {
    Batch(&'a Question),
    End(&'a FactsEnd),
}

/// Counts and hashes lines.
#[derive(Debug)]
pub(super) struct Lines {
    digest: DigestBuilder,
    subjects: BTreeMap<birth_core::policy::Role, u64>,
    batches: u64,
}

pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| Failure::encoding(&error))
}

impl Lines {
    /// The first line.
    pub(super) fn begin(head: &FactsHead, line: &[u8]) -> Self {
        Self {
            digest: DigestBuilder::new("birth facts 1").bytes(line),
            subjects: head.roles.iter().map(|role| (*role, 0)).collect(),
            batches: 0,
        }
    }

    /// The line of a batch.
    pub(super) fn batch(&mut self, question: &Question, line: &[u8]) {
        self.digest = std::mem::take(&mut self.digest).bytes(line);
        *self.subjects.entry(question.role()).or_default() += question.subjects() as u64;
        self.batches += 1;
    }

    /// What the last line says.
    pub(super) fn end(self, rows_without_key: u64, duplicate_keys: u64) -> FactsEnd {
        let digest = self
            .digest
            .text(&rows_without_key.to_string())
            .text(&duplicate_keys.to_string());
        FactsEnd {
            subjects: self.subjects,
            batches: self.batches,
            rows_without_key,
            duplicate_keys,
            digest: digest.finish(),
        }
    }
}
