//! Which relation a row of the registry stands for.
//!
//! A row's text is the name of its table where it gives one, else its key. It
//! is read as a bare name, and at every dot as `schema.name` as well, because
//! either half may hold dots of its own. Reading is all that happens to it: no
//! case is folded, nothing is trimmed, nothing unquoted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Collection, CollectionTable, Estate};
use crate::catalog::relation::RelationKind;
use crate::ident::{MAX_IDENTIFIER_BYTES, QualifiedName};
use crate::profile::CollectionRules;

/// A row of the registry, each value as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryRow {
    /// The collection's key.
    pub key: Option<String>,
    /// Its governance role.
    pub role: Option<String>,
    /// The schema of its table.
    pub schema: Option<String>,
    /// The name of its table.
    pub table: Option<String>,
}

/// A relation that a text may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The relation.
    pub table: CollectionTable,
    /// What it is.
    pub kind: RelationKind,
}

/// One way to read a text.
struct Reading<'a> {
    schema: Option<&'a str>,
    name: &'a str,
}

impl RegistryRow {
    /// What stands for the table.
    fn text(&self) -> &str {
        filled(&self.table).or(filled(&self.key)).unwrap_or("")
    }

    fn readings(&self) -> impl Iterator<Item = Reading<'_>> {
        let text = self.text();
        let bare = Reading {
            schema: None,
            name: text,
        };
        let dots = text.match_indices('.').map(|(at, _)| Reading {
            schema: Some(&text[..at]),
            name: &text[at + 1..],
        });
        std::iter::once(bare).chain(dots).filter(|r| can_be(r.name))
    }
}

/// Whether PostgreSQL can have stored a name.
fn can_be(name: &str) -> bool {
    (1..=MAX_IDENTIFIER_BYTES).contains(&name.len())
}

/// SQL's NULL and an empty text both say nothing.
fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|t| !t.is_empty())
}

/// The names under which the rows' relations may be stored, each once.
#[must_use]
pub fn names_to_look_for<'a>(rows: impl IntoIterator<Item = &'a RegistryRow>) -> BTreeSet<&'a str> {
    rows.into_iter()
        .flat_map(RegistryRow::readings)
        .map(|reading| reading.name)
        .collect()
}

impl Estate {
    /// Makes the estate of a registry's rows and of the relations that have
    /// one of [`names_to_look_for`].
    #[must_use]
    pub fn new(rows: Vec<RegistryRow>, relations: &[Found], rules: &CollectionRules) -> Self {
        let mut by_name: HashMap<&str, Vec<&Found>> = HashMap::new();
        for found in relations {
            let name = found.table.name.name.as_str();
            by_name.entry(name).or_default().push(found);
        }
        let mut estate = Self::default();
        let mut by_key: BTreeMap<String, Vec<RegistryRow>> = BTreeMap::new();
        for row in rows {
            match filled(&row.key) {
                None => estate.rows_without_key += 1,
                Some(key) => by_key.entry(key.to_owned()).or_default().push(row),
            }
        }
        for (key, mut rows) in by_key {
            match (rows.pop(), rows.is_empty()) {
                (Some(row), true) => {
                    let fits = fitting(&row, &by_name, rules);
                    estate.collections.push(collection(key, row.role, &fits));
                }
                _ => estate.duplicate_keys.push(key),
            }
        }
        estate
    }
}

/// The relations that fit a row. What some session keeps for itself counts
/// only where nothing lasting fits.
fn fitting<'a>(
    row: &RegistryRow,
    relations: &HashMap<&str, Vec<&'a Found>>,
    rules: &CollectionRules,
) -> Vec<&'a Found> {
    let located = filled(&row.schema);
    let fits: Vec<&Found> = row
        .readings()
        .flat_map(|reading| {
            let named = relations.get(reading.name).map_or(&[][..], Vec::as_slice);
            named
                .iter()
                .filter(move |found| lies_in(found, located, reading.schema, rules))
        })
        .copied()
        .collect();
    let (temporary, lasting): (Vec<&Found>, Vec<&Found>) = fits
        .into_iter()
        .partition(|found| found.kind == RelationKind::TemporaryTable);
    if lasting.is_empty() {
        temporary
    } else {
        lasting
    }
}

/// Whether a relation lies where it is looked for: in the schema that the row
/// names and in the one that its text names; where neither does, in the
/// searched schemas. A temporary one is in a schema that nobody chose.
fn lies_in(
    found: &Found,
    located: Option<&str>,
    read: Option<&str>,
    rules: &CollectionRules,
) -> bool {
    let schema = found.table.name.schema.as_str();
    match (located, read) {
        (None, None) => {
            rules.schemas.is_empty() && schema != rules.gate_schema
                || rules.schemas.iter().any(|s| s == schema)
                || found.kind == RelationKind::TemporaryTable
        }
        (located, read) => located.is_none_or(|s| s == schema) && read.is_none_or(|s| s == schema),
    }
}

fn collection(key: String, role: Option<String>, fits: &[&Found]) -> Collection {
    let (kind, table) = match fits {
        [] => (RelationKind::None, None),
        [found] => (found.kind, Some(found.table.clone())),
        _ => (RelationKind::Ambiguous, None),
    };
    let mut candidates: Vec<QualifiedName> = match table {
        Some(_) => vec![],
        None => fits.iter().map(|found| found.table.name.clone()).collect(),
    };
    candidates.sort_unstable();
    Collection {
        key,
        role,
        kind,
        table,
        candidates,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::estate::TriggerMaking;
    use crate::ident::Identifier;

    fn found(schema: &str, name: &str, kind: RelationKind) -> Found {
        let identifier = |text| Identifier::new(text).unwrap();
        Found {
            table: CollectionTable {
                oid: 1,
                name: QualifiedName::new(identifier(schema), identifier(name)),
                making: TriggerMaking::default(),
            },
            kind,
        }
    }

    fn row(key: &str, schema: Option<&str>, table: Option<&str>) -> RegistryRow {
        RegistryRow {
            key: Some(key.to_owned()),
            role: None,
            schema: schema.map(str::to_owned),
            table: table.map(str::to_owned),
        }
    }

    /// What a row stands for in a small estate.
    fn stands_for(row: RegistryRow, schemas: &[&str]) -> String {
        use RelationKind::{Table, TemporaryTable, View};
        let relations = [
            found("a", "t", Table),
            found("b", "t", Table),
            found("a", "only", Table),
            found("a", "b.t", View),
            found("x.y", "z", Table),
            found("x", "y.z", Table),
            found("pg_temp_3", "t", TemporaryTable),
            found("pg_temp_3", "mine", TemporaryTable),
            found("a", "event", Table),
            found("gate", "event", Table),
        ];
        let names: Vec<String> = names_to_look_for(std::slice::from_ref(&row))
            .into_iter()
            .map(str::to_owned)
            .collect();
        let asked: Vec<Found> = relations
            .into_iter()
            .filter(|f| names.contains(&f.table.name.name.to_string()))
            .collect();
        let rules = CollectionRules {
            schemas: schemas.iter().map(|&s| s.to_owned()).collect(),
            gate_schema: "gate".to_owned(),
        };
        let estate = Estate::new(vec![row], &asked, &rules);
        let collection = &estate.collections[0];
        let several: Vec<String> = collection
            .candidates
            .iter()
            .map(|c| c.to_string())
            .collect();
        match &collection.table {
            Some(table) => format!("{:?} {}", collection.kind, table.name),
            None => format!("{:?} {}", collection.kind, several.join(", ")),
        }
    }

    #[test]
    fn every_rule_of_matching() {
        let key = |key| row(key, None, None);
        let rows: [(RegistryRow, &[&str], &str); 22] = [
            // The gate's own queue is no collection unless it is named.
            (key("event"), &[], "Table a.event"),
            (key("event"), &["gate"], "Table gate.event"),
            (key("gate.event"), &[], "Table gate.event"),
            (key("only"), &[], "Table a.only"),
            (key("Only"), &[], "None "),
            (key("only "), &[], "None "),
            (key("t"), &[], "Ambiguous a.t, b.t"),
            (key("t"), &["b"], "Table b.t"),
            (key("only"), &["b"], "None "),
            // A name with its schema is not searched for.
            (key("a.only"), &["b"], "Table a.only"),
            (key("b.t"), &["b"], "Table b.t"),
            (key("b.t"), &[], "Ambiguous a.b.t, b.t"),
            (key("x.y.z"), &[], "Ambiguous x.y.z, x.y.z"),
            (key("mine"), &["b"], "TemporaryTable pg_temp_3.mine"),
            (key("pg_temp_3.t"), &[], "TemporaryTable pg_temp_3.t"),
            (key("."), &[], "None "),
            (row("k", None, Some("only")), &[], "Table a.only"),
            (row("only", Some(""), Some("")), &[], "Table a.only"),
            (row("t", Some("a"), None), &["b"], "Table a.t"),
            (row("b.t", Some("b"), None), &[], "Table b.t"),
            (row("b.t", Some("c"), None), &[], "None "),
            (row("mine", Some("a"), None), &[], "None "),
        ];
        for (row, schemas, expected) in rows {
            assert_eq!(
                stands_for(row.clone(), schemas),
                expected,
                "{row:?} {schemas:?}"
            );
        }
    }

    #[test]
    fn a_name_that_would_be_cut_is_not_looked_for() {
        let (fits, cut) = ("x".repeat(63), "x".repeat(64));
        let rows = [row(&fits, None, None), row(&cut, None, None)];
        assert_eq!(names_to_look_for(&rows), BTreeSet::from([fits.as_str()]));
        let long_schema = row(&format!("{cut}.t"), None, None);
        assert_eq!(names_to_look_for(&[long_schema]), BTreeSet::from(["t"]));
    }

    #[test]
    fn keys_come_in_byte_order_and_once() {
        let mut rows: Vec<RegistryRow> = ["b", "É", "a", "B", "a", "a", ""]
            .iter()
            .map(|key| row(key, None, None))
            .collect();
        rows.push(RegistryRow::default());
        let estate = Estate::new(rows, &[], &CollectionRules::default());
        let keys: Vec<&str> = estate.collections.iter().map(|c| c.key.as_str()).collect();
        assert_eq!(keys, ["B", "b", "É"]);
        assert_eq!(estate.duplicate_keys, ["a"]);
        assert_eq!(estate.rows_without_key, 2);
        assert!(estate.find("b").is_some() && estate.find("a").is_none());
    }
}
