//! The story of policy storage.

use std::rc::Rc;

use birth_core::outcome::Status;

use super::Stage;
use crate::cli::{plan, render::Render as _};
use crate::journal;
use crate::run::Environment;
use crate::run::carry_out;
use crate::run::failure::Failure;
use crate::run::storage::Storage;
use crate::run::storage::rollback::StorageRollback;
use crate::run::{record, replay};

impl Stage<'_> {
    fn storage(&self) -> Storage {
        Storage {
            profile: self.profile.clone(),
            schema: None,
            policy: Rc::clone(&self.policy),
        }
    }

    /// Sets policy storage up and gives the run that did.
    pub(super) async fn storage_story(
        &self,
        estate: &Environment,
        past: &Environment,
    ) -> Result<String, Failure> {
        let tell = |text: &str| self.progress(text);

        self.say("birth plan storage: what would happen, decided by the approved plugin");
        let planned = carry_out::plan(&estate.access, self.storage()).await?;
        plan::show(self.output, &planned, &self.policy, &estate.access)?;
        let plan = planned.close().await;

        self.say("birth apply storage: exactly this plan");
        let first = carry_out::carry_out(estate, self.storage(), Some(plan), None, &tell).await;
        self.expect(&first, Status::Pass, "columns_added", "6")?;

        self.say("birth verify storage");
        let planned = carry_out::plan(&estate.access, self.storage()).await?;
        let ready = Storage::is_ready(&planned.close().await);
        self.hold(ready, "six columns and two checks are there and right")?;

        self.say("birth apply storage, again: nothing is left to do");
        let second = carry_out::carry_out(estate, self.storage(), None, None, &tell).await;
        self.expect(&second, Status::Pass, "columns_already_existed", "6")?;

        self.say("The same on a registry with a past: every conflict is named, nothing changes");
        let planned = carry_out::plan(&past.access, self.storage()).await?;
        plan::show(self.output, &planned, &self.policy, &past.access)?;
        planned.close().await;
        let blocked = carry_out::carry_out(past, self.storage(), None, None, &tell).await;
        self.expect(&blocked, Status::Blocked, "columns_added", "0")?;

        self.say("birth runs replay: the decision again, bit for bit");
        self.replay(estate, &first.run)?;
        Ok(first.run)
    }

    /// Undoes the run that set policy storage up.
    pub(super) async fn roll_storage_back(
        &self,
        estate: &Environment,
        run: &str,
    ) -> Result<(), Failure> {
        self.say("birth rollback, of policy storage: the registry is as it was");
        let keys = record::keys::<Storage>(&journal::open(&estate.stores.runs, run)?)?;
        let rollback = StorageRollback {
            keys,
            profile: self.profile.clone(),
            export: None,
        };
        let tell = |text: &str| self.progress(text);
        let of = Some(run.to_owned());
        let undone = carry_out::carry_out(estate, rollback, None, of, &tell).await;
        self.expect(&undone, Status::Pass, "columns_dropped", "6")
    }

    pub(super) fn replay(&self, estate: &Environment, run: &str) -> Result<(), Failure> {
        let view = journal::open(&estate.stores.runs, run)?;
        let replayed = replay::replay(&view, &replay::Known::new([&*self.policy]))?;
        self.good(&format!(
            "{} verdicts and {} units of fuel, as recorded",
            replayed.subjects, replayed.fuel
        ));
        Ok(())
    }
}
