//! Resolving families and concepts on a live database.

use birth_core::catalog::function::TriggerFunction;
use birth_core::health::{self, HealthConcepts};
use birth_core::ident::Identifier;
use birth_core::issue::{self, IssueConcepts};
use birth_core::op::storage::FAMILY as REGISTRY;
use birth_core::outcome::FailureClass;
use birth_core::profile::{Concept, Family, Naming, Profile};
use birth_core::resolve::{
    self, Column, Relation, ResolveError, ResolvedConcept, ResolvedFamily, names_to_look_for,
};

use super::failure::Failure;
use crate::pg::Reader;

fn unknown(kind: &str, id: &str) -> Failure {
    Failure::new(
        FailureClass::Internal,
        "PROFILE_INCOMPLETE",
        format!("the profile has no {kind} `{id}`"),
    )
}

/// The relations that some families may be. They are read once for all of them:
/// each look goes through every relation of the database.
#[derive(Debug)]
pub struct Candidates<'p> {
    profile: &'p Profile,
    schema: Option<&'p str>,
    relations: Vec<Relation>,
}

impl<'p> Candidates<'p> {
    /// Reads those of some families. `schema` is what the person named for the
    /// registry.
    pub async fn read(
        reader: Reader<'_>,
        profile: &'p Profile,
        schema: Option<&'p str>,
        ids: &[&str],
    ) -> Result<Self, Failure> {
        let mut names = Vec::new();
        for id in ids {
            names.extend(names_to_look_for(wanted(profile, id)?));
        }
        Ok(Self {
            profile,
            schema,
            relations: reader.relations(&names).await?,
        })
    }

    /// One of these families.
    pub fn family(&self, id: &str) -> Result<ResolvedFamily, Failure> {
        let wanted = wanted(self.profile, id)?;
        Ok(family_among(id, wanted, self.schema, &self.relations)?)
    }
}

/// What the person named is the registry's schema. Every other family is looked
/// for in the schema that the profile names for it, else beside the registry.
fn family_among(
    id: &str,
    wanted: &Family,
    schema: Option<&str>,
    relations: &[Relation],
) -> Result<ResolvedFamily, ResolveError> {
    let named = schema.filter(|_| id == REGISTRY || wanted.schema.is_none());
    resolve::family(id, wanted, named, relations)
}

fn wanted<'p>(profile: &'p Profile, id: &str) -> Result<&'p Family, Failure> {
    let wanted = profile.families.get(id);
    wanted.ok_or_else(|| unknown("family", id))
}

/// Resolves one family.
pub async fn family(
    reader: Reader<'_>,
    profile: &Profile,
    id: &str,
    schema: Option<&str>,
) -> Result<ResolvedFamily, Failure> {
    let candidates = Candidates::read(reader, profile, schema, &[id]).await?;
    candidates.family(id)
}

/// The column that a concept resolved to, as a name for SQL.
pub fn column(concept: &ResolvedConcept) -> Result<Identifier, Failure> {
    Identifier::new(concept.column.as_str()).map_err(|error| {
        Failure::new(
            FailureClass::Internal,
            "COLUMN_NAME_NOT_USABLE",
            error.to_string(),
        )
    })
}

/// A family as it is called now, by its oid: a table that was renamed or replaced
/// since is seen.
pub async fn current(reader: Reader<'_>, family: &ResolvedFamily) -> Result<Relation, Failure> {
    let oid = family.relation.oid;
    let found = reader.relation_by_oid(oid).await?;
    found.ok_or_else(|| gone(&format!("the table {} (oid {oid})", family.relation.name)))
}

/// Something that was resolved is not there any more.
pub fn gone(what: &str) -> Failure {
    Failure::new(
        FailureClass::Drift,
        "OBJECT_GONE",
        format!("{what} is gone"),
    )
    .with_hint("make the plan again")
}

/// Resolves one concept of a resolved family.
pub async fn concept(
    reader: Reader<'_>,
    profile: &Profile,
    id: &str,
    family: &ResolvedFamily,
) -> Result<ResolvedConcept, Failure> {
    let (_, found) = look_for(reader, profile, id, family).await?;
    Ok(found?)
}

/// Resolves one concept that an operation can do without: none where no column
/// fits.
pub async fn optional_concept(
    reader: Reader<'_>,
    profile: &Profile,
    id: &str,
    family: &ResolvedFamily,
) -> Result<Option<ResolvedConcept>, Failure> {
    let (wanted, found) = look_for(reader, profile, id, family).await?;
    Ok(resolve::optional(wanted, found)?)
}

/// Resolves the columns of the issues table.
pub async fn issue_concepts(
    reader: Reader<'_>,
    profile: &Profile,
    family: &ResolvedFamily,
) -> Result<IssueConcepts, Failure> {
    let columns = columns(reader, family).await?;
    let name = &family.relation.name;
    Ok(issue::concepts::resolve(profile, name, &columns)?)
}

/// Resolves the columns of the table of health checks.
pub async fn health_concepts(
    reader: Reader<'_>,
    profile: &Profile,
    family: &ResolvedFamily,
) -> Result<HealthConcepts, Failure> {
    let columns = columns(reader, family).await?;
    let name = &family.relation.name;
    Ok(health::resolve(profile, name, &columns)?)
}

async fn columns(reader: Reader<'_>, family: &ResolvedFamily) -> Result<Vec<Column>, Failure> {
    let columns = reader.concept_columns(&[family.relation.oid]).await?;
    Ok(columns.into_iter().map(|(_, column)| column).collect())
}

async fn look_for<'p>(
    reader: Reader<'_>,
    profile: &'p Profile,
    id: &str,
    family: &ResolvedFamily,
) -> Result<(&'p Concept, Result<ResolvedConcept, ResolveError>), Failure> {
    let wanted = profile
        .concepts
        .get(id)
        .ok_or_else(|| unknown("concept", id))?;
    let columns = columns(reader, family).await?;
    let found = resolve::concept(id, wanted, &family.relation.name, &columns);
    Ok((wanted, found))
}

/// Resolves the function that birth triggers call.
pub async fn function(reader: Reader<'_>, naming: &Naming) -> Result<TriggerFunction, Failure> {
    let candidates = reader.trigger_functions(&naming.trigger_function).await?;
    Ok(resolve::function(naming, &candidates)?)
}

/// The same, where there may be none yet: then no collection has a birth trigger.
pub async fn function_if_any(
    reader: Reader<'_>,
    naming: &Naming,
) -> Result<Option<TriggerFunction>, Failure> {
    let candidates = reader.trigger_functions(&naming.trigger_function).await?;
    match resolve::function(naming, &candidates) {
        Ok(function) => Ok(Some(function)),
        Err(ResolveError::FunctionMissing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// One line of a survey: a family or a concept, resolved or not.
#[derive(Debug)]
pub struct Surveyed<T> {
    /// The id in the profile.
    pub id: String,
    /// What it resolved to, or why not.
    pub result: Result<T, ResolveError>,
}

/// What every family and concept of the profile resolves to.
#[derive(Debug)]
pub struct Survey {
    /// Families by id.
    pub families: Vec<Surveyed<ResolvedFamily>>,
    /// Concepts by id; those of an unresolved family are left out.
    pub concepts: Vec<Surveyed<ResolvedConcept>>,
}

/// Resolves everything with two queries, for `birth doctor`.
pub async fn survey(
    reader: Reader<'_>,
    profile: &Profile,
    schema: Option<&str>,
) -> Result<Survey, Failure> {
    let names: Vec<String> = profile
        .families
        .values()
        .flat_map(names_to_look_for)
        .collect();
    let relations = reader.relations(&names).await?;
    let families: Vec<Surveyed<ResolvedFamily>> = profile
        .families
        .iter()
        .map(|(id, wanted)| Surveyed {
            id: id.clone(),
            result: family_among(id, wanted, schema, &relations),
        })
        .collect();
    let resolved: Vec<&ResolvedFamily> = families
        .iter()
        .filter_map(|f| f.result.as_ref().ok())
        .collect();
    let oids: Vec<u32> = resolved.iter().map(|f| f.relation.oid).collect();
    let columns = reader.concept_columns(&oids).await?;
    let concepts = profile
        .concepts
        .iter()
        .filter_map(|(id, wanted)| {
            let family = resolved.iter().find(|f| f.family == wanted.family)?;
            let own: Vec<Column> = columns
                .iter()
                .filter(|(oid, _)| *oid == family.relation.oid)
                .map(|(_, column)| column.clone())
                .collect();
            let result = resolve::concept(id, wanted, &family.relation.name, &own);
            Some(Surveyed {
                id: id.clone(),
                result,
            })
        })
        .collect();
    Ok(Survey { families, concepts })
}
