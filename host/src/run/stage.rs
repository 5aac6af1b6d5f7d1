//! The life of a run as types that consume each other:
//! `Discovered → Planned → Previewed → Locked → Verified → Committed →
//! Confirmed`. A value can only be had by doing the step, so no step can be
//! skipped:
//!
//! ```compile_fail,E0599
//! use birth_host::run::operation::Operation;
//! use birth_host::run::stage::{Planned, Waiting};
//! use birth_host::journal::RunDir;
//!
//! async fn skip_the_preview<O: Operation>(planned: Planned<O>, run: &mut RunDir, w: &Waiting) {
//!     // A plan that was not previewed has no `lock`.
//!     let _ = planned.lock(run, w).await;
//! }
//! ```
//!
//! ```compile_fail,E0451
//! use birth_host::run::operation::Operation;
//! use birth_host::run::stage::{Planned, Previewed};
//!
//! fn pretend<O: Operation>(planned: Planned<O>) -> Previewed<O> {
//!     // And "previewed" cannot be claimed.
//!     Previewed { planned }
//! }
//! ```

use std::cell::Cell;
use std::time::Duration;

use serde::Serialize;

use birth_core::op::DatabaseIdentity;
use birth_core::outcome::FailureClass;
use birth_core::sql::{Statement, frame};

use super::failure::{Failure, LOCK_TIMEOUT};
use super::operation::{Decided, Operation};
use crate::journal::{Event, FORMAT, Keys, RunDir, Versioned, file};
use crate::pg::{
    CommitError, LockHolder, MINIMUM_SERVER, PgError, ReadTransaction, Server, Session, Transaction,
};

/// Names are resolved, in a read-only transaction that is still open.
#[derive(Debug)]
pub struct Discovered<O: Operation> {
    operation: O,
    transaction: ReadTransaction,
    server: Server,
    target: O::Target,
}

/// Decided, nothing executed.
#[derive(Debug)]
pub struct Planned<O: Operation> {
    operation: O,
    session: Session,
    server: Server,
    target: O::Target,
    facts: O::Facts,
    decided: Decided<O::Plan>,
}

/// Every compiled statement is on the disk.
#[derive(Debug)]
pub struct Previewed<O: Operation> {
    planned: Planned<O>,
}

/// The locks are held and the facts are what was planned for.
#[derive(Debug)]
pub struct Locked<O: Operation> {
    operation: O,
    transaction: Transaction<O::Statement>,
    server: Server,
    target: O::Target,
    facts: O::Facts,
    plan: O::Plan,
}

/// Executed, and verified in the transaction.
#[derive(Debug)]
pub struct Verified<O: Operation> {
    operation: O,
    transaction: Transaction<O::Statement>,
    server: Server,
    target: O::Target,
    facts: O::Facts,
    plan: O::Plan,
    keys: O::Keys,
}

/// COMMIT was sent and the server answered.
#[derive(Debug)]
pub struct Committed<O: Operation> {
    session: Session,
    after: AfterCommit<O>,
}

/// What outlives the transaction, whatever became of it.
#[derive(Debug)]
pub struct AfterCommit<O: Operation> {
    /// The operation.
    pub operation: O,
    /// What it was about.
    pub target: O::Target,
    /// The facts it was planned on.
    pub before: O::Facts,
    /// The plan.
    pub plan: O::Plan,
    /// What it created.
    pub keys: O::Keys,
}

/// A new read found the expected state.
#[derive(Debug)]
pub struct Confirmed<O: Operation>(O::State);

/// Why the locks were not had.
#[derive(Debug)]
pub enum LockStop {
    /// Somebody else holds one.
    Busy(Failure),
    /// Anything else.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for LockStop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// How COMMIT ended.
#[derive(Debug)]
pub enum CommitStop<O: Operation> {
    /// Rolled back; nothing changed.
    Failed(Failure),
    /// Not known: the connection broke while the answer was awaited.
    Lost {
        /// The error.
        error: PgError,
        /// What it takes to find out.
        after: Box<AfterCommit<O>>,
        /// The rollback keys, as they were written.
        sealed: Box<Keys<O::Keys>>,
    },
}

impl<O: Operation> Discovered<O> {
    /// Reads the server and resolves names.
    pub async fn discover(
        operation: O,
        session: Session,
        timeouts: frame::Timeouts,
    ) -> Result<Self, Failure> {
        let transaction = ReadTransaction::begin(session, timeouts).await?;
        let server = read_server(&transaction).await?;
        let target = operation.discover(transaction.reader(), &server).await?;
        Ok(Self {
            operation,
            transaction,
            server,
            target,
        })
    }

    /// What names resolved to.
    pub fn target(&self) -> &O::Target {
        &self.target
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Reads the facts and decides.
    pub async fn plan(self) -> Result<Planned<O>, Failure> {
        let facts = self
            .operation
            .read(self.transaction.reader(), &self.target)
            .await?;
        let session = self.transaction.end().await?;
        let decided = self.operation.plan(&self.server.database, &facts)?;
        Ok(Planned {
            operation: self.operation,
            session,
            server: self.server,
            target: self.target,
            facts,
            decided,
        })
    }
}

pub(super) async fn read_server(transaction: &ReadTransaction) -> Result<Server, Failure> {
    let server = transaction.reader().server().await?;
    if server.version_number < MINIMUM_SERVER {
        return Err(Failure::new(
            FailureClass::Configuration,
            "SERVER_TOO_OLD",
            format!(
                "PostgreSQL {} is older than 13, the oldest this host works with",
                server.version
            ),
        ));
    }
    Ok(server)
}

impl<O: Operation> Planned<O> {
    /// The plan.
    pub fn plan(&self) -> &O::Plan {
        &self.decided.plan
    }

    /// The facts it was made from.
    pub fn facts(&self) -> &O::Facts {
        &self.facts
    }

    /// The operation.
    pub fn operation(&self) -> &O {
        &self.operation
    }

    /// What names resolved to.
    pub fn target(&self) -> &O::Target {
        &self.target
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Ends without executing.
    pub async fn close(self) -> O::Plan {
        self.session.close().await;
        self.decided.plan
    }

    /// Writes facts, verdicts, plan and every compiled statement, and waits
    /// until all of it is on the disk.
    pub fn preview(
        self,
        run: &mut RunDir,
        timeouts: frame::Timeouts,
    ) -> Result<Previewed<O>, Failure> {
        run.write(file::TARGET, &versioned(&self.target)?)?;
        run.write_compressed(
            file::FACTS,
            &Versioned {
                format: FORMAT,
                content: &self.facts,
            },
        )?;
        let verdicts = match &self.decided.verdicts {
            Some(verdicts) => run.write_compressed_or_say_so(file::VERDICTS, verdicts)?,
            None => None,
        };
        run.write(file::PLAN, O::plan_file(self.plan())?.as_bytes())?;
        let compiled = compiled_sql::<O>(self.plan(), timeouts);
        run.write(file::COMPILED, compiled.as_bytes())?;
        run.line(&O::summary(self.plan()))?;
        run.line(&format!("compiled statements:\n{compiled}"))?;
        run.sync_log()?;
        run.event(Event::Previewed { verdicts })?;
        Ok(Previewed { planned: self })
    }
}

fn versioned(content: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let file = Versioned {
        format: FORMAT,
        content,
    };
    serde_json::to_vec_pretty(&file).map_err(|e| Failure::encoding(&e))
}

/// Every statement of the transaction that changes or locks something, in the
/// order in which it will be sent; what is only read in between is left out.
pub fn compiled_sql<O: Operation>(plan: &O::Plan, timeouts: frame::Timeouts) -> String {
    let mut frame = vec![frame::BEGIN.to_owned()];
    frame.extend(frame::local_settings(timeouts));
    frame.push(frame::try_lock(O::LOCK_KEY));
    frame.push(frame::try_lock(frame::SHARED_LOCK_KEY));
    let statements = O::statements(plan);
    if !statements.is_empty() {
        frame.extend(frame::lock_tables(
            &O::tables(plan),
            O::TABLE_LOCK,
            timeouts,
        ));
    }
    let mut out: String = frame.iter().map(|line| format!("{line};\n")).collect();
    for statement in statements {
        out += &statement.preview();
        out.push('\n');
    }
    if !statements.is_empty() {
        out += frame::FIRE_DEFERRED;
        out += ";\n";
    }
    out + frame::COMMIT + ";\n"
}

impl<O: Operation> Previewed<O> {
    /// Opens the transaction, takes the advisory locks, reads the facts again
    /// and decides once more, and takes the table locks last: reading takes
    /// longer than changing, and nobody should wait for it. What the facts say
    /// of the tables themselves is looked at again under their locks.
    pub async fn lock(
        self,
        run: &mut RunDir,
        timeouts: frame::Timeouts,
        retries: u32,
    ) -> Result<Locked<O>, LockStop> {
        let Planned {
            operation,
            mut session,
            server,
            target,
            facts,
            decided,
        } = self.planned;
        let mut locked = Locking {
            operation,
            server,
            target,
            facts,
            plan: decided.plan,
        };
        let mut attempt = 0;
        loop {
            let transaction = Transaction::begin(session, timeouts).await?;
            match locked.try_lock(&transaction, timeouts).await {
                Ok(()) => {
                    run.event(Event::Locked)?;
                    return Ok(locked.hold(transaction));
                }
                Err(LockStop::Failed(failure)) if failure.code == LOCK_TIMEOUT => {
                    session = transaction.rollback().await?;
                    let holders = locked.holders(&session, timeouts).await;
                    if attempt >= retries {
                        let tables = O::tables(&locked.plan).len();
                        return Err(table_busy(&failure, attempt, &holders, tables));
                    }
                    attempt += 1;
                    let pause = Duration::from_millis(250 * 2_u64.pow(attempt.min(6)));
                    run.line(&format!(
                        "a lock was not free within {:?} ({holders}); attempt {attempt} of {} in {pause:?}",
                        timeouts.lock, retries
                    ))?;
                    tokio::time::sleep(pause).await;
                }
                Err(stop) => {
                    // A connection that is gone is rolled back by the server.
                    let _ = transaction.rollback().await;
                    return Err(stop);
                }
            }
        }
    }
}

/// What it takes to lock, on one attempt after another.
struct Locking<O: Operation> {
    operation: O,
    server: Server,
    target: O::Target,
    facts: O::Facts,
    plan: O::Plan,
}

impl<O: Operation> Locking<O> {
    async fn try_lock(
        &mut self,
        transaction: &Transaction<O::Statement>,
        timeouts: frame::Timeouts,
    ) -> Result<(), LockStop> {
        for key in [O::LOCK_KEY, frame::SHARED_LOCK_KEY] {
            if !transaction.try_lock(key).await? {
                return Err(advisory_busy(transaction, key).await);
            }
        }
        let reader = transaction.reader();
        let facts = self.operation.read(reader, &self.target).await?;
        let now = self.operation.plan(&self.server.database, &facts)?.plan;
        if O::digest(&now)? != O::digest(&self.plan)? {
            let drift = O::drift(&self.plan, &now);
            return Err(drifted(&drift, "between the plan and the lock").into());
        }
        self.facts = facts;
        if O::statements(&self.plan).is_empty() {
            return Ok(());
        }
        transaction
            .lock_tables(&O::tables(&self.plan), O::TABLE_LOCK, timeouts)
            .await?;
        let state = self
            .operation
            .observe(reader, &self.target, &self.plan)
            .await?;
        let mut moved = self.operation.moved(&self.plan, &self.facts, &state);
        let again = self
            .operation
            .read_again(reader, &self.target, &self.facts)
            .await?;
        moved.extend(again);
        if moved.is_empty() {
            return Ok(());
        }
        Err(drifted(&moved, "between the plan and the lock").into())
    }

    /// Naming the holders is a courtesy that must not hide the time-out itself.
    async fn holders(&self, session: &Session, timeouts: frame::Timeouts) -> String {
        let oids: Vec<u32> = O::tables(&self.plan).iter().map(|t| t.oid).collect();
        match session.lock_holders(&oids, O::TABLE_LOCK, timeouts).await {
            Ok(holders) => describe(&holders),
            Err(error) => format!("who holds it could not be read: {error}"),
        }
    }

    fn hold(self, transaction: Transaction<O::Statement>) -> Locked<O> {
        let Self {
            operation,
            server,
            target,
            facts,
            plan,
        } = self;
        Locked {
            operation,
            transaction,
            server,
            target,
            facts,
            plan,
        }
    }
}

/// The live database is not what was planned for.
pub fn drifted(drift: &[String], when: &str) -> Failure {
    Failure::new(
        FailureClass::Drift,
        "DRIFT",
        format!("the database changed {when}: {}", drift.join("; ")),
    )
    .with_hint("look at the differences and make the plan again")
}

async fn advisory_busy<S: Statement>(transaction: &Transaction<S>, key: &'static str) -> LockStop {
    // Naming the holder is a courtesy; the answer is busy either way.
    let holders = transaction
        .reader()
        .advisory_holders(key)
        .await
        .unwrap_or_default();
    LockStop::Busy(
        Failure::new(
            FailureClass::Database,
            "OPERATION_RUNNING",
            format!(
                "another run holds the advisory lock {key:?}: {}",
                describe(&holders)
            ),
        )
        .with_hint("wait for it to end, then run the command again"),
    )
}

fn table_busy(failure: &Failure, attempts: u32, holders: &str, tables: usize) -> LockStop {
    // See `frame::lock_tables`: several tables are not waited for any longer.
    let hint = if tables > 1 {
        "end the blocking sessions or try at a quieter time; --lock-retries tries more often, and an installation with a smaller --batch-size needs fewer locks at once"
    } else {
        "end the blocking sessions or try at a quieter time; --lock-timeout and --lock-retries wait longer"
    };
    LockStop::Busy(
        Failure::new(
            FailureClass::Database,
            LOCK_TIMEOUT,
            format!("{failure}; tried {} times; {holders}", attempts + 1),
        )
        .with_hint(hint),
    )
}

fn describe(holders: &[LockHolder]) -> String {
    if holders.is_empty() {
        return "the holder is not visible to this role, or is gone".to_owned();
    }
    holders
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

impl<O: Operation> Locked<O> {
    /// Executes the statements and verifies the result in the transaction.
    /// Anything unexpected rolls back.
    ///
    /// `tell` hears how many statements have run.
    pub async fn execute(
        self,
        run: &mut RunDir,
        tell: &dyn Fn(usize),
    ) -> Result<Verified<O>, Failure> {
        match self.try_execute(run, tell).await {
            Ok(keys) => {
                let Self {
                    operation,
                    transaction,
                    server,
                    target,
                    facts,
                    plan,
                } = self;
                Ok(Verified {
                    operation,
                    transaction,
                    server,
                    target,
                    facts,
                    plan,
                    keys,
                })
            }
            Err(failure) => {
                // A connection that is gone is rolled back by the server.
                let _ = self.transaction.rollback().await;
                Err(failure)
            }
        }
    }

    async fn try_execute(
        &self,
        run: &mut RunDir,
        tell: &dyn Fn(usize),
    ) -> Result<O::Keys, Failure> {
        let reader = self.transaction.reader();
        self.operation
            .before_execution(reader, &self.target, &self.plan)
            .await?;
        let returned = self
            .transaction
            .execute(O::statements(&self.plan), tell)
            .await?;
        if !O::statements(&self.plan).is_empty() {
            self.transaction.fire_deferred().await?;
        }
        let after = self
            .operation
            .observe(reader, &self.target, &self.plan)
            .await?;
        let mut faults = O::verify(&self.plan, &self.facts, &after);
        // "No data mutation" is looked at, not assumed: an event trigger can do
        // more than the statement that fired it.
        match reader.rows_touched(&O::changes_rows_of(&self.plan)).await? {
            Some(touched) => faults.extend(
                touched
                    .iter()
                    .map(|(table, rows)| format!("{rows} rows were changed in {table}")),
            ),
            None => faults.push(
                "whether rows were changed cannot be told, because track_counts is off".to_owned(),
            ),
        }
        let allowed = O::makes_functions(&self.plan, &after);
        let made = reader.functions_made(&allowed).await?;
        faults.extend(
            made.iter()
                .map(|f| format!("the function {f} was made or changed")),
        );
        let keys = match O::capture(&self.plan, &after, &returned) {
            Ok(keys) if faults.is_empty() => Ok(keys),
            Ok(_) => Err(faults),
            Err(missing) => {
                if !faults.contains(&missing) {
                    faults.push(missing);
                }
                Err(faults)
            }
        };
        let keys = keys.map_err(|faults| {
            Failure::new(
                FailureClass::Verification,
                "VERIFICATION_FAILED",
                format!(
                    "rolled back, the result is not as planned: {}",
                    faults.join("; ")
                ),
            )
            .with_hint("an event trigger, a trigger of the issues table or an extension may do more than the statement")
        })?;
        let keys = self.operation.settle(reader, keys).await?;
        run.event(Event::Verified)?;
        Ok(keys)
    }
}

impl<O: Operation> Verified<O> {
    /// Writes rollback keys and the transaction's id to the disk, then commits.
    ///
    /// `committing` is set when COMMIT is about to be sent.
    pub async fn commit(
        self,
        run: &mut RunDir,
        committing: &Cell<bool>,
    ) -> Result<Committed<O>, CommitStop<O>> {
        let sealed = match self.seal(run).await {
            Ok(sealed) => sealed,
            Err(failure) => {
                let _ = self.transaction.rollback().await;
                return Err(CommitStop::Failed(failure));
            }
        };
        let Self {
            operation,
            transaction,
            target,
            facts,
            plan,
            keys,
            ..
        } = self;
        let after = AfterCommit {
            operation,
            target,
            before: facts,
            plan,
            keys,
        };
        committing.set(true);
        match transaction.commit().await {
            Ok(session) => Ok(Committed { session, after }),
            Err(CommitError::Refused(error)) => Err(CommitStop::Failed(error.into())),
            Err(CommitError::Lost(error)) => Err(CommitStop::Lost {
                error,
                after: Box::new(after),
                sealed: Box::new(sealed),
            }),
        }
    }

    async fn seal(&self, run: &mut RunDir) -> Result<Keys<O::Keys>, Failure> {
        let transaction = self.transaction.id().await?;
        let database: &DatabaseIdentity = &self.server.database;
        let sealed = Keys::seal(O::NAME, run.id(), database, &transaction, self.keys.clone())
            .map_err(|e| Failure::encoding(&e))?;
        let text = serde_json::to_string_pretty(&sealed).map_err(|e| Failure::encoding(&e))?;
        run.write(file::KEYS, text.as_bytes())?;
        run.line(&format!(
            "rollback keys: {}",
            serde_json::to_string(&sealed).map_err(|e| Failure::encoding(&e))?
        ))?;
        run.sync_log()?;
        run.event(Event::Committing { transaction })?;
        Ok(sealed)
    }
}

impl<O: Operation> Committed<O> {
    /// Takes it apart for the confirmation.
    pub fn into_parts(self) -> (Session, AfterCommit<O>) {
        (self.session, self.after)
    }
}

impl<O: Operation> AfterCommit<O> {
    /// Looks again in a new transaction and compares.
    pub async fn confirm(
        &self,
        session: Session,
        timeouts: frame::Timeouts,
    ) -> Result<Confirmed<O>, Failure> {
        let transaction = ReadTransaction::begin(session, timeouts).await?;
        let now = self
            .operation
            .observe(transaction.reader(), &self.target, &self.plan)
            .await?;
        transaction.end().await?.close().await;
        let faults = O::confirm(&self.plan, &self.before, &now);
        if faults.is_empty() {
            return Ok(Confirmed(now));
        }
        Err(Failure::new(
            FailureClass::Verification,
            "CONFIRMATION_FAILED",
            format!("a new read differs: {}", faults.join("; ")),
        ))
    }
}

impl<O: Operation> Confirmed<O> {
    /// What the new read found.
    pub fn into_state(self) -> O::State {
        self.0
    }
}
