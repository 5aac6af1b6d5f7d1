//! The report as headings, rows and notes: what text and Markdown share. Cells
//! hold what the database says, as it says it; each format makes it safe.

use birth_core::catalog::trigger::TriggerEnabled;
use birth_core::decisions::{
    DecisionsReport, Hook, OrphanCollection, Orphans, OwnerReferences, ScopeProposal,
    UnregisteredTable,
};

/// One thing to decide.
pub(super) struct Row {
    /// What it is, in the order of the section's columns.
    pub(super) cells: Vec<String>,
    /// Why, a line each.
    pub(super) why: Vec<String>,
}

/// Things to decide of one kind.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) columns: &'static [&'static str],
    pub(super) rows: Vec<Row>,
    /// What else is to be said.
    pub(super) note: Option<String>,
}

/// The report in the order of the spec's letters.
pub(super) fn sections(report: &DecisionsReport) -> Vec<Section> {
    let Orphans {
        collections,
        registered_twice,
        rows_without_key,
    } = &report.orphans;
    vec![
        scopes(&report.scopes, report.storage_ready),
        Section {
            title: "Collections that stand for no table (B3-C)".to_owned(),
            columns: &["collection", "what it is", "relations"],
            rows: collections.iter().map(orphan).collect(),
            note: None,
        },
        Section {
            title: "Keys that are registered more than once (B3-C)".to_owned(),
            columns: &["collection"],
            rows: registered_twice.iter().map(|k| row([key(k)])).collect(),
            note: (*rows_without_key > 0)
                .then(|| format!("{rows_without_key} rows of the registry have no key")),
        },
        Section {
            title: "Tables that no collection stands for (B3-C)".to_owned(),
            columns: &["table", "what it is", "extension"],
            rows: report.unregistered.iter().map(unregistered).collect(),
            note: None,
        },
        Section {
            title: "Triggers on tables of collections (B3-D)".to_owned(),
            columns: &[
                "collection",
                "table",
                "trigger",
                "fires",
                "function",
                "mode",
            ],
            rows: report.hooks.iter().map(hook).collect(),
            note: None,
        },
        owners(&report.owners),
    ]
}

fn row<const N: usize>(cells: [String; N]) -> Row {
    Row {
        cells: cells.into(),
        why: vec![],
    }
}

/// A key, so that its ends show.
fn key(key: &str) -> String {
    format!("{key:?}")
}

fn scopes(scopes: &[ScopeProposal], storage_ready: bool) -> Section {
    let differ: Vec<&ScopeProposal> = scopes.iter().filter(|scope| scope.differs).collect();
    let same = scopes.len() - differ.len();
    let proposal = |scope: &&ScopeProposal| Row {
        cells: vec![
            key(&scope.collection),
            scope.stored.clone().unwrap_or_else(|| "nothing".to_owned()),
            scope.proposed.to_string(),
        ],
        why: scope
            .reasons
            .iter()
            .map(|reason| format!("{} [{}]", reason.message, reason.code))
            .collect(),
    };
    Section {
        title: "Scopes that are not stored as the policy proposes them (B3-B)".to_owned(),
        columns: &["collection", "stored", "proposed"],
        rows: differ.iter().map(proposal).collect(),
        note: Some(match storage_ready {
            true => format!("{same} stored as proposed"),
            false => "the registry has no policy columns yet, so nothing is stored: `birth apply storage` adds them".to_owned(),
        }),
    }
}

fn orphan(orphan: &OrphanCollection) -> Row {
    row([
        key(&orphan.collection),
        orphan.kind.describe().to_owned(),
        orphan.relations.join(", "),
    ])
}

fn unregistered(table: &UnregisteredTable) -> Row {
    row([
        table.table.clone(),
        table.kind.describe().to_owned(),
        table.extension.clone().unwrap_or_default(),
    ])
}

fn hook(hook: &Hook) -> Row {
    let mode = match hook.enabled {
        TriggerEnabled::Origin => "",
        TriggerEnabled::Disabled => "disabled",
        TriggerEnabled::Replica => "in replica mode only",
        TriggerEnabled::Always => "in every mode",
    };
    row([
        key(&hook.collection),
        hook.table.clone(),
        hook.trigger.clone(),
        hook.fires.clone(),
        hook.function.clone(),
        mode.to_owned(),
    ])
}

fn owners(owners: &OwnerReferences) -> Section {
    let missing = owners.missing.iter().map(|missing| {
        let status = match missing.stored {
            Some(status) => format!("{status} is stored"),
            None => "the policy proposes that it needs births".to_owned(),
        };
        row([key(&missing.collection), status])
    });
    let column = owners.column.as_ref();
    Section {
        title: "Collections that need births and name no owner for them (B3-E)".to_owned(),
        columns: &["collection", "status"],
        rows: missing.collect(),
        note: Some(match column {
            Some(column) => format!("the registry names owners in the column {column}"),
            None => {
                "the registry has no column for owners of births (concept collection_birth_owner)"
                    .to_owned()
            }
        }),
    }
}
