//! Which issues are open.

use std::collections::BTreeMap;

use tokio_postgres::types::Type;

use birth_core::issue::{IssueConcepts, IssueDraft, Recognition, recognised_text};
use birth_core::profile::IssueValues;
use birth_core::record::{RecordTable, key_columns};
use birth_core::sql::issue as sql;

use super::error::PgError;
use super::introspect::Reader;
use super::records::at;
use super::session::column;

const ACTION: &str = "looking for open issues";

/// An open issue as it stands in its table, each value as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundIssue {
    /// The column that issues of conditions are recognised by.
    pub recognised: Option<String>,
    /// Its collection.
    pub collection: Option<String>,
    /// What it says of itself: its title, else its description.
    pub says: Option<String>,
    /// Its primary key, in the key's order.
    pub key: Vec<String>,
}

impl Reader<'_> {
    /// The open issues of drafts, by the place of the draft: the primary key of
    /// each as text, in the key's order, which is nothing where the table has
    /// none. A draft without an open issue is left out.
    pub async fn open_issues(
        &self,
        table: &RecordTable,
        concepts: &IssueConcepts,
        values: &IssueValues,
        drafts: &[IssueDraft],
    ) -> Result<BTreeMap<usize, Vec<Vec<String>>>, PgError> {
        let mut by_recognition: BTreeMap<Recognition, Vec<usize>> = BTreeMap::new();
        for (place, draft) in drafts.iter().enumerate() {
            let recognition = concepts.recognition(draft);
            by_recognition.entry(recognition).or_default().push(place);
        }
        let mut open: BTreeMap<usize, Vec<Vec<String>>> = BTreeMap::new();
        for (recognition, places) in by_recognition {
            let drafts: Vec<&IssueDraft> = places.iter().filter_map(|p| drafts.get(*p)).collect();
            let texts: Vec<String> = drafts
                .iter()
                .map(|draft| recognised_text(table, concepts, draft))
                .collect();
            let categories: Vec<&str> = drafts.iter().map(|d| d.category.as_str()).collect();
            let key = key_columns(table);
            let text = sql::open_issues(&table.relation.name, &key, concepts, recognition);
            let rows = self
                .session
                .rows(
                    ACTION,
                    &text,
                    &[
                        (&texts, Type::TEXT_ARRAY),
                        (&categories, Type::TEXT_ARRAY),
                        (&values.closed_in_lower_case(), Type::TEXT_ARRAY),
                    ],
                )
                .await?;
            for row in &rows {
                if let Some(place) = at(&places, column(row, 0)?) {
                    open.entry(*place).or_default().push(column(row, 1)?);
                }
            }
        }
        Ok(open)
    }

    /// Hands over every open issue of a category, one after the other, so that
    /// many are never held as a whole.
    pub async fn all_open_issues(
        &self,
        table: &RecordTable,
        concepts: &IssueConcepts,
        values: &IssueValues,
        category: &str,
        recognition: Recognition,
        mut take: impl FnMut(FoundIssue),
    ) -> Result<(), PgError> {
        let key = key_columns(table);
        let text = sql::all_open_issues(&table.relation.name, &key, concepts, recognition);
        let closed = values.closed_in_lower_case();
        let parameters = &[
            (&category as _, Type::TEXT),
            (&closed as _, Type::TEXT_ARRAY),
        ];
        self.session
            .each(ACTION, &text, parameters, |row| {
                take(FoundIssue {
                    recognised: column(row, 0)?,
                    collection: column(row, 1)?,
                    says: column(row, 2)?,
                    key: column(row, 3)?,
                });
                Ok(())
            })
            .await
    }
}
