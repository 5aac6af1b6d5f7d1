//! The closed vocabulary of decisions: one UPDATE of the six policy columns of
//! one row, found by its key. It cannot name another column, so it cannot
//! change one. Undoing is another type (`undo::DecideUndo`).

use serde::{Deserialize, Serialize};

use super::stored::{ColumnCasts, WantedDecision};
use crate::facts::conflict::WantedType;
use crate::ident::QualifiedName;
use crate::ident::quote;
use crate::op::storage::COLUMNS;
use crate::sql::Statement;
use crate::sql::query::decide::policy_texts;

/// A statement that writes a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecideStatement {
    /// `UPDATE … SET … WHERE <key> RETURNING …`
    WriteDecision {
        /// The registry.
        registry: QualifiedName,
        /// Its columns.
        columns: ColumnCasts,
        /// The registry's key.
        collection: String,
        /// What is decided; the time is that of the transaction.
        decision: WantedDecision,
    },
}

impl Statement for DecideStatement {
    fn sql(&self) -> String {
        let Self::WriteDecision {
            registry, columns, ..
        } = self;
        update(registry, columns, "now()")
    }

    fn parameters(&self) -> Vec<Option<String>> {
        let Self::WriteDecision {
            collection,
            decision,
            ..
        } = self;
        let values = decision.values();
        let texts = COLUMNS
            .iter()
            .zip(values)
            .filter(|(column, _)| column.wanted == WantedType::Text);
        std::iter::once(Some(collection.clone()))
            .chain(texts.map(|(_, value)| value.map(str::to_owned)))
            .collect()
    }

    fn returns(&self) -> bool {
        true
    }
}

/// The UPDATE of one row: `$1` is the key, `$2` and on are the columns of text
/// in the order of [`COLUMNS`]; `time` is the expression of the time. The key is
/// compared twice: as its own type, for the index, and by its bytes, because
/// equality of some types and collations takes two keys for one.
pub(super) fn update(registry: &QualifiedName, columns: &ColumnCasts, time: &str) -> String {
    let mut next = 2;
    let assignments: Vec<String> = COLUMNS
        .iter()
        .map(|wanted| {
            let name = quote(wanted.name);
            if wanted.wanted == WantedType::Timestamptz {
                return format!("{name} = {time}");
            }
            let parameter = format!("${next}::text");
            next += 1;
            match columns.casts.get(wanted.name) {
                Some(r#type) => format!("{name} = {parameter}::{}", r#type),
                None => format!("{name} = {parameter}"),
            }
        })
        .collect();
    let key = format!("birth_row.{}", columns.key.quoted());
    format!(
        "UPDATE {} AS birth_row SET {} WHERE {key} = $1::text::{} AND {key}::text COLLATE \"C\" = $1 RETURNING {}",
        registry.quoted(),
        assignments.join(", "),
        columns.key_type,
        policy_texts("birth_row")
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::ident::Identifier;
    use crate::policy::coverage::{CoverageStatus, ScopeStatus};

    #[test]
    fn one_row_and_six_columns_and_values_as_parameters() {
        let name = |text| Identifier::new(text).unwrap();
        let statement = DecideStatement::WriteDecision {
            registry: QualifiedName::new(name("s"), name("Reg\"istry")),
            columns: ColumnCasts {
                key: name("Key"),
                key_type: "uuid".to_owned(),
                casts: [("coverage_status".to_owned(), "app.\"Status\"".to_owned())].into(),
            },
            collection: "a'; DROP".to_owned(),
            decision: WantedDecision {
                status: CoverageStatus::ExemptLog,
                scope: ScopeStatus::InScope,
                reason: Some("it's a log".to_owned()),
                owner: None,
                by: "ann".to_owned(),
            },
        };
        assert_eq!(
            statement.sql(),
            "UPDATE \"s\".\"Reg\"\"istry\" AS birth_row SET \"coverage_status\" = $2::text::app.\"Status\", \
             \"coverage_scope_status\" = $3::text, \"coverage_exemption_reason\" = $4::text, \
             \"coverage_review_owner\" = $5::text, \"coverage_decided_at\" = now(), \"coverage_decided_by\" = $6::text \
             WHERE birth_row.\"Key\" = $1::text::uuid AND birth_row.\"Key\"::text COLLATE \"C\" = $1 \
             RETURNING birth_row.\"coverage_status\"::text, birth_row.\"coverage_scope_status\"::text, \
             birth_row.\"coverage_exemption_reason\"::text, birth_row.\"coverage_review_owner\"::text, \
             to_jsonb(birth_row.\"coverage_decided_at\" AT TIME ZONE 'UTC') #>> '{}', \
             birth_row.\"coverage_decided_by\"::text"
        );
        let parameters: Vec<Option<String>> = statement.parameters();
        let parameters: Vec<Option<&str>> = parameters.iter().map(Option::as_deref).collect();
        assert_eq!(
            parameters,
            [
                Some("a'; DROP"),
                Some("BIRTH_EXEMPT_LOG"),
                Some("IN_SCOPE"),
                Some("it's a log"),
                None,
                Some("ann")
            ]
        );
    }
}
