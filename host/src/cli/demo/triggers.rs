//! The story of birth triggers.

use std::rc::Rc;

use birth_core::outcome::Status;
use birth_core::policy::artifact::Artifact;

use super::{Stage, prepare};
use crate::cli::output::{DIM, plain, styled};
use crate::cli::{plan, render::Render as _};
use crate::journal;
use crate::run::Environment;
use crate::run::carry_out;
use crate::run::classify::{Classifier, approved_report, put_approved, put_draft};
use crate::run::failure::Failure;
use crate::run::record;
use crate::run::triggers::Triggers;
use crate::run::triggers::rollback::TriggersRollback;

/// A new customer and a new audit entry: the one is registered as a birth, the
/// other is not. Raises an exception where that is not so.
const INSERTS: &str = include_str!("inserts.sql");
/// A role that nobody knows.
const RETIRED: &str = "UPDATE inventory.collection_registry SET governance_role = 'retired' WHERE collection_key = 'products'";
const BACK: &str = "UPDATE inventory.collection_registry SET governance_role = 'governed' WHERE collection_key = 'products'";
/// Triggers that stand in the way.
const PAST: &str = include_str!("triggers-with-a-past.sql");

impl Stage<'_> {
    fn triggers(&self, environment: &Environment) -> Result<Triggers, Failure> {
        let report = approved_report(&environment.stores.knowledge_base)?;
        Ok(Triggers {
            profile: self.profile.clone(),
            schema: None,
            policy: Rc::clone(&self.policy),
            approved: Some(Rc::new(report)),
            batch_size: None,
        })
    }

    async fn classify(&self, environment: &Environment) -> Result<Artifact, Failure> {
        let classifier = Classifier {
            profile: self.profile.clone(),
            schema: None,
            policy: Rc::clone(&self.policy),
        };
        Ok(classifier.classify(&environment.access).await?.artifact)
    }

    /// Installs birth triggers and gives the run that did.
    pub(super) async fn triggers_story(
        &self,
        estate: &Environment,
        past: &Environment,
    ) -> Result<String, Failure> {
        self.say("birth classify: which collections need births, and why");
        let draft = self.classify(estate).await?;
        for entry in draft.entries() {
            self.output
                .line(format!("   {:<12} {}", entry.key, entry.status));
            for reason in entry.reasons.iter().take(2) {
                let reason = format!("{} ({:+})", plain(&reason.message), reason.weight);
                self.output
                    .line(format!("                {}", styled(DIM, reason)));
            }
        }
        put_draft(&estate.stores.knowledge_base, &draft)?;
        self.good("a draft, in the knowledge base, for people to read and to edit");

        self.say("birth classify approve: a person takes it over");
        self.approve(estate, draft)?;

        self.say("birth plan triggers: approved ∩ live-required ∩ species-mapped");
        let planned = carry_out::plan(&estate.access, self.triggers(estate)?).await?;
        plan::show(self.output, &planned, &self.policy, &estate.access)?;
        let plan = planned.close().await;

        self.say("birth apply triggers: exactly this plan");
        let tell = |text: &str| self.progress(text);
        let operation = self.triggers(estate)?;
        let applied = carry_out::carry_out(estate, operation, Some(plan), None, &tell).await;
        self.expect(&applied, Status::Pass, "triggers_installed", "3")?;

        self.say("A row that is born");
        prepare(estate, &[INSERTS]).await?;
        self.good("INSERT INTO customers: one birth is registered; INSERT INTO audit_log: none");

        self.say("birth verify triggers, and the decision again, bit for bit");
        let planned = carry_out::plan(&estate.access, self.triggers(estate)?).await?;
        let ready = Triggers::is_ready(&planned.close().await);
        self.hold(
            ready,
            "every trigger is there, and an issue for what has no species",
        )?;
        self.replay(estate, &applied.run)?;

        self.mismatch(estate).await?;
        self.conflicts(past).await?;
        Ok(applied.run)
    }

    /// Takes the triggers away again that a run installed.
    pub(super) async fn roll_triggers_back(
        &self,
        estate: &Environment,
        run: &str,
    ) -> Result<(), Failure> {
        self.say("birth rollback, of the triggers: by captured oids and primary keys");
        let view = journal::open(&estate.stores.runs, run)?;
        let rollback = TriggersRollback {
            keys: record::keys::<Triggers>(&view)?,
        };
        let tell = |text: &str| self.progress(text);
        let of = Some(run.to_owned());
        let undone = carry_out::carry_out(estate, rollback, None, of, &tell).await;
        self.expect(&undone, Status::Pass, "triggers_dropped", "3")
    }

    fn approve(&self, environment: &Environment, draft: Artifact) -> Result<(), Failure> {
        let store = &environment.stores.knowledge_base;
        let why = Some("as the draft says".to_owned());
        let (approved, _) = put_approved(store, draft, "the demo".to_owned(), why)?;
        self.good(&format!(
            "approved: {} collections, content hash {}",
            approved.entries().len(),
            approved.content().short()
        ));
        Ok(())
    }

    async fn mismatch(&self, estate: &Environment) -> Result<(), Failure> {
        self.say("The registry changes after the approval: a mismatch stops everything");
        prepare(estate, &[RETIRED]).await?;
        let tell = |text: &str| self.progress(text);
        let stopped = carry_out::carry_out(estate, self.triggers(estate)?, None, None, &tell).await;
        self.expect(
            &stopped,
            Status::PolicyMismatch,
            "policy_mismatch_detected",
            "true",
        )?;
        prepare(estate, &[BACK]).await
    }

    async fn conflicts(&self, past: &Environment) -> Result<(), Failure> {
        self.say("Triggers with a past: conflicts are excluded and named, the rest is installed");
        prepare(past, &[PAST]).await?;
        let draft = self.classify(past).await?;
        self.approve(past, draft)?;
        let tell = |text: &str| self.progress(text);
        let partial = carry_out::carry_out(past, self.triggers(past)?, None, None, &tell).await;
        self.expect(&partial, Status::Partial, "triggers_blocked_conflict", "2")
    }
}
