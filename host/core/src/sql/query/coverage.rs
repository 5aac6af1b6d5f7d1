//! What the coverage conditions ask of the registry and of the species map.

use serde::{Deserialize, Serialize};

use super::super::literal;
use crate::coverage::Shard;
use crate::estate::EstateColumns;
use crate::facts::conflict::WantedType;
use crate::ident::{Identifier, QualifiedName, quote};
use crate::op::storage::{COLUMNS, PolicyColumn};

/// Where collections, decisions and mappings are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CoverageSource {
    /// The registry.
    pub registry: QualifiedName,
    /// Its columns.
    pub columns: EstateColumns,
    /// Whether it has the policy columns.
    pub storage_ready: bool,
    /// The species map.
    pub species_map: QualifiedName,
    /// The collection in it.
    pub species_key: Identifier,
}

/// The cursor over [`all_collections`].
const CURSOR: &str = "birth_collections";

/// The database's time in whole seconds since 1970-01-01 UTC, and as RFC 3339
/// has it.
pub const NOW: &str = "\
SELECT floor(extract(epoch FROM now()))::int8, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";

/// Opens a cursor over every row of the registry, or over those of a shard, in
/// ascending byte order of the keys: key, role, schema, table, the six policy
/// columns, and how many rows of the species map name the key. All rows are
/// wanted, so the planner is told not to favour the first; and between two pages
/// another connection writes, which may have to wait for others.
#[must_use]
pub fn open_all_collections(source: &CoverageSource, shard: Option<Shard>) -> [String; 3] {
    let of_shard = shard.map_or_else(String::new, |shard| of_shard(source, shard));
    let mapped = format!(
        "LEFT JOIN (SELECT {} AS key, count(*) AS mappings FROM {} GROUP BY 1) s ON s.key = {}",
        key_text("m", &source.species_key),
        named(&source.species_map, "m"),
        key_text("r", &source.columns.key),
    );
    let query = format!(
        "SELECT {}, coalesce(s.mappings, 0) FROM {} {mapped}{of_shard} ORDER BY {}",
        columns(source),
        named(&source.registry, "r"),
        key_text("r", &source.columns.key),
    );
    opened(&query)
}

/// Opens the same cursor over every row of a registry, for whoever asks nothing
/// about coverage: the policy columns are NULL, and no mapping is counted.
#[must_use]
pub fn open_registry(registry: &QualifiedName, columns: &EstateColumns) -> [String; 3] {
    let mut values = registered(columns);
    values.extend(COLUMNS.iter().map(|policy| match policy.wanted {
        WantedType::Text => "NULL::text".to_owned(),
        WantedType::Timestamptz => "NULL::int8".to_owned(),
    }));
    let query = format!(
        "SELECT {}, 0::int8 FROM {} ORDER BY {}",
        values.join(", "),
        named(registry, "r"),
        key_text("r", &columns.key),
    );
    opened(&query)
}

/// Ends the cursor, so that another can be opened.
pub const CLOSE: &str = "CLOSE birth_collections";

fn opened(query: &str) -> [String; 3] {
    [
        "SET LOCAL cursor_tuple_fraction = 1".to_owned(),
        "SET LOCAL idle_in_transaction_session_timeout = '15min'".to_owned(),
        format!("DECLARE {CURSOR} NO SCROLL CURSOR FOR {query}"),
    ]
}

/// The next rows of the cursor.
#[must_use]
pub fn fetch(rows: usize) -> String {
    format!("FETCH FORWARD {rows} FROM {CURSOR}")
}

/// The rows of the registry that have some keys (`$1 text[]`), each with the
/// columns of [`open_all_collections`].
#[must_use]
pub fn collections(source: &CoverageSource) -> String {
    let (mapped, key) = (
        qualified("m", &source.species_key),
        qualified("r", &source.columns.key),
    );
    format!(
        "SELECT {}, coalesce(s.mappings, 0) FROM {} LEFT JOIN (\
         SELECT {mapped}::text AS key, count(*) AS mappings FROM {} WHERE {mapped}::text = ANY ($1) GROUP BY 1) s \
         ON s.key = {key}::text WHERE {key}::text = ANY ($1)",
        columns(source),
        named(&source.registry, "r"),
        named(&source.species_map, "m"),
    )
}

/// The same part of the keys on every server and in every version: by the
/// first two bytes of a key's SHA-256.
fn of_shard(source: &CoverageSource, Shard { index, count }: Shard) -> String {
    let digest = format!(
        "sha256(convert_to({}::text, {}))",
        qualified("r", &source.columns.key),
        literal("UTF8")
    );
    let of_key = format!("(get_byte({digest}, 0) * 256 + get_byte({digest}, 1)) % {count}");
    // Rows without a key are nobody's; the first part says that they are there.
    format!(" WHERE coalesce({of_key}, 0) = {index}")
}

fn columns(source: &CoverageSource) -> String {
    let mut out = registered(&source.columns);
    out.extend(COLUMNS.iter().map(|policy| policy_value(source, policy)));
    out.join(", ")
}

/// Key, role, schema and table, as text.
fn registered(columns: &EstateColumns) -> Vec<String> {
    let EstateColumns {
        key,
        role,
        schema,
        table,
    } = columns;
    let text = |column: &Identifier| format!("{}::text", qualified("r", column));
    let optional = |column: &Option<Identifier>| {
        column
            .as_ref()
            .map_or_else(|| "NULL::text".to_owned(), text)
    };
    vec![text(key), text(role), optional(schema), optional(table)]
}

/// A policy column as text, its time in whole seconds; `infinity` is no time.
fn policy_value(source: &CoverageSource, policy: &PolicyColumn) -> String {
    let column = format!("r.{}", quote(policy.name));
    match (source.storage_ready, policy.wanted) {
        (false, WantedType::Text) => "NULL::text".to_owned(),
        (false, WantedType::Timestamptz) => "NULL::int8".to_owned(),
        (true, WantedType::Text) => format!("{column}::text"),
        (true, WantedType::Timestamptz) => format!(
            "CASE WHEN isfinite({column}) THEN floor(extract(epoch FROM {column}))::int8 END"
        ),
    }
}

fn key_text(row: &str, column: &Identifier) -> String {
    format!("{}::text COLLATE \"C\"", qualified(row, column))
}

fn qualified(row: &str, column: &Identifier) -> String {
    format!("{row}.{}", column.quoted())
}

fn named(table: &QualifiedName, row: &str) -> String {
    format!("{} {row}", table.quoted())
}
