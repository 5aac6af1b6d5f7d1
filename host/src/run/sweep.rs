//! The periodic sweep (B3 design, section 4): all governed collections, the
//! same plugin and the same writer as the gate.
//!
//! What is known already is asked of the issues table itself: a gap is new
//! where no open issue tells of it, and resolved where an open issue of ours
//! tells of what is not there any more. So a sweep needs no memory of its own,
//! it may run from several places at once, and one that was cut short is simply
//! run again.
//!
//! Two connections: one reads, in a single read-only transaction that sees one
//! state of the database however long it takes; the other writes, a short
//! transaction for each page of collections.

use std::collections::{BTreeMap, BTreeSet};

use birth_core::coverage::{
    ConditionCounts, CoverageStatement, Finding, Gap, Shard, Standing, SweepSummary,
};
use birth_core::estate::Collection;
use birth_core::policy::verdict::{Answer, Severity};

use super::Access;
use super::coverage::{Coverage, CoverageNames, Judged, NOT_GOVERNED};
use super::failure::Failure;
use super::findings::{FindingsTarget, Given, OpenIssue, OpenIssues, Written};
use super::spool::Spool;
use super::stage::read_server;
use crate::pg::{CommitError, ReadTransaction, Server, Session, Transaction};

/// Rows of the registry that are read, judged and recorded together.
const PAGE: usize = 4096;

/// Resolved gaps whose issues are closed in one transaction.
const CLOSED_TOGETHER: usize = 4096;

/// Findings that could not be recorded and are named.
const UNRECORDED_NAMED: usize = 10;

/// What a sweep writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Nothing: it only looks.
    Nothing,
    /// A health check and an issue for each gap that is new.
    New,
    /// The same, and a health check for each gap that is known.
    All,
}

/// A sweep.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// How coverage is judged.
    pub coverage: Coverage,
    /// The part of the collections to look at; none for all.
    pub shard: Option<Shard>,
    /// What is written.
    pub record: Record,
    /// Close the issues of resolved gaps.
    pub close_resolved: bool,
}

impl Sweep {
    /// Sweeps a database: every gap goes to `spool`, those that are there in the
    /// order of the collections and those that are resolved after them, and what
    /// it comes to is given back.
    pub async fn run(
        &self,
        access: &Access,
        spool: &mut Spool,
        tell: &dyn Fn(&str),
    ) -> Result<SweepSummary, Failure> {
        let reading = ReadTransaction::begin(access.open().await?, access.waiting.timeouts).await?;
        let server = read_server(&reading).await?;
        let reader = reading.reader();
        let names = self.coverage.discover(reader).await?;
        let (profile, schema) = (&self.coverage.profile, self.coverage.schema.as_deref());
        let target = FindingsTarget::discover(reader, profile, schema).await?;
        if self.close_resolved {
            target.closing()?;
        }
        let (now, read_at) = reader.now().await?;
        let mut pass = Pass {
            sweep: self,
            access,
            target: &target,
            open: OpenIssues::load(reader, &target).await?,
            uncertain: BTreeSet::new(),
            unrecorded: 0,
            writer: None,
            spool,
            summary: self.summary(&server, &names, read_at)?,
        };
        pass.summary.notices.extend(target.notices());
        if !names.source.storage_ready && self.is_first_shard() {
            pass.record(vec![names.storage_not_ready()]).await?;
        }
        let mut pages = reader.collection_pages(&names.source, self.shard).await?;
        loop {
            let rows = pages.next(PAGE).await?;
            if rows.is_empty() {
                break;
            }
            let judged = self.coverage.judge(reader, &names, now, rows).await?;
            pass.page(&judged).await?;
            tell(&format!("{} collections", pass.summary.registered));
        }
        pass.resolve().await?;
        let Pass {
            writer, summary, ..
        } = pass;
        if let Some(writer) = writer {
            writer.close().await;
        }
        reading.end().await?.close().await;
        Ok(summary)
    }

    /// What concerns the estate as a whole is the first shard's.
    fn is_first_shard(&self) -> bool {
        self.shard.is_none_or(|shard| shard.index == 0)
    }

    fn summary(
        &self,
        server: &Server,
        names: &CoverageNames,
        read_at: String,
    ) -> Result<SweepSummary, Failure> {
        let meanings = self.coverage.conditions()?;
        let mut notices = Vec::new();
        if names.function.is_none() {
            notices.push(format!(
                "there is no function {:?} that a trigger could call, so no collection has a birth trigger",
                self.coverage.profile.naming.trigger_function
            ));
        }
        Ok(SweepSummary {
            database: server.database.clone(),
            server: server.version.clone(),
            registry: names.source.registry.to_string(),
            revision: self.coverage.policy.revision(),
            read_at,
            shard: self.shard,
            storage_ready: names.source.storage_ready,
            registered: 0,
            roles: BTreeMap::new(),
            conditions: meanings
                .keys()
                .map(|code| (code.clone(), ConditionCounts::default()))
                .collect(),
            warnings: BTreeMap::new(),
            meanings,
            health_checks_written: 0,
            issues_opened: 0,
            issues_closed: 0,
            notices,
        })
    }
}

/// One sweep under way.
struct Pass<'a> {
    sweep: &'a Sweep,
    access: &'a Access,
    target: &'a FindingsTarget,
    open: OpenIssues<'a>,
    /// Collections that could not be judged, because their keys are registered
    /// twice: whether their gaps are gone is not known.
    uncertain: BTreeSet<String>,
    /// Findings that could not be recorded.
    unrecorded: usize,
    /// The connection that writes, once something is to be written.
    writer: Option<Session>,
    spool: &'a mut Spool,
    summary: SweepSummary,
}

impl Pass<'_> {
    /// One page of collections.
    async fn page(&mut self, judged: &Judged) -> Result<(), Failure> {
        let mut found = Vec::new();
        for (collection, answer) in judged.collections() {
            let findings = Finding::of(collection, answer);
            self.count(collection, answer, !findings.is_empty());
            found.extend(findings);
        }
        self.notice(judged);
        self.record(found).await
    }

    fn count(&mut self, collection: &Collection, answer: &Answer, has_gaps: bool) {
        self.summary.registered += 1;
        if answer.status == NOT_GOVERNED {
            return;
        }
        let role = collection.role.clone().unwrap_or_default();
        let role = self.summary.roles.entry(role).or_default();
        role.governed += 1;
        if has_gaps {
            role.with_gaps += 1;
        } else {
            role.covered += 1;
        }
        for reason in &answer.reasons {
            if reason.severity == Severity::Warning {
                let count = self.summary.warnings.entry(reason.code.clone());
                *count.or_default() += 1;
            }
        }
    }

    /// Rows of the registry that are no collection.
    fn notice(&mut self, judged: &Judged) {
        let estate = &judged.snapshot.estate;
        let notices = &mut self.summary.notices;
        for key in &estate.duplicate_keys {
            notices.push(format!(
                "the key {key:?} is registered more than once, so it was not judged"
            ));
        }
        let duplicates = estate.duplicate_keys.iter().cloned();
        self.uncertain.extend(duplicates);
        if estate.rows_without_key > 0 {
            notices.push(format!(
                "{} rows of the registry have no key and are no collection",
                estate.rows_without_key
            ));
        }
    }

    /// Findings: how each stands, what is written of it, and into the spool.
    async fn record(&mut self, found: Vec<Finding>) -> Result<(), Failure> {
        let mut gaps: Vec<Gap> = Vec::with_capacity(found.len());
        for finding in found {
            let open = self.open.meet(&finding);
            gaps.push(Gap {
                standing: match open {
                    Some(_) => Standing::Persisting,
                    None => Standing::New,
                },
                issue: open.and_then(OpenIssue::shown),
                finding,
            });
        }
        let places: Vec<usize> = gaps
            .iter()
            .enumerate()
            .filter(|(_, gap)| self.is_written(gap.standing))
            .map(|(place, _)| place)
            .collect();
        if !places.is_empty() {
            let given: Vec<Given<'_>> = places
                .iter()
                .filter_map(|place| gaps.get(*place))
                .map(|gap| Given {
                    finding: &gap.finding,
                    check: true,
                })
                .collect();
            let written = self.write(&given).await?;
            self.tell_unrecorded(&written, &given);
            for (place, (standing, issue)) in places.iter().zip(written.standings) {
                if let Some(gap) = gaps.get_mut(*place) {
                    gap.standing = standing;
                    gap.issue = issue;
                }
            }
        }
        for gap in &gaps {
            self.keep(gap)?;
        }
        Ok(())
    }

    fn is_written(&self, standing: Standing) -> bool {
        match self.sweep.record {
            Record::Nothing => false,
            Record::New => standing == Standing::New,
            Record::All => true,
        }
    }

    fn keep(&mut self, gap: &Gap) -> Result<(), Failure> {
        self.summary.count(gap);
        self.spool.push(gap)
    }

    async fn write(&mut self, given: &[Given<'_>]) -> Result<Written, Failure> {
        let transaction = self.begin().await?;
        let revision = &self.summary.revision;
        let written = self.target.write(&transaction, given, revision).await?;
        self.commit(transaction).await?;
        self.summary.health_checks_written += written.checks;
        self.summary.issues_opened += written.opened;
        Ok(written)
    }

    fn tell_unrecorded(&mut self, written: &Written, given: &[Given<'_>]) {
        for (place, why) in &written.unrecorded {
            self.unrecorded += 1;
            let Some(given) = given.get(*place) else {
                continue;
            };
            if self.unrecorded <= UNRECORDED_NAMED {
                self.summary.notices.push(format!(
                    "{} of {:?} could not be recorded: {why}",
                    given.finding.code, given.finding.collection
                ));
            }
        }
    }

    /// Open issues of ours whose findings were not met: their gaps are gone, as
    /// far as this sweep could tell.
    async fn resolve(&mut self) -> Result<(), Failure> {
        if self.unrecorded > UNRECORDED_NAMED {
            self.summary.notices.push(format!(
                "{} more findings could not be recorded",
                self.unrecorded - UNRECORDED_NAMED
            ));
        }
        let mut gone: Vec<OpenIssue> = self
            .open
            .unmet()
            .filter(|issue| self.can_tell(issue))
            .cloned()
            .collect();
        gone.sort_by(|a, b| (a.collection(), a.code()).cmp(&(b.collection(), b.code())));
        for issue in &gone {
            self.keep(&resolved(issue))?;
        }
        if self.sweep.close_resolved {
            for issues in gone.chunks(CLOSED_TOGETHER) {
                let transaction = self.begin().await?;
                let closed = self.target.close(&transaction, issues).await?;
                self.commit(transaction).await?;
                self.summary.issues_closed += closed;
            }
        }
        Ok(())
    }

    /// Whether this sweep looked at what an issue tells of.
    fn can_tell(&self, issue: &OpenIssue) -> bool {
        // Without policy columns most conditions were not looked at.
        if !self.summary.storage_ready {
            return false;
        }
        match (issue.collection(), self.sweep.shard) {
            (None, _) => self.sweep.is_first_shard(),
            (Some(collection), shard) => {
                shard.is_none_or(|shard| shard.holds(collection))
                    && !self.uncertain.contains(collection)
            }
        }
    }

    async fn begin(&mut self) -> Result<Transaction<CoverageStatement>, Failure> {
        let session = match self.writer.take() {
            Some(session) => session,
            None => self.access.open().await?,
        };
        Ok(Transaction::begin(session, self.access.waiting.timeouts).await?)
    }

    async fn commit(&mut self, transaction: Transaction<CoverageStatement>) -> Result<(), Failure> {
        match transaction.commit().await {
            Ok(session) => {
                self.writer = Some(session);
                Ok(())
            }
            // What is recorded is found by the next sweep and not recorded
            // twice, so it need not be known here.
            Err(CommitError::Lost(error) | CommitError::Refused(error)) => Err(error.into()),
        }
    }
}

/// What an open issue told of.
fn resolved(issue: &OpenIssue) -> Gap {
    let code = issue.code().unwrap_or_default();
    let message = "the condition does not fail any more";
    let mut finding = Finding::of_estate(code, message);
    if let Some(collection) = issue.collection() {
        finding.estate = false;
        finding.collection = collection.to_owned();
    }
    Gap {
        standing: Standing::Resolved,
        issue: issue.shown(),
        finding,
    }
}
