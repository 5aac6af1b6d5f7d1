//! What the reports of all operations share: Markdown for the knowledge base.

use std::fmt::Write as _;

use crate::op::plan_file;
use crate::outcome::FinalResponse;
use crate::sql::Statement;
use crate::text::is_hidden;

/// Times and connection of a run.
#[derive(Debug, Clone)]
pub struct ReportHeader {
    /// The run's id.
    pub run: String,
    /// When it started (RFC 3339).
    pub started_at: String,
    /// When it ended (RFC 3339).
    pub ended_at: String,
    /// The connection, without secrets.
    pub connection: String,
}

/// The beginning of a report on a run of `what`.
#[must_use]
pub fn begin(what: &str, header: &ReportHeader) -> String {
    let ReportHeader {
        run,
        started_at,
        ended_at,
        connection,
    } = header;
    format!(
        "# {what}: run {run}\n\n- started: {started_at}\n- ended: {ended_at}\n- connection: {connection}\n"
    )
}

/// The section of the compiled statements.
pub fn statements(out: &mut String, statements: &[impl Statement]) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n## Compiled statements\n\n```sql");
    for sql in plan_file::compiled(statements) {
        let _ = writeln!(out, "{sql}");
    }
    let _ = writeln!(out, "```");
}

/// The end of a report.
pub fn end(out: &mut String, response: &FinalResponse) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\n## Final response\n\n```\n{response}```\n");
}

/// Text from a database on one line, with what cannot be seen as escapes.
#[must_use]
pub fn one_line(text: &str) -> String {
    let hidden = |c: char| c.is_control() || is_hidden(c);
    text.chars()
        .flat_map(|c| {
            let escaped = hidden(c).then(|| c.escape_unicode());
            let shown = (!hidden(c)).then_some(c);
            escaped.into_iter().flatten().chain(shown)
        })
        .collect()
}

/// Text from a database in a cell of a table.
#[must_use]
pub fn table_cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}
