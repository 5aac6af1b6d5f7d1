//! The story of coverage: the gate, its worker, the sweep, and decisions.

use std::rc::Rc;

use birth_core::coverage::{Standing, SweepSummary};
use birth_core::op::decide::request::{Request, Requests};
use birth_core::outcome::{FailureClass, Status};
use birth_core::policy::Role;
use birth_core::policy::coverage::CoverageStatus;

use super::{Stage, prepare};
use crate::cli::options::queue_of;
use crate::cli::output::{BAD, GOOD, WARN, plain, styled};
use crate::cli::policy::diff::{self, Shown};
use crate::cli::{plan, render::Render as _};
use crate::journal;
use crate::run::Environment;
use crate::run::carry_out;
use crate::run::coverage::Coverage;
use crate::run::decide::Decide;
use crate::run::decide::rollback::DecideRollback;
use crate::run::facts::LiveFacts;
use crate::run::failure::Failure;
use crate::run::gate::Gate;
use crate::run::gate::rollback::GateRollback;
use crate::run::policy_diff::{Comparison, Source, compare};
use crate::run::record;
use crate::run::spool::Spool;
use crate::run::sweep::{Record, Sweep};
use crate::run::watch::drain;
use crate::run::worker::Worker;

/// A governed collection that has no table, as somebody may register it.
const BAD_ROW: &str = "INSERT INTO inventory.collection_registry (collection_key, title, governance_role) VALUES ('invoices', 'Invoices', 'governed')";

/// What was decided under an earlier revision, which took any word for a reason.
const OLD_DECISION: &str = "UPDATE inventory.collection_registry SET coverage_status = 'BIRTH_EXEMPT_LOG', coverage_exemption_reason = 'todo', coverage_decided_at = now(), coverage_decided_by = 'Ann' WHERE collection_key = 'invoices'";

/// As it was before.
const FORGET_DECISION: &str = "UPDATE inventory.collection_registry SET coverage_status = NULL, coverage_exemption_reason = NULL, coverage_decided_at = NULL, coverage_decided_by = NULL WHERE collection_key = 'invoices'";

/// The runs of this story that are to be rolled back.
pub(super) struct CoverageRuns {
    gate: String,
    decisions: String,
}

impl Stage<'_> {
    fn coverage(&self) -> Coverage {
        Coverage {
            profile: Rc::new(self.profile.clone()),
            schema: None,
            policy: Rc::clone(&self.policy),
        }
    }

    fn gate(&self) -> Gate {
        Gate {
            profile: self.profile.clone(),
            schema: None,
        }
    }

    /// Installs the gate, lets a bad row through it, sweeps and decides.
    pub(super) async fn coverage_story(
        &self,
        estate: &Environment,
    ) -> Result<CoverageRuns, Failure> {
        let tell = |text: &str| self.progress(text);
        self.say("birth plan gate: a queue, a function and two triggers on the registry");
        let planned = carry_out::plan(&estate.access, self.gate()).await?;
        plan::show(self.output, &planned, &self.policy, &estate.access)?;
        let planned = planned.close().await;

        self.say("birth apply gate: exactly this plan");
        let gate = carry_out::carry_out(estate, self.gate(), Some(planned), None, &tell).await;
        self.expect(&gate, Status::Pass, "gate_triggers_installed", "2")?;
        let planned = carry_out::plan(&estate.access, self.gate()).await?;
        let ready = Gate::is_ready(&planned.close().await);
        self.hold(ready, "birth verify gate: all of it is there")?;

        self.say("A bad row of the registry: a governed collection without a table");
        prepare(estate, &[BAD_ROW]).await?;
        self.good("the INSERT succeeds, whatever the gate thinks of it");

        self.say("birth gate drain: the event becomes health checks and issues");
        self.drain(estate).await?;

        self.say("birth sweep: what the gate could not see, because it was there before");
        let swept = self.sweep(estate, false).await?;
        let gaps = swept.gaps();
        self.hold(
            (gaps.new, gaps.persisting) == (6, 2),
            "six collections are undecided; the two gaps of the gate are known already",
        )?;

        self.say("birth decide: people say what each collection needs, and why");
        let decided = carry_out::carry_out(estate, self.decisions()?, None, None, &tell).await;
        self.expect(&decided, Status::Pass, "decisions_written", "6")?;

        self.say("birth sweep --close-resolved: the decided gaps are gone, their issues closed");
        let swept = self.sweep(estate, true).await?;
        let gaps = swept.gaps();
        let as_expected = (gaps.new, gaps.persisting, gaps.resolved) == (0, 2, 6);
        self.hold(
            as_expected && swept.issues_closed == 6,
            "six resolved, nothing new; `invoices` still has no table",
        )?;

        self.say(
            "birth policy diff approved:3 approved:4: what the newest revision says otherwise",
        );
        prepare(estate, &[OLD_DECISION]).await?;
        self.compare(estate).await?;
        prepare(estate, &[FORGET_DECISION]).await?;
        Ok(CoverageRuns {
            gate: gate.run,
            decisions: decided.run,
        })
    }

    async fn drain(&self, estate: &Environment) -> Result<(), Failure> {
        let queue = queue_of(&self.profile)?;
        let mut worker = Worker {
            coverage: self.coverage(),
            queue,
            batch: 256,
            attempts: 5,
            alone: 0,
        };
        let (effects, left) = drain(&mut worker, &estate.access).await?;
        let worked_off = (effects.done, effects.opened, left.waiting) == (1, 2, 0);
        self.hold(
            worked_off,
            "one event: no table, no decision; two health checks and two issues",
        )
    }

    /// Both revisions on every collection; only what somebody excused with a word
    /// for later is told apart.
    async fn compare(&self, estate: &Environment) -> Result<(), Failure> {
        let comparison =
            Comparison::new(&self.before, &self.policy, |role| role == Role::Coverage)?;
        let facts = LiveFacts {
            profile: Rc::new(self.profile.clone()),
            schema: None,
            policy: Rc::clone(&self.policy),
            roles: comparison.roles().collect(),
        };
        let tell = |text: &str| self.progress(text);
        let source = Source::Live(&estate.access, facts);
        let difference = compare(comparison, source, &tell).await?;
        diff::show(
            self.output,
            &Shown {
                difference: &difference,
                old: self.before.standing().backing(),
                new: self.policy.standing().backing(),
            },
        );
        self.hold(
            !difference.diff.is_same(),
            "revision 4 takes \"todo\" for no reason; its digest can be put into the approval",
        )
    }

    async fn sweep(
        &self,
        estate: &Environment,
        close_resolved: bool,
    ) -> Result<SweepSummary, Failure> {
        let sweep = Sweep {
            coverage: self.coverage(),
            shard: None,
            record: Record::New,
            close_resolved,
        };
        let mut spool = Spool::create(std::env::temp_dir())?;
        let tell = |text: &str| self.progress(text);
        let summary = sweep.run(&estate.access, &mut spool, &tell).await?;
        spool.flush()?;
        for gap in spool.gaps() {
            let gap = gap?;
            let standing = match gap.standing {
                Standing::New => styled(BAD, "new       "),
                Standing::Persisting => styled(WARN, "persisting"),
                Standing::Resolved => styled(GOOD, "resolved  "),
            };
            self.output.line(format!(
                "   {standing} {:<12} {}",
                plain(&gap.finding.collection),
                gap.finding.code
            ));
        }
        Ok(summary)
    }

    fn decisions(&self) -> Result<Decide, Failure> {
        let decision = |collection: &str, status, why: Option<&str>, owner: Option<&str>| Request {
            collection: collection.to_owned(),
            status,
            scope: None,
            reason: why.map(str::to_owned),
            owner: owner.map(str::to_owned),
        };
        let required = |collection| decision(collection, CoverageStatus::Required, None, None);
        let decisions = vec![
            required("customers"),
            required("products"),
            required("orders"),
            decision(
                "product_tags",
                CoverageStatus::ExemptJunction,
                Some("it only says which tags a product has"),
                None,
            ),
            decision(
                "audit_log",
                CoverageStatus::ExemptLog,
                Some("it records what happened and is never changed"),
                None,
            ),
            decision(
                "reviews",
                CoverageStatus::Deferred,
                None,
                Some("the shop's editors"),
            ),
        ];
        let requests = Requests::new("the demo".to_owned(), decisions).map_err(|error| {
            Failure::new(FailureClass::Internal, "BAD_DECISION", error.to_string())
        })?;
        Ok(Decide {
            coverage: self.coverage(),
            requests: Some(requests),
        })
    }

    /// Takes decisions and gate away again.
    pub(super) async fn roll_coverage_back(
        &self,
        estate: &Environment,
        runs: CoverageRuns,
    ) -> Result<(), Failure> {
        let tell = |text: &str| self.progress(text);
        self.say("birth rollback, of the decisions: the six values of each row as they were");
        let view = journal::open(&estate.stores.runs, &runs.decisions)?;
        let rollback = DecideRollback {
            keys: record::keys::<Decide>(&view)?,
        };
        let of = Some(runs.decisions);
        let undone = carry_out::carry_out(estate, rollback, None, of, &tell).await;
        self.expect(&undone, Status::Pass, "decisions_restored", "6")?;

        self.say("birth rollback, of the gate: triggers, function, queue and schema");
        let view = journal::open(&estate.stores.runs, &runs.gate)?;
        let rollback = GateRollback {
            keys: record::keys::<Gate>(&view)?,
            export: None,
        };
        let of = Some(runs.gate);
        let undone = carry_out::carry_out(estate, rollback, None, of, &tell).await;
        self.expect(&undone, Status::Pass, "objects_dropped", "5")
    }
}
