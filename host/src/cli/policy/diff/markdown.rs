//! A comparison of policy sets as Markdown, for a pull request.

use birth_core::op::Revision;
use birth_core::op::report::table_cell;
use birth_core::policy::diff::{Answered, Change};
use birth_core::policy::ledger::Backing;

use super::{Shown, approved, headline, not_asked};
use crate::cli::Output;

/// Changes that a table lists: a comment on a pull request has a limit, and so has
/// a reader. JSON has all of them.
const LISTED: usize = 200;

pub(super) fn show(output: &Output, shown: &Shown<'_>) {
    let difference = shown.difference;
    let (diff, facts) = (&difference.diff, &difference.facts);
    output.line(format!("# Policy diff: {}\n", shown.title()));
    output.line(side("old", &diff.old, shown.old));
    output.line(side("new", &diff.new, shown.new));
    output.line(format!(
        "- facts: {}, registry {}, read at {}{}",
        table_cell(&facts.database.database),
        table_cell(&facts.registry),
        table_cell(&facts.read_at),
        match facts.pseudonyms {
            true => ", names are pseudonyms",
            false => "",
        }
    ));
    output.line(format!("- facts digest: {}", difference.facts_digest));
    output.line(format!("- digest: {}", difference.digest));
    for (roles, word) in [(&diff.only_old, "old"), (&diff.only_new, "new")] {
        for role in roles {
            output.line(format!(
                "\n## {role}\n\nOnly the {word} set has this role, so nothing was compared."
            ));
        }
    }
    for (role, of) in &diff.roles {
        output.line(format!("\n## {role}\n\n{}", headline(*role, of)));
        if let Some(not_asked) = not_asked(*role, difference) {
            output.line(format!("\n**But {not_asked}.**"));
        }
        if let Some(plugin) = &of.plugin {
            output.line(format!(
                "\nComponent {} instead of {}",
                plugin.new.short(),
                plugin.old.short()
            ));
        }
        if !of.settings.is_empty() {
            output.line("\n| setting | old | new |\n|---|---|---|");
            for setting in &of.settings {
                let value = |value: Option<&birth_core::policy::settings::SettingValue>| {
                    value.map_or_else(|| "(not set)".to_owned(), |v| table_cell(&v.to_string()))
                };
                output.line(format!(
                    "| {} | {} | {} |",
                    table_cell(&setting.key),
                    value(setting.old.as_ref()),
                    value(setting.new.as_ref())
                ));
            }
        }
        if !of.moves.is_empty() {
            output.line("\n| old | new | governance role | number |\n|---|---|---|---|");
            for (from, to) in &of.moves {
                for (to, roles) in to {
                    for (role, count) in roles {
                        output.line(format!(
                            "| {from} | {to} | {} | {count} |",
                            table_cell(role)
                        ));
                    }
                }
            }
        }
        if !of.findings.is_empty() {
            output.line("\n| finding | appears | disappears |\n|---|---|---|");
            for (code, count) in &of.findings {
                output.line(format!(
                    "| {} | {} | {} |",
                    table_cell(code),
                    count.appears,
                    count.disappears
                ));
            }
        }
        let changes = diff.changes.iter().filter(|change| change.role == *role);
        table(output, &changes.collect::<Vec<_>>());
    }
}

fn side(name: &str, revision: &Revision, backing: Option<&Backing>) -> String {
    format!(
        "- {name}: {} revision {}, digest {}, {}",
        table_cell(&revision.name),
        revision.revision,
        revision.digest,
        match backing {
            Some(backing) => table_cell(&approved(backing)),
            None => "**NOT APPROVED**".to_owned(),
        }
    )
}

fn table(output: &Output, changes: &[&Change]) {
    if changes.is_empty() {
        return;
    }
    output.line("\n| subject | role | changed | old | new |\n|---|---|---|---|---|");
    for change in changes.iter().take(LISTED) {
        let what: Vec<&str> = change.what.iter().map(|what| what.word()).collect();
        output.line(format!(
            "| {} | {} | {} | {} | {} |",
            table_cell(&change.key),
            table_cell(change.governance_role.as_deref().unwrap_or_default()),
            what.join(", "),
            cell(&change.old, &change.new),
            cell(&change.new, &change.old)
        ));
    }
    if let Some(more) = changes.len().checked_sub(LISTED).filter(|more| *more > 0) {
        output.line(format!("\n… and {more} more (`--format json` has all)"));
    }
}

/// The verdict, and the reasons that the other side does not give.
fn cell(this: &Answered, other: &Answered) -> String {
    let mut out = table_cell(&this.class());
    if this.score != other.score {
        out += &format!(", score {}", this.score);
    }
    for reason in &this.reasons {
        if !other.reasons.contains(reason) {
            out += &format!(
                "<br>{} ({})",
                table_cell(&reason.message),
                table_cell(&reason.code)
            );
        }
    }
    out
}
