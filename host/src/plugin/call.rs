//! Calls: each has a store of its own, so that nothing of one call, a trap
//! least of all, reaches the next. Answers leave this module checked.

use std::sync::Arc;

use birth_core::facts::Question;
use birth_core::facts::TextHeap;
use birth_core::facts::classification::ClassificationFacts;
use birth_core::facts::conflict::ConflictFacts;
use birth_core::facts::coverage::CoverageFacts;
use birth_core::policy::settings::Settings;
use birth_core::policy::verdict::{Answer, Description, RawVerdicts, check, places};
use wasmtime::{Store, Trap};

use super::bindings::v0_1::{Bound, Judgement, Refusal, lend, settings_bytes};
use super::error::{Call, PluginError};
use super::limits::{GrowthRefused, Meter};
use super::load::Plugin;

/// A judged batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// One answer per subject, in the order of the subjects.
    pub answers: Vec<Answer>,
    /// The answer as it came, for the run's record.
    pub raw: RawVerdicts,
    /// Fuel that was used: the same on every run of the same bytes.
    pub fuel: u64,
}

/// A judged batch that was checked and not put in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unworded {
    /// The answer as it came.
    pub raw: RawVerdicts,
    /// Where the answer to each subject stands in it, in the order of the
    /// subjects.
    pub places: Vec<u32>,
    /// Fuel that was used.
    pub fuel: u64,
}

/// A batch of any role.
#[derive(Debug, Clone, Copy)]
pub enum Batch<'a> {
    /// What coverage collections need.
    Classification(&'a ClassificationFacts),
    /// What proposed objects meet.
    Conflict(&'a ConflictFacts),
    /// Which coverage conditions collections fail.
    Coverage(&'a CoverageFacts),
}

impl<'a> From<&'a Question> for Batch<'a> {
    fn from(batch: &'a Question) -> Self {
        match batch {
            Question::Classification(facts) => Self::Classification(facts),
            Question::Conflict(facts) => Self::Conflict(facts),
            Question::Coverage(facts) => Self::Coverage(facts),
        }
    }
}

impl Batch<'_> {
    /// How many answers it takes.
    #[must_use]
    pub fn subjects(&self) -> usize {
        match self {
            Self::Classification(facts) => facts.subjects(),
            Self::Conflict(facts) => facts.subjects(),
            Self::Coverage(facts) => facts.subjects(),
        }
    }

    /// Its texts.
    #[must_use]
    pub fn text(&self) -> &TextHeap {
        match self {
            Self::Classification(facts) => &facts.text,
            Self::Conflict(facts) => &facts.text,
            Self::Coverage(facts) => &facts.text,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Classification(facts) => lend::classification::bytes(facts),
            Self::Conflict(facts) => lend::conflict::bytes(facts),
            Self::Coverage(facts) => lend::coverage::bytes(facts),
        }
    }
}

impl Plugin {
    /// What the plugin says of itself, checked. Asked once.
    ///
    /// # Errors
    /// [`PluginError::BadDescription`], or whatever stopped the call.
    pub fn describe(&self) -> Result<&Description, PluginError> {
        if let Some(known) = self.description.get() {
            return Ok(known);
        }
        let (found, _) = self.run(Call::Describe, 0, |bound, store| bound.describe(store))?;
        found
            .check()
            .map_err(|source| PluginError::BadDescription {
                plugin: Arc::clone(&self.id),
                source,
            })?;
        Ok(self.description.get_or_init(|| found))
    }

    /// Whether the plugin accepts its settings.
    ///
    /// # Errors
    /// [`PluginError::SettingsRejected`] with every problem it names, or
    /// whatever stopped the call.
    pub fn check_settings(&self, settings: &Settings) -> Result<(), PluginError> {
        self.check_batch(settings_bytes(settings))?;
        let (answer, _) = self.run(Call::CheckSettings, 0, |bound, store| {
            bound.check_settings(store, settings)
        })?;
        answer.map_err(|problems| self.rejected(problems))
    }

    /// Judges a batch of whichever role.
    ///
    /// # Errors
    /// As [`judge_conflict`](Self::judge_conflict).
    pub fn judge_batch(
        &self,
        settings: &Settings,
        batch: &Question,
    ) -> Result<Judged, PluginError> {
        self.judge(settings, batch.into())
    }

    /// Judges a batch of the classification role.
    ///
    /// # Errors
    /// As [`judge_conflict`](Self::judge_conflict).
    pub fn judge_classification(
        &self,
        settings: &Settings,
        facts: &ClassificationFacts,
    ) -> Result<Judged, PluginError> {
        self.judge(settings, Batch::Classification(facts))
    }

    /// Judges a batch of the conflict role.
    ///
    /// # Errors
    /// Whatever stopped the call, and [`PluginError::BadAnswer`] for an answer
    /// that breaks the rules of the boundary.
    pub fn judge_conflict(
        &self,
        settings: &Settings,
        facts: &ConflictFacts,
    ) -> Result<Judged, PluginError> {
        self.judge(settings, Batch::Conflict(facts))
    }

    /// Judges a batch of the coverage role.
    ///
    /// # Errors
    /// As [`judge_conflict`](Self::judge_conflict).
    pub fn judge_coverage(
        &self,
        settings: &Settings,
        facts: &CoverageFacts,
    ) -> Result<Judged, PluginError> {
        self.judge(settings, Batch::Coverage(facts))
    }

    /// Judges a batch and checks the answer, but puts nothing in words.
    ///
    /// # Errors
    /// As [`judge_conflict`](Self::judge_conflict).
    pub fn judge_unworded(
        &self,
        settings: &Settings,
        batch: Batch<'_>,
    ) -> Result<Unworded, PluginError> {
        let (raw, fuel) = self.ask(settings, batch)?;
        // Within the batch's limit, so it fits.
        let subjects = batch.subjects() as u32;
        let found = places(self.id.role, &raw, subjects, self.describe()?, batch.text());
        let places = found.map_err(|source| self.bad_answer(source))?;
        Ok(Unworded { raw, places, fuel })
    }

    fn judge(&self, settings: &Settings, batch: Batch<'_>) -> Result<Judged, PluginError> {
        let (raw, fuel) = self.ask(settings, batch)?;
        // Within the batch's limit, so it fits.
        let subjects = batch.subjects() as u32;
        let checked = check(self.id.role, &raw, subjects, self.describe()?, batch.text());
        let answers = checked.map_err(|source| self.bad_answer(source))?;
        Ok(Judged { answers, raw, fuel })
    }

    /// Asks; the answer is not checked.
    fn ask(
        &self,
        settings: &Settings,
        batch: Batch<'_>,
    ) -> Result<(RawVerdicts, u64), PluginError> {
        self.check_batch(batch.bytes() + settings_bytes(settings))?;
        // What cannot describe itself is not asked anything else.
        self.describe()?;
        let subjects = batch.subjects() as u32;
        let (answer, fuel) = self.run(
            Call::Judge,
            subjects,
            |bound, store| -> wasmtime::Result<Judgement> {
                match batch {
                    Batch::Classification(facts) => {
                        bound.judge_classification(store, settings, facts)
                    }
                    Batch::Conflict(facts) => bound.judge_conflict(store, settings, facts),
                    Batch::Coverage(facts) => bound.judge_coverage(store, settings, facts),
                }
            },
        )?;
        let raw = answer.map_err(|refusal| match refusal {
            Refusal::Settings(problems) => self.rejected(problems),
            Refusal::Malformed(what) => PluginError::Malformed {
                plugin: Arc::clone(&self.id),
                what,
            },
        })?;
        Ok((raw, fuel))
    }

    fn bad_answer(&self, source: birth_core::policy::verdict::VerdictError) -> PluginError {
        PluginError::BadAnswer {
            plugin: Arc::clone(&self.id),
            source,
        }
    }

    fn rejected(&self, problems: Vec<super::error::SettingProblem>) -> PluginError {
        PluginError::SettingsRejected {
            plugin: Arc::clone(&self.id),
            problems,
        }
    }

    fn check_batch(&self, found: usize) -> Result<(), PluginError> {
        let limit = self.limits.batch_bytes;
        if found > limit {
            return Err(PluginError::BatchTooLarge {
                plugin: Arc::clone(&self.id),
                found,
                limit,
            });
        }
        Ok(())
    }

    /// One call in a fresh store; gives the answer and the fuel it took,
    /// instantiation included.
    fn run<R>(
        &self,
        call: Call,
        subjects: u32,
        f: impl FnOnce(&Bound, &mut Store<Meter>) -> wasmtime::Result<R>,
    ) -> Result<(R, u64), PluginError> {
        let mut guarded = self.engine.store(&self.limits, subjects)?;
        let store = &mut guarded.store;
        let instance = self
            .pre
            .instantiate(&mut *store)
            .map_err(|e| self.blame(Call::Instantiate, subjects, &e))?;
        let bound = Bound::new(self.id.role, store, &instance).map_err(|e| {
            PluginError::WrongInterface {
                plugin: Arc::clone(&self.id),
                what: format!("{e:#}"),
            }
        })?;
        let answer = f(&bound, store).map_err(|e| self.blame(call, subjects, &e))?;
        let left = store.get_fuel().unwrap_or(0);
        Ok((answer, self.limits.fuel(subjects) - left))
    }

    /// Says what a failed call was.
    fn blame(&self, during: Call, subjects: u32, error: &wasmtime::Error) -> PluginError {
        let plugin = Arc::clone(&self.id);
        let limits = &self.limits;
        // A refused growth first: to the guest it is a trap like any other.
        if let Some(refused) = error.downcast_ref::<GrowthRefused>() {
            return match *refused {
                GrowthRefused::Memory { limit } => PluginError::OutOfMemory {
                    plugin,
                    during,
                    limit,
                },
                GrowthRefused::Table { .. } => PluginError::Trapped {
                    plugin,
                    during,
                    what: refused.to_string(),
                },
            };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => PluginError::OutOfFuel {
                plugin,
                during,
                limit: limits.fuel(subjects),
            },
            Some(Trap::Interrupt) => PluginError::DeadlineExceeded {
                plugin,
                during,
                limit: limits.deadline,
            },
            Some(trap) => PluginError::Trapped {
                plugin,
                during,
                what: trap.to_string(),
            },
            None if answer_is_too_large(error) => PluginError::AnswerTooLarge {
                plugin,
                during,
                limit: limits.answer_bytes(subjects),
            },
            None if during == Call::Instantiate => PluginError::Trapped {
                plugin,
                during,
                what: format!("{error:#}"),
            },
            None => PluginError::Unreadable {
                plugin,
                during,
                what: format!("{error:#}"),
            },
        }
    }
}

/// The engine's type for this is private, so its words have to do; the test
/// of hostile guests holds them.
fn answer_is_too_large(error: &wasmtime::Error) -> bool {
    error
        .root_cause()
        .to_string()
        .starts_with("too much data is being copied")
}
