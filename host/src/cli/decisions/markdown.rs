//! The report as Markdown, for a page or a chat.

use birth_core::op::report::table_cell;

use super::outline::{Row, sections};
use crate::cli::Output;
use crate::run::decisions::Decisions;

pub(super) fn show(output: &Output, found: &Decisions) {
    let revision = &found.revision;
    output.line("# Open decisions\n");
    output.line(format!(
        "- registry: {}\n- database: {}\n- policy: {} revision {}, digest {}\n- read at: {}",
        table_cell(&found.registry.to_string()),
        table_cell(&found.server.database.database),
        table_cell(&revision.name),
        revision.revision,
        revision.digest,
        found.at
    ));
    for section in sections(&found.report) {
        output.line(format!("\n## {}\n", section.title));
        if !section.rows.is_empty() {
            let why = section.rows.iter().any(|row| !row.why.is_empty());
            let mut columns = section.columns.to_vec();
            columns.extend(why.then_some("why"));
            output.line(format!("| {} |", columns.join(" | ")));
            output.line(format!("|{}", "---|".repeat(columns.len())));
            for row in &section.rows {
                output.line(line(row, why));
            }
            output.line("");
        }
        output.line(match &section.note {
            Some(note) => table_cell(note),
            None => format!("{} in all", section.rows.len()),
        });
    }
}

fn line(row: &Row, why: bool) -> String {
    let mut cells: Vec<String> = row.cells.iter().map(|cell| table_cell(cell)).collect();
    cells.extend(why.then(|| table_cell(&row.why.join("; "))));
    format!("| {} |", cells.join(" | "))
}
