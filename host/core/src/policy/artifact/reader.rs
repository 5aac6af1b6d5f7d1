//! A report from text that people may have edited. The inverse of
//! [`super::writer`].
//!
//! An entry is a list item at the start of a line whose text begins with a JSON
//! string in a code span; what it has to say of itself is indented below it.
//! Below the heading of a status every such list item must be an entry, so that
//! a damaged one is not taken for prose. Comments and code blocks are skipped.

use std::collections::BTreeMap;

use super::error::{ArtifactError, Fault};
use super::front::{Front, FrontLines};
use super::text::take_code;
use super::writer::severity;
use super::{Artifact, Entry, State, Verdict, content};
use crate::digest::Digest;
use crate::op::{DatabaseIdentity, Revision};
use crate::policy::coverage::{CoverageStatus, ScopeStatus};
use crate::policy::verdict::{Reason, Severity};

/// A report as it was read, with the lines that later checks may have to name.
#[derive(Debug, Clone)]
pub struct ArtifactFile {
    /// The report.
    pub artifact: Artifact,
    /// The content hash that the front matter names. In a draft that was edited
    /// it is that of the draft as it was written.
    pub declared: Digest,
    front: FrontLines,
    entries: BTreeMap<String, usize>,
}

const ENTRY: &str = "- `\"KEY\"`: STATUS, SCOPE";
const TEXT: &str = "a JSON string in backticks, once per collection";
const VERDICT: &str = "verdict: STATUS, SCOPE, score N, once per collection";
const REASON: &str = "reason: `\"CODE\"` (note|warning|finding, +N): `\"MESSAGE\"`";

impl ArtifactFile {
    /// Reads a report: UTF-8, with or without a byte order mark, with any line
    /// ends.
    ///
    /// # Errors
    /// The first line that cannot be read; then, for the whole, a wrong number
    /// of entries, and in an approved report a wrong content hash.
    pub fn read(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let text = str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            Fault::NotText.on(line)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let front = Front::read(text)?;
        let list = List::read(text, front.end)?;
        let (found, declared) = (list.entries.len(), front.collections);
        if found == 0 {
            return Err(Fault::Empty.on(front.lines.collections));
        }
        if found != declared {
            return Err(Fault::Count { declared, found }.on(front.lines.collections));
        }
        let mut entries = list.entries;
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        let computed = content(&front.revision, &front.database, &entries);
        if front.state != State::Draft && computed != front.content {
            let fault = Fault::Hash {
                declared: front.content,
                found: computed,
            };
            return Err(fault.on(front.lines.content));
        }
        Ok(Self {
            artifact: Artifact {
                state: front.state,
                revision: front.revision,
                database: front.database,
                made_at: front.made_at,
                entries,
                content: computed,
            },
            declared: front.content,
            front: front.lines,
            entries: list.lines,
        })
    }

    /// Whether it is approved.
    ///
    /// # Errors
    /// [`Fault::NotApproved`].
    pub fn check_approved(&self) -> Result<(), ArtifactError> {
        match self.artifact.state {
            State::Approved(_) => Ok(()),
            State::Draft => Err(Fault::NotApproved.on(self.front.status)),
        }
    }

    /// Whether it is a draft.
    ///
    /// # Errors
    /// [`Fault::NotADraft`].
    pub fn check_draft(&self) -> Result<(), ArtifactError> {
        match self.artifact.state {
            State::Draft => Ok(()),
            State::Approved(_) => Err(Fault::NotADraft.on(self.front.status)),
        }
    }

    /// Whether it was decided under this policy revision and is about this
    /// database (B3-A: "Verify revision matches approved_policy_revision").
    ///
    /// # Errors
    /// See [`Self::check_database`] and [`Self::check_revision`].
    pub fn check_against(
        &self,
        revision: &Revision,
        database: &DatabaseIdentity,
    ) -> Result<(), ArtifactError> {
        self.check_database(database)?;
        self.check_revision(revision)
    }

    /// Whether it is about this database, whatever that is called now.
    ///
    /// # Errors
    /// [`Fault::OtherDatabase`].
    pub fn check_database(&self, database: &DatabaseIdentity) -> Result<(), ArtifactError> {
        let own = &self.artifact.database;
        if !own.is_same_database(database) {
            let fault = Fault::OtherDatabase {
                found_name: own.database.clone(),
                found_oid: own.database_oid,
                found_system: own.system_identifier,
                name: database.database.clone(),
                oid: database.database_oid,
                system: database.system_identifier,
            };
            return Err(fault.on(self.front.system_identifier));
        }
        Ok(())
    }

    /// Whether it was decided under this policy revision: the same name, number
    /// and digest.
    ///
    /// # Errors
    /// [`Fault::OtherRevision`], [`Fault::OtherDigest`].
    pub fn check_revision(&self, revision: &Revision) -> Result<(), ArtifactError> {
        let own = &self.artifact.revision;
        if (&own.name, own.revision) != (&revision.name, revision.revision) {
            let fault = Fault::OtherRevision {
                found_name: own.name.clone(),
                found: own.revision,
                name: revision.name.clone(),
                wanted: revision.revision,
            };
            return Err(fault.on(self.front.revision));
        }
        if own.digest != revision.digest {
            let fault = Fault::OtherDigest {
                found: own.digest,
                wanted: revision.digest,
            };
            return Err(fault.on(self.front.revision_digest));
        }
        Ok(())
    }

    /// Whether the registry has every collection it lists. For an approval: in
    /// a run, a collection that is gone is a policy mismatch, which says more.
    ///
    /// # Errors
    /// [`Fault::UnknownCollection`], the one that stands first in the file.
    pub fn check_known(&self, is_known: impl Fn(&str) -> bool) -> Result<(), ArtifactError> {
        let unknown = self.entries.iter().filter(|(key, _)| !is_known(key));
        match unknown.min_by_key(|(_, line)| **line) {
            Some((key, line)) => Err(Fault::UnknownCollection { key: key.clone() }.on(*line)),
            None => Ok(()),
        }
    }

    /// The line of a collection's entry.
    #[must_use]
    pub fn line_of(&self, key: &str) -> Option<usize> {
        self.entries.get(key).copied()
    }
}

/// The entries of a report in the order of the file, and their lines.
#[derive(Default)]
struct List {
    entries: Vec<Entry>,
    /// The heading that each entry stands below, where it is a status.
    headings: Vec<Option<CoverageStatus>>,
    lines: BTreeMap<String, usize>,
}

/// What is being skipped.
enum Skipping {
    Comment,
    Code { fence: &'static str },
}

/// What the place in the file means for a list item.
#[derive(Clone, Copy)]
struct Place {
    /// The status of the heading above, if it is one.
    group: Option<CoverageStatus>,
    /// Whether an indented item belongs to the entry before.
    in_entry: bool,
}

impl List {
    fn read(text: &str, after: usize) -> Result<Self, ArtifactError> {
        let mut list = Self::default();
        let mut skipping = None;
        let mut place = Place {
            group: None,
            in_entry: false,
        };
        let lines = (1..).zip(text.lines().map(str::trim_end));
        for (number, line) in lines.skip(after) {
            if skip(&mut skipping, line) {
                continue;
            }
            if let Some(heading) = heading(line) {
                let word = heading.split_whitespace().next();
                place.group = word.and_then(CoverageStatus::from_word);
                place.in_entry = false;
            } else if let Some(item) = item(line) {
                place.in_entry = list.take_item(item, place, number)?;
            } else if let Some(field) = item(line.trim_start())
                && place.in_entry
            {
                list.take_field(field).map_err(|fault| fault.on(number))?;
            }
        }
        list.check_headings()?;
        Ok(list)
    }

    /// An entry stands below its status, or below its verdict's where the word
    /// was changed in place. Any other heading means that the entry was moved
    /// and its word forgotten.
    fn check_headings(&self) -> Result<(), ArtifactError> {
        for (entry, heading) in self.entries.iter().zip(&self.headings) {
            let Some(heading) = *heading else { continue };
            let verdict = entry.verdict.map(|v| v.status);
            if heading != entry.status && Some(heading) != verdict {
                let fault = Fault::OtherHeading {
                    key: entry.key.clone(),
                    heading,
                    status: entry.status,
                };
                let line = self.lines.get(&entry.key).copied().unwrap_or_default();
                return Err(fault.on(line));
            }
        }
        Ok(())
    }

    /// Takes an item at the start of a line; gives whether it is an entry.
    fn take_item(&mut self, item: &str, place: Place, line: usize) -> Result<bool, ArtifactError> {
        if !item.starts_with("`\"") && place.group.is_none() {
            return Ok(false);
        }
        let malformed = || Fault::Malformed { expected: ENTRY };
        let (key, rest) = take_code(item).ok_or_else(|| malformed().on(line))?;
        let decision = uncommented(rest)
            .strip_prefix(':')
            .and_then(|words| words.split_once(','))
            .ok_or_else(|| malformed().on(line))?;
        let (status, scope) = words(decision).map_err(|fault| fault.on(line))?;
        if let Some(&first) = self.lines.get(&key) {
            return Err(Fault::Duplicate { key, first }.on(line));
        }
        self.lines.insert(key.clone(), line);
        self.headings.push(place.group);
        self.entries.push(Entry {
            key,
            role: None,
            table: None,
            status,
            scope,
            verdict: None,
            reasons: Vec::new(),
        });
        Ok(true)
    }

    /// Takes an item below an entry; what is no field of ours is a note.
    fn take_field(&mut self, field: &str) -> Result<(), Fault> {
        let (Some(entry), Some((name, rest))) = (self.entries.last_mut(), field.split_once(':'))
        else {
            return Ok(());
        };
        let rest = rest.trim_start();
        match name {
            "role" => set(&mut entry.role, only_code(rest), TEXT),
            "table" => set(&mut entry.table, only_code(rest), TEXT),
            "verdict" => set(&mut entry.verdict, verdict(uncommented(rest))?, VERDICT),
            "reason" => {
                let reason = reason(rest).ok_or(Fault::Malformed { expected: REASON })?;
                entry.reasons.push(reason);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Whether a line belongs to a comment or a code block.
fn skip(skipping: &mut Option<Skipping>, line: &str) -> bool {
    let text = line.trim_start();
    match skipping {
        Some(Skipping::Comment) => {
            if text.contains("-->") {
                *skipping = None;
            }
            true
        }
        Some(Skipping::Code { fence }) => {
            let bare = text.trim_start_matches(&fence[..1]).is_empty();
            if text.starts_with(*fence) && bare {
                *skipping = None;
            }
            true
        }
        None if text.starts_with("<!--") => {
            if !text.contains("-->") {
                *skipping = Some(Skipping::Comment);
            }
            true
        }
        None => {
            let fence = ["```", "~~~"].into_iter().find(|f| text.starts_with(f));
            // What follows backticks and holds one is a code span.
            let fence =
                fence.filter(|f| *f != "```" || !text.trim_start_matches('`').contains('`'));
            *skipping = fence.map(|fence| Skipping::Code { fence });
            fence.is_some()
        }
    }
}

/// The text of a heading.
fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let is_heading = text.len() < line.len() && (text.is_empty() || text.starts_with(' '));
    is_heading.then_some(text)
}

/// The text of a list item that begins the line.
fn item(line: &str) -> Option<&str> {
    let is_rule = line.chars().all(|c| "-*_ ".contains(c));
    let text = line.strip_prefix(['-', '*', '+'])?;
    (!is_rule && text.starts_with([' ', '\t'])).then(|| text.trim_start())
}

/// What stands before a comment at the end of a line.
fn uncommented(rest: &str) -> &str {
    match rest.split_once("<!--") {
        Some((before, comment)) if comment.ends_with("-->") => before.trim_end(),
        _ => rest,
    }
}

/// A status and a scope.
fn words((status, scope): (&str, &str)) -> Result<(CoverageStatus, ScopeStatus), Fault> {
    let (status, scope) = (status.trim(), scope.trim());
    let unknown_status = || Fault::UnknownStatus {
        word: status.to_owned(),
    };
    let unknown_scope = || Fault::UnknownScope {
        word: scope.to_owned(),
    };
    Ok((
        CoverageStatus::from_word(status).ok_or_else(unknown_status)?,
        ScopeStatus::from_word(scope).ok_or_else(unknown_scope)?,
    ))
}

fn set<T>(slot: &mut Option<T>, value: Option<T>, expected: &'static str) -> Result<(), Fault> {
    if slot.is_some() || value.is_none() {
        return Err(Fault::Malformed { expected });
    }
    *slot = value;
    Ok(())
}

/// A text in a code span and nothing else.
fn only_code(rest: &str) -> Option<String> {
    let (text, rest) = take_code(rest)?;
    uncommented(rest).is_empty().then_some(text)
}

fn verdict(text: &str) -> Result<Option<Verdict>, Fault> {
    let parts = text.rsplit_once(',').and_then(|(decision, score)| {
        let score = score.trim().strip_prefix("score ")?.trim().parse().ok()?;
        Some((decision.split_once(',')?, score))
    });
    let Some((decision, score)) = parts else {
        return Ok(None);
    };
    let (status, scope) = words(decision)?;
    Ok(Some(Verdict {
        status,
        scope,
        score,
    }))
}

fn reason(text: &str) -> Option<Reason> {
    let (code, rest) = take_code(text)?;
    let (inside, rest) = rest.trim_start().strip_prefix('(')?.split_once("):")?;
    let (word, weight) = inside.split_once(',')?;
    let severities = [Severity::Note, Severity::Warning, Severity::Finding];
    Some(Reason {
        code,
        severity: severities
            .into_iter()
            .find(|s| severity(*s) == word.trim())?,
        weight: weight.trim().parse().ok()?,
        message: only_code(rest.trim_start())?,
    })
}
