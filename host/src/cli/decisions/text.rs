//! The report for people at a terminal.

use super::outline::sections;
use crate::cli::Output;
use crate::cli::output::{BOLD, DIM, one_line, styled};
use crate::cli::plan::approval;
use crate::cli::render::{SHOWN, more};
use crate::plugin::set::PolicyRuntime;
use crate::run::decisions::Decisions;

pub(super) fn show(output: &Output, found: &Decisions, policy: &PolicyRuntime) {
    let server = &found.server;
    let registry = one_line(&found.registry.to_string());
    let title = format!("Open decisions about the collections of {registry}");
    output.text(styled(BOLD, title));
    output.text(format!(
        "  database  {} on PostgreSQL {}, role {}",
        one_line(&server.database.database),
        server.version,
        one_line(&server.role)
    ));
    output.text(format!("  policy    {}", approval(&found.revision, policy)));
    for section in sections(&found.report) {
        let count = section.rows.len();
        output.text(format!(
            "\n{}: {count}",
            styled(BOLD, one_line(&section.title))
        ));
        for row in section.rows.iter().take(SHOWN) {
            let cells: Vec<String> = row.cells.iter().map(|cell| one_line(cell)).collect();
            output.text(format!("  {}", cells.join("  ").trim_end()));
            for why in &row.why {
                output.text(format!("         {}", styled(DIM, one_line(why))));
            }
        }
        more(output, count);
        if let Some(note) = &section.note {
            output.text(format!("  {}", one_line(note)));
        }
    }
}
