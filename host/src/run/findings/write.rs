//! Writing findings: issues where none is open, and health checks.

use std::collections::BTreeMap;

use birth_core::coverage::{CoverageStatement, Finding, Standing, draft};
use birth_core::health::{self, HealthDraft};
use birth_core::issue::{self, IssueDraft, recognised_text};
use birth_core::op::Revision;
use birth_core::outcome::FailureClass;
use birth_core::record::{
    Compiled, Purpose, RecordInsert, RecordProblem, RecordTable, RowDraft, compile, texts_for,
};
use birth_core::sql::frame::{CLOSING_LOCK_KEY, FINDINGS_LOCK_KEY};

use super::{FindingsTarget, refused};
use crate::pg::{PgError, PgErrorKind, Reader, Transaction};
use crate::run::failure::Failure;

/// A finding that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Given<'f> {
    /// The finding.
    pub finding: &'f Finding,
    /// When a health check is written of it. An issue is opened in any
    /// case, where none is open.
    pub check: Check,
}

/// When a health check is written of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Never.
    Never,
    /// Where no open issue told of it: as seen by who opens one.
    IfNew,
    /// In any case.
    Always,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// How each finding stands, in the order in which they were given, and the
    /// primary key of its issue, for people. New is what had no open issue
    /// before.
    pub standings: Vec<(Standing, Option<String>)>,
    /// Health checks that were written.
    pub checks: u64,
    /// Issues that were opened.
    pub opened: u64,
    /// Findings, by their places, of which something could not be written, and
    /// why: the tables would refuse this one and take others.
    pub unrecorded: Vec<(usize, String)>,
}

/// A row that is ready to be written, and the place of its finding.
struct Ready {
    place: usize,
    insert: RecordInsert,
}

/// The primary key of an open issue as text.
type Key = Vec<String>;

impl Written {
    fn stands(&mut self, place: usize, standing: (Standing, Option<String>)) {
        if let Some(slot) = self.standings.get_mut(place) {
            *slot = standing;
        }
    }
}

impl FindingsTarget {
    /// Writes findings in the caller's transaction.
    ///
    /// Where every finding has an open issue already, nothing is locked. Else one
    /// advisory lock is taken, which is held until the transaction ends, and it
    /// is looked again: however many write at once, a finding gets one issue.
    ///
    /// # Errors
    ///
    /// `FINDINGS_WOULD_BE_REFUSED` where the tables would take no finding at all;
    /// a row that was not stored as it was sent; a statement that fails. The
    /// transaction can only be rolled back then.
    pub async fn write(
        &self,
        transaction: &Transaction<CoverageStatement>,
        findings: &[Given<'_>],
        revision: &Revision,
    ) -> Result<Written, Failure> {
        // Nobody closes the issues that are found open until this is over.
        transaction.wait_for_shared_lock(CLOSING_LOCK_KEY).await?;
        let reader = transaction.reader();
        let drafts: Vec<IssueDraft> = findings
            .iter()
            .map(|given| draft::issue(&self.issue_values, given.finding, revision))
            .collect();
        let open = self.open_keys(reader, &drafts).await?;
        let mut written = Written {
            standings: open.iter().map(|key| standing(key.as_ref())).collect(),
            ..Written::default()
        };
        let mut missing = places(&open, Option::is_none);
        if !missing.is_empty() {
            transaction.wait_for_lock(FINDINGS_LOCK_KEY).await?;
            let open = self.open_keys(reader, &at(&drafts, &missing)).await?;
            for (place, key) in missing.iter().zip(&open) {
                written.stands(*place, standing(key.as_ref()));
            }
            let mut still = open.iter().map(Option::is_none);
            missing.retain(|_| still.next().unwrap_or(true));
        }
        let followers = self.leading(&drafts, &missing);
        let leaders: Vec<usize> = followers.keys().copied().collect();
        let is_checked = |place: &usize| match findings.get(*place).map(|given| given.check) {
            Some(Check::Always) => true,
            Some(Check::IfNew) => missing.contains(place),
            Some(Check::Never) | None => false,
        };
        let checks: Vec<usize> = (0..findings.len()).filter(is_checked).collect();
        if leaders.is_empty() && checks.is_empty() {
            return Ok(written);
        }
        let issue_drafts = at(&drafts, &leaders);
        let check_drafts: Vec<HealthDraft> = at(findings, &checks)
            .iter()
            .map(|given| draft::health_check(given.finding, revision))
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::encoding(&error))?;
        let (issue_rows, check_rows) = self.rows(reader, &issue_drafts, &check_drafts).await?;
        let told_by = |leader: usize| {
            let followers = followers.get(&leader).into_iter().flatten().copied();
            std::iter::once(leader).chain(followers)
        };
        let mut refused: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let issues = ready(&leaders, issue_rows, |leader, why| {
            for place in told_by(leader) {
                refused.entry(place).or_default().push(why.to_owned());
            }
        });
        let checks = ready(&checks, check_rows, |place, why| {
            refused.entry(place).or_default().push(why.to_owned());
        });
        let refused = refused.into_iter();
        written.unrecorded = refused.map(|(at, why)| (at, why.join("; "))).collect();
        let keys = execute(transaction, &issues, &checks).await?;
        for (row, key) in issues.iter().zip(keys) {
            for place in told_by(row.place) {
                written.stands(place, (Standing::New, shown(&key)));
            }
        }
        written.opened = issues.len() as u64;
        written.checks = checks.len() as u64;
        Ok(written)
    }

    /// Compiles issues and health checks.
    ///
    /// # Errors
    ///
    /// One of the tables would take none of them.
    async fn rows(
        &self,
        reader: Reader<'_>,
        issues: &[IssueDraft],
        checks: &[HealthDraft],
    ) -> Result<(Rows, Rows), Failure> {
        let rows = issue::rows(&self.issue_concepts, &self.issue_values, issues);
        let issues = fitting(reader, &self.issues, &rows).await?;
        let rows = health::rows(&self.health_concepts, &self.health_values, checks);
        let checks = fitting(reader, &self.checks, &rows).await?;
        let problems = [issues.problems, checks.problems].concat();
        if !problems.is_empty() {
            let what = "findings cannot be recorded";
            return Err(refused("FINDINGS_WOULD_BE_REFUSED", what, &problems));
        }
        Ok((
            without_collisions(reader, &self.issues, issues.rows).await?,
            without_collisions(reader, &self.checks, checks.rows).await?,
        ))
    }

    /// The first open issue of each draft.
    async fn open_keys(
        &self,
        reader: Reader<'_>,
        drafts: &[IssueDraft],
    ) -> Result<Vec<Option<Key>>, Failure> {
        if drafts.is_empty() {
            return Ok(vec![]);
        }
        let (concepts, values) = (&self.issue_concepts, &self.issue_values);
        let mut found = reader
            .open_issues(&self.issues, concepts, values, drafts)
            .await?;
        let first = |place| found.remove(&place)?.into_iter().next();
        Ok((0..drafts.len()).map(first).collect())
    }

    /// The findings that get an issue of their own, each with the others that the
    /// same issue tells of: the same finding given twice, or another condition of
    /// a collection where issues are recognised by that alone.
    fn leading(&self, drafts: &[IssueDraft], missing: &[usize]) -> BTreeMap<usize, Vec<usize>> {
        let mut leaders = BTreeMap::new();
        let mut followers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for place in missing {
            let Some(draft) = drafts.get(*place) else {
                continue;
            };
            let text = recognised_text(&self.issues, &self.issue_concepts, draft);
            let recognised = (self.issue_concepts.recognition(draft), text);
            let leader = *leaders.entry(recognised).or_insert(*place);
            let followers = followers.entry(leader).or_default();
            if leader != *place {
                followers.push(*place);
            }
        }
        followers
    }
}

fn places<T>(items: &[T], which: impl Fn(&T) -> bool) -> Vec<usize> {
    let places = items.iter().enumerate().filter(|(_, item)| which(item));
    places.map(|(place, _)| place).collect()
}

fn at<T: Clone>(items: &[T], places: &[usize]) -> Vec<T> {
    let items = places.iter().filter_map(|place| items.get(*place));
    items.cloned().collect()
}

fn standing(key: Option<&Key>) -> (Standing, Option<String>) {
    match key {
        Some(key) => (Standing::Persisting, shown(key)),
        None => (Standing::New, None),
    }
}

/// A key for people; none where the table has no primary key.
fn shown(key: &[String]) -> Option<String> {
    (!key.is_empty()).then(|| key.join(", "))
}

/// Compiles rows, with what the tables hold now that the table refers to.
async fn fitting(
    reader: Reader<'_>,
    table: &RecordTable,
    rows: &[RowDraft<'_>],
) -> Result<Compiled, Failure> {
    let mut table = table.clone();
    reader
        .held_values(&mut table, |column| texts_for(rows, column))
        .await?;
    Ok(compile(&table, rows, Purpose::Kept))
}

type Rows = Vec<Result<RecordInsert, Vec<RecordProblem>>>;

/// Takes away what a unique index would refuse.
async fn without_collisions(
    reader: Reader<'_>,
    table: &RecordTable,
    mut rows: Rows,
) -> Result<Rows, Failure> {
    let places = places(&rows, Result::is_ok);
    let inserts: Vec<&RecordInsert> = rows.iter().filter_map(|row| row.as_ref().ok()).collect();
    for (probe, taken) in reader.collisions(table, &inserts).await? {
        for at in taken {
            let problem = probe.taken(table, &[at]);
            let place = usize::try_from(at - 1).ok();
            let place = place.and_then(|at| places.get(*probe.rows.get(at)?));
            if let (Some(problem), Some(row)) = (problem, place.and_then(|p| rows.get_mut(*p))) {
                *row = Err(vec![problem]);
            }
        }
    }
    Ok(rows)
}

/// The rows that fit, with the places of their findings; what does not is told.
fn ready(places: &[usize], rows: Rows, mut refused: impl FnMut(usize, &str)) -> Vec<Ready> {
    let mut out = Vec::new();
    for (place, row) in places.iter().zip(rows) {
        match row {
            Ok(insert) => out.push(Ready {
                place: *place,
                insert,
            }),
            Err(problems) => {
                let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                refused(*place, &told.join("; "));
            }
        }
    }
    out
}

/// The code of a row that the server refused, or a trigger of the user's.
pub const ROW_REFUSED: &str = "FINDING_REFUSED";

/// What a table did with a row, without the row's own values. Where it is surely
/// the server that is in trouble, and not the row, it stays what it was. A
/// statement that took too long and a name or right that is missing may be a
/// trigger's doing for this one row: counted as the server's they would hold up
/// every other row for ever.
pub fn row_refused(error: PgError) -> Failure {
    match error.kind {
        PgErrorKind::ConnectionLost
        | PgErrorKind::ReadOnly
        | PgErrorKind::LockTimeout
        | PgErrorKind::Trouble
        | PgErrorKind::Unexpected => error.into(),
        PgErrorKind::Privilege
        | PgErrorKind::Cancelled
        | PgErrorKind::Missing
        | PgErrorKind::Refused => Failure::new(
            FailureClass::Database,
            ROW_REFUSED,
            format!("a finding could not be written: {}", error.message),
        )
        .with_hint("look at the table's checks and triggers; a trigger has only pg_catalog in its search path here"),
    }
}

/// Writes issues, then health checks, and gives the keys of the issues.
async fn execute(
    transaction: &Transaction<CoverageStatement>,
    issues: &[Ready],
    checks: &[Ready],
) -> Result<Vec<Key>, Failure> {
    let issue_statements = issues
        .iter()
        .map(|row| CoverageStatement::OpenIssue(row.insert.clone()));
    let check_statements = checks
        .iter()
        .map(|row| CoverageStatement::RecordCheck(row.insert.clone()));
    let statements: Vec<CoverageStatement> = issue_statements.chain(check_statements).collect();
    let returned = transaction.execute(&statements, &|_| {}).await;
    let returned = returned.map_err(row_refused)?;
    let mut keys = Vec::with_capacity(issues.len());
    for (row, returned) in issues.iter().chain(checks).zip(&returned) {
        let (key, _) = row.insert.stored(&returned.rows).map_err(|error| {
            Failure::new(
                FailureClass::Verification,
                "FINDING_NOT_STORED",
                error.to_string(),
            )
            .with_hint("look at the triggers of the table")
        })?;
        keys.push(key.into_iter().map(|k| k.value).collect());
    }
    keys.truncate(issues.len());
    Ok(keys)
}
