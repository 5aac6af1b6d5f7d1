//! Reading an issues table: what it would take, which issues are open, what
//! became of those that a run wrote. A handful of queries for any number of
//! issues.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::digest::Digest;
use birth_core::ident::{Identifier, QualifiedName};
use birth_core::issue::table::{
    IssueCheck, IssueColumn, IssueForeignKey, IssueRights, UniqueIndex,
};
use birth_core::issue::{
    IssueConcepts, IssueDraft, IssueInsert, IssueKeys, IssueProblem, IssueRow, IssueTable,
    key_columns, probes, recognised_text, wanted_texts,
};
use birth_core::profile::IssueValues;
use birth_core::resolve::Relation;
use birth_core::sql::issue as sql;

use super::error::{PgError, PgErrorKind};
use super::introspect::{Reader, identifier};
use super::session::{Parameter, column};

const ACTION: &str = "reading the issues table";

impl Reader<'_> {
    /// What is known of an issues table, for some drafts: whether tables that
    /// it refers to hold their values is asked here. `registry` is the oid of
    /// the registry and its key column, which holds every collection.
    pub async fn issue_table(
        &self,
        relation: &Relation,
        registry: (u32, &str),
        concepts: &IssueConcepts,
        values: &IssueValues,
        drafts: &[IssueDraft],
    ) -> Result<IssueTable, PgError> {
        let oid: Parameter<'_> = (&relation.oid, Type::OID);
        let of_table = std::slice::from_ref(&oid);
        let columns = self.session.rows(ACTION, sql::COLUMNS, of_table).await?;
        let checks = self.session.rows(ACTION, sql::CHECKS, of_table).await?;
        let indexes = self
            .session
            .rows(ACTION, sql::UNIQUE_INDEXES, of_table)
            .await?;
        let about = self.session.one(ACTION, sql::TABLE, of_table).await?;
        let (registry_oid, registry_key) = registry;
        let keys = self
            .session
            .rows(
                ACTION,
                sql::FOREIGN_KEYS,
                &[
                    (&relation.oid, Type::OID),
                    (&registry_oid, Type::OID),
                    (&registry_key, Type::TEXT),
                ],
            )
            .await?;
        let mut foreign_keys = Vec::new();
        for row in &keys {
            let wanted = match names(row, 1)?.as_slice() {
                [only] => wanted_texts(concepts, values, drafts, only),
                _ => BTreeSet::new(),
            };
            foreign_keys.push(self.foreign_key(row, wanted).await?);
        }
        let mut table = IssueTable {
            relation: relation.clone(),
            columns: columns.iter().map(issue_column).collect::<Result<_, _>>()?,
            key: vec![],
            checks: checks.iter().map(issue_check).collect::<Result<_, _>>()?,
            foreign_keys,
            unique: indexes.iter().map(unique_index).collect::<Result<_, _>>()?,
            before_insert: column(&about, 0)?,
            rules: column(&about, 1)?,
            rights: IssueRights {
                schema: column(&about, 2)?,
                delete: column(&about, 3)?,
                row_security: column(&about, 4)?,
            },
        };
        for row in &indexes {
            if column(row, 3)? {
                table.key = names(row, 1)?;
            }
        }
        Ok(table)
    }

    async fn foreign_key(
        &self,
        row: &Row,
        wanted: BTreeSet<String>,
    ) -> Result<IssueForeignKey, PgError> {
        let referenced: Option<String> = column(row, 6)?;
        let registry_key: bool = column(row, 3)?;
        let holds = match referenced {
            None => None,
            // Nobody asks the registry whether it holds its own keys.
            Some(_) if registry_key || wanted.is_empty() => Some(BTreeSet::new()),
            Some(name) => {
                let action = "asking whether a referenced table holds an issue's values";
                let table = QualifiedName::new(
                    identifier(action, column(row, 4)?)?,
                    identifier(action, column(row, 5)?)?,
                );
                let text = sql::held_values(&table, &identifier(action, &name)?);
                let wanted: Vec<String> = wanted.into_iter().collect();
                let rows = self
                    .session
                    .rows(action, &text, &[(&wanted, Type::TEXT_ARRAY)])
                    .await?;
                let held = rows.iter().map(|row| column(row, 0));
                Some(held.collect::<Result<_, PgError>>()?)
            }
        };
        Ok(IssueForeignKey {
            name: column(row, 0)?,
            columns: names(row, 1)?,
            target: column(row, 2)?,
            registry_key,
            holds,
        })
    }

    /// The open issues of drafts, by collection: the primary key of each as
    /// text, in the key's order. A collection without one is left out.
    pub async fn open_issues(
        &self,
        table: &IssueTable,
        concepts: &IssueConcepts,
        values: &IssueValues,
        drafts: &[IssueDraft],
    ) -> Result<BTreeMap<String, Vec<Vec<String>>>, PgError> {
        let texts: Vec<String> = drafts
            .iter()
            .map(|draft| recognised_text(table, concepts, draft))
            .collect();
        let categories: Vec<&str> = drafts.iter().map(|d| d.category.as_str()).collect();
        let closed: Vec<String> = values
            .closed
            .iter()
            .map(|status| status.to_ascii_lowercase())
            .collect();
        let text = sql::open_issues(&table.relation.name, &key_columns(table), concepts);
        let rows = self
            .session
            .rows(
                "looking for open issues",
                &text,
                &[
                    (&texts, Type::TEXT_ARRAY),
                    (&categories, Type::TEXT_ARRAY),
                    (&closed, Type::TEXT_ARRAY),
                ],
            )
            .await?;
        let mut open: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for row in &rows {
            if let Some(draft) = at(drafts, column(row, 0)?) {
                let issues = open.entry(draft.collection.clone()).or_default();
                issues.push(column(row, 1)?);
            }
        }
        Ok(open)
    }

    /// The unique indexes that would refuse inserts, because a row has their
    /// values already.
    pub async fn issue_collisions(
        &self,
        table: &IssueTable,
        inserts: &[IssueInsert],
    ) -> Result<Vec<IssueProblem>, PgError> {
        let mut found = Vec::new();
        for probe in probes(table, inserts) {
            let text = sql::taken(&table.relation.name, &probe.columns);
            let values: Vec<Parameter<'_>> = probe
                .values
                .iter()
                .map(|values| (values as _, Type::TEXT_ARRAY))
                .collect();
            let rows = self
                .session
                .rows("looking for rows in a unique index", &text, &values)
                .await?;
            let places: Vec<i64> = rows
                .iter()
                .map(|row| column(row, 0))
                .collect::<Result<_, _>>()?;
            found.extend(probe.taken(table, &places));
        }
        Ok(found)
    }

    /// What became of the issues that a run wrote, in their order.
    pub async fn issue_rows(&self, keys: &IssueKeys) -> Result<Vec<IssueRow>, PgError> {
        let mut out = vec![IssueRow::Gone; keys.issues.len()];
        let (Some(first), Some(relation)) = (
            keys.issues.first(),
            self.relation_by_oid(keys.table_oid).await?,
        ) else {
            return Ok(out);
        };
        let live = self.concept_columns(&[keys.table_oid]).await?;
        let is_there = |name: &Identifier| live.iter().any(|(_, c)| c.name == name.as_str());
        if !keys.columns.iter().all(|c| is_there(&c.name)) {
            out.fill(IssueRow::Changed { now: None });
            return Ok(out);
        }
        // One array for each column of the key.
        let values: Vec<Vec<&str>> = (0..first.key.len())
            .map(|i| {
                let of_issues = keys.issues.iter().filter_map(|issue| issue.key.get(i));
                of_issues.map(|k| k.value.as_str()).collect()
            })
            .collect();
        let values: Vec<Parameter<'_>> = values
            .iter()
            .map(|values| (values as _, Type::TEXT_ARRAY))
            .collect();
        let text = sql::rows_by_key(&relation.name, &first.key, &keys.columns);
        let action = "looking at the issues that the run wrote";
        for row in &self.session.rows(action, &text, &values).await? {
            let now = digest(action, column(row, 1)?)?;
            let place = column(row, 0)?;
            if let (Some(issue), Some(state)) = (at(&keys.issues, place), at_mut(&mut out, place)) {
                *state = if issue.row == now {
                    IssueRow::Unchanged
                } else {
                    IssueRow::Changed { now: Some(now) }
                };
            }
        }
        self.referred_to(keys, &relation, &values, &mut out).await?;
        Ok(out)
    }

    /// Marks the rows that rows of other tables refer to: a delete would be
    /// refused, or take those with it.
    async fn referred_to(
        &self,
        keys: &IssueKeys,
        relation: &Relation,
        values: &[Parameter<'_>],
        out: &mut [IssueRow],
    ) -> Result<(), PgError> {
        let action = "asking what refers to the issues";
        let oid: Parameter<'_> = (&keys.table_oid, Type::OID);
        let referring = self
            .session
            .rows(action, sql::REFERRING_KEYS, &[oid])
            .await?;
        let key = keys.issues.first().map_or(&[][..], |issue| &issue.key);
        for row in &referring {
            let by: String = column(row, 0)?;
            let (readable, reaches_out): (bool, bool) = (column(row, 5)?, column(row, 6)?);
            if !readable {
                // Where a delete is refused, the server sees to it.
                if reaches_out {
                    let by = format!("{by}, which the role may not read");
                    out.iter_mut().for_each(|state| refer(state, &by));
                }
                continue;
            }
            let other = QualifiedName::new(
                identifier(action, column(row, 1)?)?,
                identifier(action, column(row, 2)?)?,
            );
            let pairs: Vec<(Identifier, Identifier)> =
                names(row, 3)?.into_iter().zip(names(row, 4)?).collect();
            let text = sql::referred_to(&relation.name, key, &other, &pairs);
            for row in &self.session.rows(action, &text, values).await? {
                if let Some(state) = at_mut(out, column(row, 0)?) {
                    refer(state, &by);
                }
            }
        }
        Ok(())
    }
}

/// A changed row stays one: what refers to it is of no account then.
fn refer(state: &mut IssueRow, table: &str) {
    match state {
        IssueRow::Unchanged => {
            *state = IssueRow::ReferredTo {
                by: vec![table.to_owned()],
            };
        }
        IssueRow::ReferredTo { by } => by.push(table.to_owned()),
        IssueRow::Changed { .. } | IssueRow::Gone => {}
    }
}

/// The item at a place that counts from 1, as `WITH ORDINALITY` does.
fn at<T>(items: &[T], place: i64) -> Option<&T> {
    items.get(usize::try_from(place).ok()?.checked_sub(1)?)
}

fn at_mut<T>(items: &mut [T], place: i64) -> Option<&mut T> {
    items.get_mut(usize::try_from(place).ok()?.checked_sub(1)?)
}

fn digest(action: &str, text: &str) -> Result<Digest, PgError> {
    text.parse().map_err(|error| PgError {
        kind: PgErrorKind::Unexpected,
        action: action.to_owned(),
        message: format!("{error}"),
    })
}

fn names(row: &Row, index: usize) -> Result<Vec<Identifier>, PgError> {
    let names: Vec<Option<String>> = column(row, index)?;
    let names = names.iter().flatten();
    names.map(|name| identifier(ACTION, name)).collect()
}

fn letter(row: &Row, index: usize) -> Result<char, PgError> {
    Ok(column::<&str>(row, index)?.chars().next().unwrap_or('X'))
}

fn issue_column(row: &Row) -> Result<IssueColumn, PgError> {
    Ok(IssueColumn {
        name: identifier(ACTION, column(row, 0)?)?,
        r#type: column(row, 1)?,
        declared: column(row, 2)?,
        category: letter(row, 3)?,
        base_type: column(row, 4)?,
        comparable: column(row, 5)?,
        max_length: column::<Option<i32>>(row, 6)?.map(i32::cast_unsigned),
        labels: column(row, 7)?,
        not_null: column(row, 8)?,
        has_default: column(row, 9)?,
        identity: column(row, 10)?,
        computed: column(row, 11)?,
        deterministic: column(row, 12)?,
        binary: column(row, 13)?,
        insertable: column(row, 14)?,
        readable: column(row, 15)?,
        forbidden_sequence: column(row, 16)?,
    })
}

fn issue_check(row: &Row) -> Result<IssueCheck, PgError> {
    Ok(IssueCheck {
        name: column(row, 0)?,
        expression: column(row, 1)?,
        columns: names(row, 2)?,
        of_domain: column(row, 3)?,
    })
}

fn unique_index(row: &Row) -> Result<UniqueIndex, PgError> {
    let columns: Vec<Option<String>> = column(row, 1)?;
    Ok(UniqueIndex {
        name: column(row, 0)?,
        columns: columns
            .iter()
            .map(|name| {
                name.as_ref()
                    .map(|name| identifier(ACTION, name))
                    .transpose()
            })
            .collect::<Result<_, _>>()?,
        partial: column(row, 2)?,
    })
}
