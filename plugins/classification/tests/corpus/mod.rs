//! Reads `.shapes` files: tables of real kinds of applications, each with the
//! class that a person gave it. The format is described in `README.md`.
//!
//! The parser makes plain structs. They turn into the facts of a native test
//! ([`facts`]) and into the SQL that makes the tables in a real database
//! ([`sql::script`]).

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use birth_sdk::testing::classification as testing;

mod parse;
pub(crate) mod sql;

pub(crate) use parse::parse;

/// One file: the tables of one application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Application {
    pub(crate) name: String,
    pub(crate) tables: Vec<Table>,
}

/// A table and its label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) label: Label,
    pub(crate) why: String,
    pub(crate) role: Option<String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) checks: Vec<(String, String)>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) unlogged: bool,
    pub(crate) partitioned: bool,
    pub(crate) comment: Option<String>,
    pub(crate) statistics: BTreeMap<Statistic, u64>,
    pub(crate) referenced_by: Option<u32>,
}

/// What a person says the table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    #[default]
    Required,
    Junction,
    Log,
    Cache,
    Deferred,
}

impl Label {
    /// In the order of the statuses they mean.
    pub(crate) const ALL: [Self; 5] = [
        Self::Required,
        Self::Junction,
        Self::Log,
        Self::Cache,
        Self::Deferred,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Required => "REQUIRED",
            Self::Junction => "JUNCTION",
            Self::Log => "LOG",
            Self::Cache => "CACHE",
            Self::Deferred => "DEFERRED",
        }
    }
}

/// A number that PostgreSQL may know of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Statistic {
    Rows,
    Inserts,
    Updates,
    Deletes,
}

/// A column; `type_name` without its length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) length: Option<u32>,
    pub(crate) flags: Vec<String>,
}

impl Column {
    pub(crate) fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }
}

/// A foreign key over columns that are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    pub(crate) columns: Vec<String>,
    pub(crate) table: String,
    pub(crate) on_delete: u8,
}

/// An index that is not the primary key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// `unique`, `index`, `index-brin`, `index-gin`, `unique-partial` or
    /// `index-expression`.
    pub(crate) kind: String,
    pub(crate) columns: Vec<String>,
}

/// A trigger; `events` is `pg_trigger.tgtype`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) name: String,
    pub(crate) function: String,
    pub(crate) events: u8,
}

/// A line that does not fit the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.problem)
    }
}

/// Reads every `.shapes` file of a folder, in the order of their names.
///
/// # Errors
/// The first file that cannot be read or does not fit the format.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Application>, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries: Result<Vec<PathBuf>, _> = std::fs::read_dir(folder)
        .map_err(fault)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut paths = entries.map_err(fault)?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "shapes"));
    paths.sort();
    paths.iter().map(|path| read_file(path)).collect()
}

fn read_file(path: &Path) -> Result<Application, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let tables = parse(&text).map_err(|fault| format!("{}: {fault}", path.display()))?;
    Ok(Application {
        name: name.into_owned(),
        tables,
    })
}

/// The facts that a plugin gets of the tables of an application, as the host
/// would read them.
pub(crate) fn facts(application: &Application) -> testing::Facts {
    let referred = |table: &Table| {
        let others = application
            .tables
            .iter()
            .filter(|other| other.name != table.name);
        let keys = others.flat_map(|other| &other.foreign_keys);
        keys.filter(|key| key.table == table.name).count() as u32
    };
    let one = |table: &Table| {
        collection(
            table,
            table.referenced_by.unwrap_or_else(|| referred(table)),
        )
    };
    testing::Facts {
        collections: application.tables.iter().map(one).collect(),
    }
}

fn collection(table: &Table, referenced_by: u32) -> testing::Collection {
    let statistic = |which| {
        table
            .statistics
            .get(&which)
            .map_or(u8::MAX, |&number| magnitude(number))
    };
    testing::Collection {
        key: table.name.clone(),
        role: Some(table.role.clone().unwrap_or_else(|| "governed".to_owned())),
        schema: Some("public".to_owned()),
        name: Some(table.name.clone()),
        kind: if table.partitioned { 2 } else { 1 },
        bits: u8::from(table.unlogged) | if table.comment.is_some() { 64 } else { 0 },
        comment: table.comment.clone(),
        rows: statistic(Statistic::Rows),
        inserts: statistic(Statistic::Inserts),
        updates: statistic(Statistic::Updates),
        deletes: statistic(Statistic::Deletes),
        referenced_by,
        columns: table.columns.iter().map(column).collect(),
        indexes: indexes(table),
        foreign_keys: table
            .foreign_keys
            .iter()
            .map(|key| foreign_key(table, key))
            .collect(),
        checks: table.checks.iter().map(check).collect(),
        triggers: table.triggers.iter().map(trigger).collect(),
    }
}

fn magnitude(number: u64) -> u8 {
    (u64::BITS - number.leading_zeros()) as u8
}

fn column(column: &Column) -> testing::Column {
    let has_default = ["default", "default-now", "default-sequence"]
        .iter()
        .any(|flag| column.is(flag));
    let bits = [
        (
            1,
            column.is("not-null") || column.is("pk") || column.is("identity"),
        ),
        (2, has_default || column.is("generated")),
        (4, column.is("generated")),
        (8, column.is("identity")),
        (16, column.is("pk")),
        (32, column.is("default-sequence")),
        (64, column.is("default-now")),
        (128, column.is("array")),
    ];
    testing::Column {
        name: column.name.clone(),
        type_name: column.type_name.clone(),
        length: column.length,
        bits: bits
            .iter()
            .filter(|(_, holds)| *holds)
            .map(|(bit, _)| bit)
            .sum(),
    }
}

fn indexes(table: &Table) -> Vec<testing::Index> {
    let mut indexes = Vec::new();
    let keys = table.columns.iter().filter(|column| column.is("pk"));
    let keys: Vec<String> = keys.map(|column| column.name.clone()).collect();
    if !keys.is_empty() {
        indexes.push(testing::Index {
            name: format!("{}_pkey", table.name),
            bits: 1 | 2 | 16,
            columns: positions(table, &keys).map(Some).collect(),
        });
    }
    for (number, index) in table.indexes.iter().enumerate() {
        let bits = match index.kind.as_str() {
            "unique" => 2 | 16,
            "unique-partial" => 2 | 4 | 16,
            "index-brin" | "index-gin" => 16 | 32,
            "index-expression" => 8 | 16,
            _ => 16,
        };
        let mut columns: Vec<Option<u32>> = positions(table, &index.columns).map(Some).collect();
        if index.kind == "index-expression" {
            columns.insert(0, None);
        }
        indexes.push(testing::Index {
            name: format!("{}_{number}_idx", table.name),
            bits,
            columns,
        });
    }
    indexes
}

fn foreign_key(table: &Table, key: &ForeignKey) -> testing::ForeignKey {
    testing::ForeignKey {
        name: format!("{}_{}_fkey", table.name, key.columns.join("_")),
        referenced_schema: "public".to_owned(),
        referenced_name: key.table.clone(),
        on_delete: key.on_delete,
        columns: positions(table, &key.columns).collect(),
    }
}

fn check((name, definition): &(String, String)) -> testing::Check {
    testing::Check {
        name: name.clone(),
        definition: definition.clone(),
    }
}

fn trigger(trigger: &Trigger) -> testing::Trigger {
    testing::Trigger {
        name: trigger.name.clone(),
        function: format!("public.{}()", trigger.function),
        trigger_type: trigger.events,
        enabled: 0,
    }
}

/// The positions of columns that the parser has found in the table.
fn positions<'a>(table: &'a Table, names: &'a [String]) -> impl Iterator<Item = u32> + 'a {
    names.iter().filter_map(|name| {
        let at = table
            .columns
            .iter()
            .position(|column| column.name == *name)?;
        u32::try_from(at).ok()
    })
}
