//! Reading what the coverage conditions ask and having it judged: what gate,
//! sweep and decisions share. Writes nothing.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use birth_core::catalog::function::TriggerFunction;
use birth_core::coverage::finding::KEY_NOT_UNIQUE;
use birth_core::coverage::snapshot::storage_ready;
use birth_core::coverage::{CoverageRow, CoverageSnapshot, Finding, POLICY_STORAGE_NOT_READY};
use birth_core::estate::Collection;
use birth_core::op::triggers::{concept, family};
use birth_core::policy::Role;
use birth_core::policy::verdict::{Answer, ReasonKind, Severity};
use birth_core::profile::Profile;
use birth_core::resolve::{Column, ResolvedFamily};
use birth_core::sql::query::coverage::CoverageSource;

use super::classify::RegistryNames;
use super::failure::Failure;
use super::findings::FindingsTarget;
use super::resolution::{self, Candidates};
use crate::pg::Reader;
use crate::plugin::set::PolicyRuntime;

/// Collections in one call of a plugin: enough to make the call's own cost
/// disappear, few enough for the guest's memory.
const BATCH: usize = 512;

/// How coverage is judged.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// How names are recognised and derived.
    pub profile: Rc<Profile>,
    /// The schema the person named.
    pub schema: Option<String>,
    /// Decides.
    pub policy: Rc<PolicyRuntime>,
}

/// What the names resolved to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CoverageNames {
    /// The registry and its columns.
    pub registry: RegistryNames,
    /// Where it all is.
    pub source: CoverageSource,
    /// The birth function; none where there is no such, and then no collection
    /// has a birth trigger.
    pub function: Option<TriggerFunction>,
}

/// Judged collections.
#[derive(Debug)]
pub struct Judged {
    /// What they were.
    pub snapshot: CoverageSnapshot,
    /// One answer per collection of the snapshot, in its order.
    pub answers: Vec<Answer>,
}

impl Coverage {
    /// Resolves the names.
    pub async fn discover(&self, reader: Reader<'_>) -> Result<CoverageNames, Failure> {
        self.names(reader, &self.candidates(reader, &[]).await?)
            .await
    }

    /// Resolves the names, and where findings are written.
    pub async fn discover_with_target(
        &self,
        reader: Reader<'_>,
    ) -> Result<(CoverageNames, FindingsTarget), Failure> {
        let candidates = self.candidates(reader, &FindingsTarget::FAMILIES).await?;
        let names = self.names(reader, &candidates).await?;
        let target = FindingsTarget::discover(reader, &self.profile, &candidates).await?;
        Ok((names, target))
    }

    async fn candidates(
        &self,
        reader: Reader<'_>,
        besides: &[&str],
    ) -> Result<Candidates<'_>, Failure> {
        let families = [&[family::REGISTRY, family::SPECIES_MAP], besides].concat();
        Candidates::read(reader, &self.profile, self.schema.as_deref(), &families).await
    }

    async fn names(
        &self,
        reader: Reader<'_>,
        candidates: &Candidates<'_>,
    ) -> Result<CoverageNames, Failure> {
        let profile = &self.profile;
        let registry = candidates.family(family::REGISTRY)?;
        let registry = RegistryNames::of(reader, profile, registry).await?;
        let map = candidates.family(family::SPECIES_MAP)?;
        let key = resolution::concept(reader, profile, concept::SPECIES_KEY, &map).await?;
        let source = CoverageSource {
            registry: registry.registry.relation.name.clone(),
            columns: registry.columns()?,
            storage_ready: is_ready(reader, &registry.registry).await?,
            species_map: map.relation.name,
            species_key: resolution::column(&key)?,
        };
        Ok(CoverageNames {
            registry,
            source,
            function: resolution::function_if_any(reader, &profile.naming).await?,
        })
    }

    /// Reads what is asked about rows of the registry.
    pub async fn snapshot(
        &self,
        reader: Reader<'_>,
        names: &CoverageNames,
        now: i64,
        rows: Vec<CoverageRow>,
    ) -> Result<CoverageSnapshot, Failure> {
        let naming = &self.profile.naming;
        let function = names.function.as_ref().map_or(0, |f| f.oid);
        let moment = (names.source.storage_ready, now);
        let rules = &self.profile.collections;
        Ok(reader
            .coverage_snapshot(moment, rows, rules, (naming, function))
            .await?)
    }

    /// Reads what is asked about rows of the registry, and has it judged.
    pub async fn judge(
        &self,
        reader: Reader<'_>,
        names: &CoverageNames,
        now: i64,
        rows: Vec<CoverageRow>,
    ) -> Result<Judged, Failure> {
        let snapshot = self.snapshot(reader, names, now, rows).await?;
        self.answer(snapshot).await
    }

    /// Has judged what was read. Lets other work go on after every batch, so that
    /// the server can be asked for more meanwhile.
    pub async fn answer(&self, snapshot: CoverageSnapshot) -> Result<Judged, Failure> {
        let mut answers = Vec::with_capacity(snapshot.estate.collections.len());
        for batch in snapshot.facts(&self.profile.naming, BATCH) {
            answers.extend(self.policy.judge_coverage(&batch)?.answers);
            tokio::task::yield_now().await;
        }
        Ok(Judged { snapshot, answers })
    }

    /// The codes of some severity that the plugin can give, with what each means
    /// of any collection: without the evidence.
    pub fn codes(&self, severity: Severity) -> Result<BTreeMap<String, String>, Failure> {
        let description = self.policy.plugin(Role::Coverage)?.describe()?;
        let is_wanted = |kind: &&ReasonKind| kind.severity == severity;
        let wanted = description.reasons.iter().filter(is_wanted);
        Ok(wanted
            .map(|kind| (kind.code.clone(), kind.without_evidence()))
            .collect())
    }
}

impl CoverageNames {
    /// The finding that the registry has no policy columns.
    #[must_use]
    pub fn storage_not_ready(&self) -> Finding {
        Finding::of_estate(
            POLICY_STORAGE_NOT_READY,
            format!(
                "{} does not have the policy columns, so what is decided about its collections cannot be read; `birth apply storage` adds them",
                self.source.registry
            ),
        )
    }
}

impl Judged {
    /// Collections with their answers.
    pub fn collections(&self) -> impl Iterator<Item = (&Collection, &Answer)> {
        self.snapshot.estate.collections.iter().zip(&self.answers)
    }

    /// Every failed condition, in the order of the collections, and after them
    /// the keys that are registered more than once.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.collections()
            .flat_map(|(collection, answer)| Finding::of(collection, answer))
            .chain(self.not_unique())
    }

    /// Keys that more than one row has: none of their rows counts, so none is
    /// judged, and a second row must not make a collection disappear.
    pub fn not_unique(&self) -> impl Iterator<Item = Finding> {
        self.snapshot.estate.duplicate_keys.iter().map(|key| {
            let mut finding = Finding::of_collection(key, KEY_NOT_UNIQUE);
            "more than one row of the registry has this key, so it is not known what is governed and nothing else could be judged"
                .clone_into(&mut finding.message);
            finding
        })
    }
}

async fn is_ready(reader: Reader<'_>, registry: &ResolvedFamily) -> Result<bool, Failure> {
    let columns = reader.concept_columns(&[registry.relation.oid]).await?;
    let columns: Vec<Column> = columns.into_iter().map(|(_, column)| column).collect();
    Ok(storage_ready(&columns))
}
