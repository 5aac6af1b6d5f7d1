//! What the lifecycle needs to know of an operation.

use std::fmt::Debug;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use birth_core::digest::Digest;
pub use birth_core::op::report::ReportHeader;
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FinalResponse, Status};
use birth_core::sql::Statement;
use birth_core::sql::frame::{LockedTable, TableLock};

use super::failure::Failure;
use super::replay::RecordedVerdicts;
use crate::pg::{Reader, Returned, Server};

/// Whether the objects of captured keys are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traces {
    /// What the transaction did is there, whole.
    Done,
    /// Nothing of it is there.
    Absent,
    /// Something is, something is not: somebody else was here.
    Mixed,
}

/// What is known of a run when it closes. Fields come from evidence alone: a
/// phase that was not reached leaves its field empty.
#[derive(Debug)]
pub struct Evidence<'a, O: Operation> {
    /// The plan, once there was one.
    pub plan: Option<&'a O::Plan>,
    /// What was committed, once it was.
    pub committed: Option<&'a O::Keys>,
    /// What the last look at the committed objects found.
    pub state: Option<&'a O::State>,
    /// Whether the compiled statements were on the disk before execution.
    pub previewed: bool,
    /// Whether a new read after the commit found the expected state.
    pub confirmed: bool,
    /// Where the log is.
    pub log_path: String,
}

/// Why a plan is not executed, and the status that says so.
#[derive(Debug)]
pub struct Stop {
    /// `BLOCKED` or `POLICY_MISMATCH`.
    pub status: Status,
    /// Why.
    pub failure: Failure,
}

/// An operation, or the undoing of one. The lifecycle calls these in order;
/// none of them opens a transaction, writes the journal or decides a status.
pub trait Operation: Sized {
    /// Its name in the journal.
    const NAME: &'static str;
    /// The stem of its run ids.
    const STEM: &'static str;
    /// Its advisory lock key.
    const LOCK_KEY: &'static str;
    /// The lock its statements need on the tables they change.
    const TABLE_LOCK: TableLock;
    /// What its names resolved to: recorded with the run.
    type Target: Debug + Serialize + DeserializeOwned;
    /// What it reads.
    type Facts: Debug + Serialize + DeserializeOwned;
    /// What verification reads.
    type State: Debug;
    /// What it decided.
    type Plan: Debug + Clone;
    /// What it may execute.
    type Statement: Statement;
    /// What it created (or, when undoing, removed).
    type Keys: Debug + Clone + Serialize + DeserializeOwned;

    /// By whose leave its policy decides, and whether that is signed; none where no
    /// plugin is asked.
    fn approval(&self) -> Option<String> {
        None
    }

    /// Resolves the names it needs, and refuses what cannot work: a missing
    /// right is found here and not by a failed statement.
    fn discover(
        &self,
        reader: Reader<'_>,
        server: &Server,
    ) -> impl Future<Output = Result<Self::Target, Failure>>;

    /// Reads its facts.
    fn read(
        &self,
        reader: Reader<'_>,
        target: &Self::Target,
    ) -> impl Future<Output = Result<Self::Facts, Failure>>;

    /// Decides: asks the policy and makes the plan. The same facts give the
    /// same plan.
    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &Self::Facts,
    ) -> Result<Decided<Self::Plan>, Failure>;

    /// What was decided, a line each, for the log.
    fn summary(plan: &Self::Plan) -> String;
    /// Why nothing may be executed; `None` where it may.
    fn stop(plan: &Self::Plan) -> Option<Stop>;
    /// What is left to do when all of the plan is done: the run is `PARTIAL`.
    fn unfinished(plan: &Self::Plan) -> Option<Failure>;
    /// What names resolved to, in a few words.
    fn about(target: &Self::Target) -> String;
    /// Rights and locks that executing and undoing it need, checked before the
    /// transaction.
    fn check_feasible(&self, target: &Self::Target, plan: &Self::Plan) -> Result<(), Failure>;
    /// What it will execute, in order.
    fn statements(plan: &Self::Plan) -> &[Self::Statement];
    /// The tables whose locks the statements need, in the order in which they
    /// are taken.
    fn tables(plan: &Self::Plan) -> Vec<LockedTable<'_>>;
    /// The tables whose rows the statements are there to change, by
    /// `pg_class.oid`; the transaction must change no row of any other.
    fn changes_rows_of(plan: &Self::Plan) -> Vec<u32>;
    /// The functions that the statements are there to make, by `pg_proc.oid`, as
    /// they are after execution; the transaction must make or change no other.
    fn makes_functions(_plan: &Self::Plan, _after: &Self::State) -> Vec<u32> {
        vec![]
    }
    /// The database it was made on.
    fn database(plan: &Self::Plan) -> &DatabaseIdentity;
    /// The plan's digest.
    fn digest(plan: &Self::Plan) -> Result<Digest, Failure>;
    /// The revision it was decided under; none where no plugin was asked.
    fn revision(plan: &Self::Plan) -> Option<&Revision>;
    /// What differs between two plans, for people.
    fn drift(planned: &Self::Plan, now: &Self::Plan) -> Vec<String>;
    /// The plan's file form.
    fn plan_file(plan: &Self::Plan) -> Result<String, Failure>;
    /// Reads the file form.
    fn read_plan_file(text: &str) -> Result<Self::Plan, Failure>;

    /// What has to be done under the lock before the statements run.
    fn before_execution(
        &self,
        _reader: Reader<'_>,
        _target: &Self::Target,
        _plan: &Self::Plan,
    ) -> impl Future<Output = Result<(), Failure>> {
        async { Ok(()) }
    }

    /// Reads what verification looks at: while locks are held, so as little as
    /// will do.
    fn observe(
        &self,
        reader: Reader<'_>,
        target: &Self::Target,
        plan: &Self::Plan,
    ) -> impl Future<Output = Result<Self::State, Failure>>;

    /// Reads again under the table locks what they do not protect, as far as it
    /// is quickly read; what differs from the facts, empty means nothing.
    fn read_again(
        &self,
        _reader: Reader<'_>,
        _target: &Self::Target,
        _facts: &Self::Facts,
    ) -> impl Future<Output = Result<Vec<String>, Failure>> {
        async { Ok(vec![]) }
    }

    /// What moved between the facts and the table locks; empty means nothing.
    fn moved(&self, plan: &Self::Plan, before: &Self::Facts, locked: &Self::State) -> Vec<String>;
    /// Compares the state after execution with the plan; empty means verified.
    fn verify(plan: &Self::Plan, before: &Self::Facts, after: &Self::State) -> Vec<String>;
    /// Compares a look after the commit with the plan; empty means confirmed.
    /// Without what others may rightly have done since: a recovery may look days
    /// later.
    fn confirm(plan: &Self::Plan, before: &Self::Facts, now: &Self::State) -> Vec<String> {
        Self::verify(plan, before, now)
    }
    /// The exact identities, or what planned thing is not there.
    fn capture(
        plan: &Self::Plan,
        after: &Self::State,
        returned: &[Returned],
    ) -> Result<Self::Keys, String>;

    /// The identities as they are at the end of the transaction, where something
    /// of them can change after the statement that made it.
    fn settle(
        &self,
        _reader: Reader<'_>,
        keys: Self::Keys,
    ) -> impl Future<Output = Result<Self::Keys, Failure>> {
        async { Ok(keys) }
    }

    /// Whether what the transaction did is there.
    fn traces(
        &self,
        reader: Reader<'_>,
        target: &Self::Target,
        plan: &Self::Plan,
        keys: &Self::Keys,
    ) -> impl Future<Output = Result<Traces, Failure>>;

    /// The final response.
    fn response(
        status: Status,
        reason: Option<&str>,
        evidence: &Evidence<'_, Self>,
    ) -> FinalResponse;
    /// The report.
    fn report(
        header: &ReportHeader,
        evidence: &Evidence<'_, Self>,
        response: &FinalResponse,
    ) -> String;
}

/// A plan with what it takes to replay the decision.
#[derive(Debug)]
pub struct Decided<P> {
    /// The plan.
    pub plan: P,
    /// What the plugins were asked and what they answered; none where no plugin
    /// was asked.
    pub verdicts: Option<RecordedVerdicts>,
}
