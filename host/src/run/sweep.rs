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

use birth_core::coverage::finding::ROWS_WITHOUT_KEY;
use birth_core::coverage::{
    ConditionCounts, CoverageStatement, Finding, Gap, Shard, Standing, SweepSummary,
};
use birth_core::digest::Digest;
use birth_core::estate::Collection;
use birth_core::outcome::FailureClass;
use birth_core::policy::coverage::NOT_GOVERNED;
use birth_core::policy::verdict::{Answer, Severity};
use birth_core::sql::frame::CLOSING_LOCK_KEY;

use super::Access;
use super::coverage::{Coverage, CoverageNames, Judged};
use super::failure::Failure;
use super::findings::{
    About, Check, FindingsTarget, Given, OpenIssue, OpenIssues, ROW_REFUSED, Written, row_refused,
};
use super::spool::Spool;
use super::stage::read_server;
use crate::pg::{CommitError, ReadTransaction, Server, Session, Transaction};

/// Rows of the registry that are read, judged and recorded together.
const PAGE: usize = 4096;

/// Findings that are recorded in one transaction.
const RECORDED_TOGETHER: usize = 512;

/// Resolved gaps whose issues are closed in one transaction.
const CLOSED_TOGETHER: usize = 256;

/// Things of one kind that notices name; of the others they say how many.
const NAMED: usize = 10;

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
        let reading = ReadTransaction::begin(access.open().await?, access.timeouts).await?;
        let server = read_server(&reading).await?;
        let writes = self.record != Record::Nothing || self.close_resolved;
        if writes && (server.standby || server.read_only) {
            let failure = Failure::read_only();
            return Err(
                failure.with_hint("connect to the primary, or look with `--record nothing`")
            );
        }
        let reader = reading.reader();
        let (names, target) = self.coverage.discover_with_target(reader).await?;
        if self.close_resolved {
            target.closing()?;
        }
        let (now, read_at) = reader.now().await?;
        let mut pass = Pass {
            sweep: self,
            access,
            names: &names,
            target: &target,
            open: OpenIssues::load(reader, &target).await?,
            roles: BTreeMap::new(),
            uncertain: BTreeSet::new(),
            without_key: 0,
            unrecorded: 0,
            left_open: 0,
            writer: None,
            spool,
            summary: self.summary(&server, &names, read_at)?,
        };
        pass.summary.notices.extend(target.notices());
        let swept = async {
            let reader = reading.reader();
            if !names.source.storage_ready && self.is_first_shard() {
                pass.record(vec![names.storage_not_ready()]).await?;
            }
            let mut pages = reader.collection_pages(&names.source, self.shard).await?;
            // The server reads a page while the one before it is judged.
            let mut read = async || {
                let rows = pages.next(PAGE).await?;
                if rows.is_empty() {
                    return Ok(None);
                }
                let snapshot = self.coverage.snapshot(reader, &names, now, rows);
                snapshot.await.map(Some)
            };
            let mut page = read().await?;
            while let Some(snapshot) = page {
                let judging = async {
                    let judged = self.coverage.answer(snapshot).await?;
                    pass.page(&judged).await?;
                    tell(&format!("{} collections", pass.summary.registered));
                    Ok(())
                };
                ((), page) = tokio::try_join!(judging, read())?;
            }
            pass.rows_without_key().await?;
            // Closing issues takes as long as it takes; nothing is read for it
            // here any more.
            reading.end().await?.close().await;
            pass.resolve().await
        };
        match swept.await {
            Ok(()) => pass.end().await,
            Err(failure) => Err(pass.cut_short(failure)),
        }
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
        let conditions = self.coverage.codes(Severity::Finding)?;
        let warnings = self.coverage.codes(Severity::Warning)?;
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
            approval: self.coverage.policy.leave_words(),
            read_at,
            shard: self.shard,
            storage_ready: names.source.storage_ready,
            registered: 0,
            roles: BTreeMap::new(),
            conditions: conditions
                .keys()
                .map(|code| (code.clone(), ConditionCounts::default()))
                .collect(),
            warnings: BTreeMap::new(),
            meanings: conditions.into_iter().chain(warnings).collect(),
            health_checks_written: 0,
            issues_opened: 0,
            issues_closed: 0,
            notices,
        })
    }
}

/// Whether it is a row that was refused, and others may be taken.
fn is_about_rows(failure: &Failure) -> bool {
    failure.code == ROW_REFUSED || failure.class == FailureClass::Verification
}

/// One sweep under way.
struct Pass<'a> {
    sweep: &'a Sweep,
    access: &'a Access,
    names: &'a CoverageNames,
    target: &'a FindingsTarget,
    open: OpenIssues<'a>,
    /// The roles of collections that open issues tell of.
    roles: BTreeMap<String, String>,
    /// Collections that could not be judged, because their keys are registered
    /// twice: whether their gaps are gone is not known.
    uncertain: BTreeSet<String>,
    /// Rows of the registry without a key.
    without_key: u64,
    /// Findings that could not be recorded.
    unrecorded: usize,
    /// Issues of resolved gaps whose rows others held, or had closed.
    left_open: u64,
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
            self.recognise(collection);
            self.count(collection, answer, !findings.is_empty());
            found.extend(findings);
        }
        self.notice(judged);
        found.extend(judged.not_unique());
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

    /// What will be wanted of a collection should an issue of it be left over.
    fn recognise(&mut self, collection: &Collection) {
        if self.open.is_empty() {
            return;
        }
        let codes = self.summary.conditions.keys().map(String::as_str);
        self.open.identify(&collection.key, codes);
        if let Some(role) = &collection.role {
            self.roles.insert(collection.key.clone(), role.clone());
        }
    }

    /// Rows of the registry that are no collection.
    fn notice(&mut self, judged: &Judged) {
        let estate = &judged.snapshot.estate;
        let duplicates = estate.duplicate_keys.iter().cloned();
        self.uncertain.extend(duplicates);
        self.without_key += estate.rows_without_key;
    }

    /// Rows that nobody can name are a gap of the estate.
    async fn rows_without_key(&mut self) -> Result<(), Failure> {
        if self.without_key == 0 {
            return Ok(());
        }
        let message = format!(
            "{} rows of {} have no key, so nothing of them could be judged",
            self.without_key, self.summary.registry
        );
        self.record(vec![Finding::of_estate(ROWS_WITHOUT_KEY, message)])
            .await
    }

    /// Findings in pieces: who waits for the same lock waits for one of them.
    async fn record(&mut self, found: Vec<Finding>) -> Result<(), Failure> {
        let mut found = found.into_iter().peekable();
        while found.peek().is_some() {
            let piece = found.by_ref().take(RECORDED_TOGETHER).collect();
            self.record_together(piece).await?;
        }
        Ok(())
    }

    /// Findings: how each stands, what is written of it, and into the spool.
    async fn record_together(&mut self, found: Vec<Finding>) -> Result<(), Failure> {
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
            let check = match self.sweep.record {
                Record::Nothing => Check::Never,
                Record::New => Check::IfNew,
                Record::All => Check::Always,
            };
            let given: Vec<Given<'_>> = places
                .iter()
                .filter_map(|place| gaps.get(*place))
                .map(|gap| Given {
                    finding: &gap.finding,
                    check,
                })
                .collect();
            let standings = self.write(&given).await?;
            for (place, (standing, issue)) in places.iter().zip(standings) {
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

    /// Writes findings, in halves and halves of these where a row is refused:
    /// one that the tables do not take must not keep the others out.
    async fn write(
        &mut self,
        given: &[Given<'_>],
    ) -> Result<Vec<(Standing, Option<String>)>, Failure> {
        let mut standings = Vec::with_capacity(given.len());
        let mut waiting = vec![given];
        while let Some(given) = waiting.pop() {
            match self.write_together(given).await {
                Ok(written) => {
                    self.tell_unrecorded(&written, given);
                    standings.extend(written.standings);
                }
                Err(failure) if !is_about_rows(&failure) => return Err(failure),
                Err(failure) if given.len() == 1 => {
                    let written = Written {
                        standings: vec![(Standing::New, None)],
                        unrecorded: vec![(0, failure.message)],
                        ..Written::default()
                    };
                    self.tell_unrecorded(&written, given);
                    standings.extend(written.standings);
                }
                Err(_) => {
                    let (first, second) = given.split_at(given.len() / 2);
                    waiting.extend([second, first]);
                }
            }
        }
        Ok(standings)
    }

    async fn write_together(&mut self, given: &[Given<'_>]) -> Result<Written, Failure> {
        let transaction = self.begin().await?;
        let revision = &self.summary.revision;
        let written = async {
            let written = self.target.write(&transaction, given, revision).await?;
            // What a deferred trigger refuses is known now, and not at COMMIT.
            transaction.fire_deferred().await.map_err(row_refused)?;
            Ok::<_, Failure>(written)
        };
        let written = match written.await {
            Ok(written) => written,
            Err(failure) => {
                // A connection that is gone is rolled back by the server.
                self.writer = transaction.rollback().await.ok();
                return Err(failure);
            }
        };
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
            if self.unrecorded <= NAMED {
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
        let mut gone: Vec<OpenIssue> = self
            .open
            .unmet()
            .filter(|issue| self.can_tell(issue))
            .cloned()
            .collect();
        gone.sort_by(|a, b| (a.collection(), a.code()).cmp(&(b.collection(), b.code())));
        for issue in &gone {
            let gap = self.resolved(issue);
            self.keep(&gap)?;
        }
        if self.sweep.close_resolved {
            for issues in gone.chunks(CLOSED_TOGETHER) {
                self.close(issues).await?;
            }
        }
        Ok(())
    }

    /// Closes issues whose gaps are still gone. What this sweep saw may be long
    /// ago: nobody finds these issues open while it is looked at once more.
    async fn close(&mut self, issues: &[OpenIssue]) -> Result<(), Failure> {
        let transaction = self.begin().await?;
        transaction.wait_for_lock(CLOSING_LOCK_KEY).await?;
        let reader = transaction.reader();
        let keys: BTreeSet<&str> = issues.iter().filter_map(OpenIssue::collection).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let (now, _) = reader.now().await?;
        let rows = reader.registered(&self.names.source, &keys).await?;
        let coverage = &self.sweep.coverage;
        let judged = coverage.judge(reader, self.names, now, rows).await?;
        let back: BTreeSet<Digest> = judged
            .findings()
            .map(|finding| finding.fingerprint())
            .collect();
        let is_gone = |issue: &&OpenIssue| match (issue.collection(), issue.code()) {
            (Some(collection), Some(code)) => {
                !back.contains(&Finding::of_collection(collection, code).fingerprint())
            }
            // Of a collection whose condition is not known every one counts.
            (Some(collection), None) => !judged.findings().any(|f| f.collection == collection),
            (None, _) => true,
        };
        let gone: Vec<&OpenIssue> = issues.iter().filter(is_gone).collect();
        let closed = self
            .target
            .close(&transaction, gone.iter().copied())
            .await?;
        self.commit(transaction).await?;
        self.summary.issues_closed += closed;
        self.left_open += (gone.len() as u64).saturating_sub(closed);
        Ok(())
    }

    /// Whether this sweep looked at what an issue tells of.
    fn can_tell(&self, issue: &OpenIssue) -> bool {
        // Without policy columns most conditions were not looked at.
        if !self.summary.storage_ready {
            return false;
        }
        let shard = self.sweep.shard;
        match issue.about() {
            About::Collection(collection) => {
                shard.is_none_or(|shard| shard.holds(collection))
                    && !self.uncertain.contains(&**collection)
            }
            About::Estate => self.sweep.is_first_shard(),
            // It is about none of the collections that were looked at.
            About::Unknown => shard.is_none() && self.uncertain.is_empty(),
        }
    }

    /// What an open issue told of.
    fn resolved(&self, issue: &OpenIssue) -> Gap {
        let code = issue.code().unwrap_or_default();
        let mut finding = match issue.collection() {
            Some(collection) => Finding::of_collection(collection, code),
            None => Finding::of_estate(code, ""),
        };
        "the condition does not fail any more".clone_into(&mut finding.message);
        finding.role = self.roles.get(&finding.collection).cloned();
        Gap {
            standing: Standing::Resolved,
            issue: issue.shown(),
            finding,
        }
    }

    /// Says what was not looked at, and ends.
    async fn end(mut self) -> Result<SweepSummary, Failure> {
        if let Some(writer) = self.writer.take() {
            writer.close().await;
        }
        if self.left_open > 0 {
            self.summary.notices.push(format!(
                "{} issues of resolved gaps were not closed, because others held their rows or had ended them: the next sweep looks again",
                self.left_open
            ));
        }
        if self.unrecorded > NAMED {
            self.summary.notices.push(format!(
                "{} more findings could not be recorded",
                self.unrecorded - NAMED
            ));
        }
        Ok(self.summary)
    }

    /// A failure of a sweep that may have recorded something already.
    fn cut_short(&self, failure: Failure) -> Failure {
        let summary = &self.summary;
        let message = format!(
            "{failure}; until then {} collections were looked at, {} issues opened and {} closed",
            summary.registered, summary.issues_opened, summary.issues_closed
        );
        Failure { message, ..failure }.with_hint(
            "sweep again: what is recorded is found and not recorded twice, but is not new any more",
        )
    }

    async fn begin(&mut self) -> Result<Transaction<CoverageStatement>, Failure> {
        let session = match self.writer.take() {
            Some(session) => session,
            None => self.access.open().await?,
        };
        Ok(Transaction::begin(session, self.access.timeouts).await?)
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
