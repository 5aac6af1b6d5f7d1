//! Which table is a family and which column is a concept, and why.
//!
//! Hints are ranked, type and structure are evidence. A tie or a miss is never
//! guessed away: it lists the candidates and the line to put in the profile.

mod error;
mod function;

use serde::{Deserialize, Serialize};

use crate::catalog::relation::RelationKind;
use crate::ident::QualifiedName;
use crate::profile::{Concept, ConceptType, Family};

pub use error::ResolveError;
pub use function::function;

/// A relation that may be a family's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// `pg_class.oid`.
    pub oid: u32,
    /// Its name.
    pub name: QualifiedName,
    /// What it is.
    pub kind: RelationKind,
}

/// A column that may be a concept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as PostgreSQL prints it.
    pub r#type: String,
    /// `pg_type.typcategory` of the base type: `S` is text, `E` an enum, `U`
    /// user-defined (uuid), `D` date and time.
    pub category: char,
    /// Whether it is unique on its own (a valid, total, one-column unique
    /// index).
    pub unique: bool,
}

/// A resolved family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedFamily {
    /// The family's id.
    pub family: String,
    /// Its relation.
    pub relation: Relation,
    /// Why this one.
    pub why: String,
}

/// A resolved concept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedConcept {
    /// The concept's id.
    pub concept: String,
    /// Its column.
    pub column: String,
    /// Why this one.
    pub why: String,
}

/// A name as hints are compared: ASCII lower case without `_`, `-` and spaces.
/// The catalog query squashes names the same way (`sql::query::RELATIONS`).
#[must_use]
pub fn squash(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The names a catalog query has to look for, squashed.
#[must_use]
pub fn names_to_look_for(family: &Family) -> Vec<String> {
    match &family.table {
        Some(table) => vec![squash(table)],
        None => family.hints.iter().map(|h| squash(h)).collect(),
    }
}

/// How well a name fits: 0 is exact, then by hint.
fn rank(name: &str, exact: Option<&str>, hints: &[String]) -> Option<usize> {
    match exact {
        Some(exact) => (name == exact).then_some(0),
        None => hints.iter().position(|hint| squash(hint) == squash(name)),
    }
}

fn list(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.join(", ")
}

/// Finds a family among the relations that have one of its names.
///
/// `schema` is what the person asked for; it wins over the profile.
pub fn family(
    id: &str,
    family: &Family,
    schema: Option<&str>,
    relations: &[Relation],
) -> Result<ResolvedFamily, ResolveError> {
    let schema = schema.or(family.schema.as_deref());
    let ranked: Vec<(usize, &Relation)> = relations
        .iter()
        .filter(|r| schema.is_none_or(|s| r.name.schema.as_str() == s))
        .filter_map(|r| {
            Some((
                rank(r.name.name.as_str(), family.table.as_deref(), &family.hints)?,
                r,
            ))
        })
        .collect();
    let tables: Vec<_> = ranked
        .iter()
        .filter(|(_, r)| r.kind.is_physical())
        .collect();
    let Some(best) = tables.iter().map(|(rank, _)| *rank).min() else {
        return Err(match ranked.first() {
            Some((_, other)) => ResolveError::FamilyNotATable {
                family: id.to_owned(),
                found: other.name.to_string(),
                kind: other.kind.describe(),
            },
            None => ResolveError::FamilyMissing {
                family: id.to_owned(),
                where_: schema.map_or_else(String::new, |s| format!(" in schema {s:?}")),
                looked_for: family
                    .table
                    .clone()
                    .unwrap_or_else(|| family.hints.join(", ")),
            },
        });
    };
    let mut schemas: Vec<_> = tables.iter().map(|(_, r)| &r.name.schema).collect();
    schemas.sort();
    schemas.dedup();
    if schemas.len() > 1 {
        return Err(ResolveError::SchemaAmbiguous {
            family: id.to_owned(),
            candidates: list(tables.iter().map(|(_, r)| r.name.to_string())),
        });
    }
    let winners: Vec<_> = tables.iter().filter(|(rank, _)| *rank == best).collect();
    match winners.as_slice() {
        [(_, relation)] => Ok(ResolvedFamily {
            family: id.to_owned(),
            relation: (*relation).clone(),
            why: match &family.table {
                Some(_) => "the profile names it".to_owned(),
                None => format!("name fits hint {} of {}", best + 1, family.hints.len()),
            },
        }),
        several => Err(ResolveError::FamilyAmbiguous {
            family: id.to_owned(),
            candidates: list(several.iter().map(|(_, r)| r.name.to_string())),
        }),
    }
}

fn is_text_like(column: &Column) -> bool {
    matches!(column.category, 'S' | 'E') || matches!(column.r#type.as_str(), "uuid" | "citext")
}

fn type_fits(wanted: ConceptType, column: &Column) -> bool {
    match wanted {
        ConceptType::Any => true,
        ConceptType::TextLike => is_text_like(column),
        ConceptType::Document => {
            is_text_like(column) || matches!(column.r#type.as_str(), "json" | "jsonb")
        }
        ConceptType::Time => column.category == 'D',
    }
}

/// Finds a concept among the columns of its family's table.
///
/// A better hint wins; between equal hints (two spellings of one name) a
/// column that is unique on its own wins where the concept identifies rows.
pub fn concept(
    id: &str,
    concept: &Concept,
    table: &QualifiedName,
    columns: &[Column],
) -> Result<ResolvedConcept, ResolveError> {
    let missing = |detail: String| ResolveError::ConceptMissing {
        concept: id.to_owned(),
        meaning: concept.meaning.clone(),
        table: table.to_string(),
        detail,
    };
    if let Some(exact) = &concept.column {
        let column = columns
            .iter()
            .find(|c| c.name == *exact)
            .ok_or_else(|| missing(format!("the profile names {exact:?}, which does not exist")))?;
        return if type_fits(concept.r#type, column) {
            Ok(ResolvedConcept {
                concept: id.to_owned(),
                column: exact.clone(),
                why: "the profile names it".to_owned(),
            })
        } else {
            Err(missing(format!(
                "the profile names {exact:?}, whose type {} does not fit",
                column.r#type
            )))
        };
    }
    let fitting: Vec<(usize, bool, &Column)> = columns
        .iter()
        .filter(|c| type_fits(concept.r#type, c))
        .filter_map(|c| {
            let plain = !(concept.identifying && c.unique);
            Some((rank(&c.name, None, &concept.hints)?, plain, c))
        })
        .collect();
    let Some(best) = fitting.iter().map(|(rank, plain, _)| (*rank, *plain)).min() else {
        let there = list(columns.iter().map(|c| format!("{} {}", c.name, c.r#type)));
        return Err(missing(format!(
            "looked for {}; the table has {there}",
            concept.hints.join(", ")
        )));
    };
    let winners: Vec<_> = fitting
        .iter()
        .filter(|(r, p, _)| (*r, *p) == best)
        .collect();
    match winners.as_slice() {
        [(rank, plain, column)] => Ok(ResolvedConcept {
            concept: id.to_owned(),
            column: column.name.clone(),
            why: format!(
                "name fits hint {} of {}, type {}{}",
                rank + 1,
                concept.hints.len(),
                column.r#type,
                if *plain { "" } else { ", unique" }
            ),
        }),
        several => Err(ResolveError::ConceptAmbiguous {
            concept: id.to_owned(),
            meaning: concept.meaning.clone(),
            table: table.to_string(),
            candidates: list(several.iter().map(|(_, _, c)| c.name.clone())),
        }),
    }
}

/// What a concept that an operation can do without resolved to: nothing where
/// no column fits. A tie stays an error, and so does a column that the profile
/// names and that does not fit.
pub fn optional(
    concept: &Concept,
    found: Result<ResolvedConcept, ResolveError>,
) -> Result<Option<ResolvedConcept>, ResolveError> {
    match found {
        Err(ResolveError::ConceptMissing { .. }) if concept.column.is_none() => Ok(None),
        found => found.map(Some),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::ident::Identifier;
    use crate::profile::Profile;

    fn relation(schema: &str, name: &str, kind: RelationKind) -> Relation {
        Relation {
            oid: 1,
            name: QualifiedName::new(
                Identifier::new(schema).unwrap(),
                Identifier::new(name).unwrap(),
            ),
            kind,
        }
    }

    fn registry(schema: Option<&str>, relations: &[Relation]) -> Result<String, &'static str> {
        let profile = Profile::built_in().unwrap();
        let id = "collection_registry";
        family(id, &profile.families[id], schema, relations)
            .map(|f| f.relation.name.to_string())
            .map_err(|e| e.code())
    }

    #[test]
    fn families() {
        use RelationKind::{Table, View};
        let t = |s, n| relation(s, n, Table);
        assert_eq!(
            registry(None, &[t("a", "CollectionRegistry")]).unwrap(),
            "a.CollectionRegistry"
        );
        assert_eq!(
            registry(
                None,
                &[t("a", "collection_register"), t("a", "collection_registry")]
            )
            .unwrap(),
            "a.collection_registry"
        );
        let two = [t("a", "collection_registry"), t("b", "collection_registry")];
        assert_eq!(registry(None, &two), Err("SCHEMA_AMBIGUOUS"));
        assert_eq!(registry(Some("b"), &two).unwrap(), "b.collection_registry");
        assert_eq!(registry(Some("c"), &two), Err("FAMILY_MISSING"));
        let spelt = [t("a", "collection_registry"), t("a", "CollectionRegistry")];
        assert_eq!(registry(None, &spelt), Err("FAMILY_AMBIGUOUS"));
        assert_eq!(
            registry(None, &[relation("a", "collection_registry", View)]),
            Err("FAMILY_NOT_A_TABLE")
        );
    }

    #[test]
    fn concepts() {
        let profile = Profile::built_in().unwrap();
        let id = "collection_key";
        let table = relation("a", "t", RelationKind::Table).name;
        let column = |name: &str, category, unique| Column {
            name: name.to_owned(),
            r#type: if category == 'S' { "text" } else { "integer" }.to_owned(),
            category,
            unique,
        };
        let find = |columns: &[Column]| {
            concept(id, &profile.concepts[id], &table, columns)
                .map(|c| c.column)
                .map_err(|e| e.code())
        };
        assert_eq!(
            find(&[
                column("name", 'S', false),
                column("CollectionKey", 'S', false)
            ])
            .unwrap(),
            "CollectionKey"
        );
        assert_eq!(
            find(&[
                column("collection_key", 'N', true),
                column("name", 'S', false)
            ])
            .unwrap(),
            "name"
        );
        let spelt = [
            column("collection_key", 'S', false),
            column("CollectionKey", 'S', false),
        ];
        assert_eq!(find(&spelt), Err("CONCEPT_AMBIGUOUS"));
        let spelt = [
            column("collection_key", 'S', false),
            column("CollectionKey", 'S', true),
        ];
        assert_eq!(find(&spelt).unwrap(), "CollectionKey");
        assert_eq!(find(&[column("x", 'S', true)]), Err("CONCEPT_MISSING"));
    }

    #[test]
    fn an_optional_concept_may_be_missing_but_not_ambiguous_or_named_wrongly() {
        let mut wanted = Profile::built_in().unwrap().concepts["collection_schema"].clone();
        let table = relation("a", "t", RelationKind::Table).name;
        let column = |name: &str| Column {
            name: name.to_owned(),
            r#type: "text".to_owned(),
            category: 'S',
            unique: false,
        };
        let mut find = |named: Option<&str>, columns: &[Column]| {
            wanted.column = named.map(str::to_owned);
            optional(&wanted, concept("id", &wanted, &table, columns))
                .map(|found| found.map(|c| c.column))
                .map_err(|e| e.code())
        };
        assert_eq!(find(None, &[column("x")]), Ok(None));
        let there = Ok(Some("table_schema".to_owned()));
        assert_eq!(find(None, &[column("table_schema")]), there);
        let spelt = [column("table_schema"), column("TableSchema")];
        assert_eq!(find(None, &spelt), Err("CONCEPT_AMBIGUOUS"));
        assert_eq!(find(Some("y"), &[column("x")]), Err("CONCEPT_MISSING"));
    }
}
