//! What the reports of all operations share: Markdown for the knowledge base.

use std::fmt::Write as _;

use crate::op::{DatabaseIdentity, Described, Item, plan_file};
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
    /// By whose leave the policy decided, and whether that is signed; none where
    /// no policy was asked.
    pub approval: Option<String>,
}

/// The beginning of a report on a run of `what`.
#[must_use]
pub fn begin(what: &str, header: &ReportHeader) -> String {
    let ReportHeader {
        run,
        started_at,
        ended_at,
        connection,
        approval,
    } = header;
    let approval = approval.as_deref().map(one_line);
    let approval = approval.map_or(String::new(), |words| format!("- approval: {words}\n"));
    format!(
        "# {what}: run {run}\n\n- started: {started_at}\n- ended: {ended_at}\n- connection: {connection}\n{approval}"
    )
}

/// Which database a run was on.
pub fn database(out: &mut String, database: &DatabaseIdentity) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "- database: {} (oid {}, system {})",
        database.database, database.database_oid, database.system_identifier
    );
}

/// The section of every proposed object with its decision.
pub fn items<O: Described>(out: &mut String, items: &[Item<O>]) {
    let _ = writeln!(
        out,
        "\n## Objects\n\n| object | decision | why |\n|---|---|---|"
    );
    for item in items {
        let why: Vec<String> = item
            .reasons
            .iter()
            .map(|r| format!("{}: {}", r.code, r.message))
            .collect();
        let _ = writeln!(
            out,
            "| {} {} | {} | {} |",
            item.object.kind(),
            table_cell(&item.object.title()),
            item.decision.word(),
            table_cell(&why.join("; "))
        );
    }
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

/// Text from a database in a cell of a table: nothing in it is markup, nor a link
/// or a mention that a forge would make of it.
///
/// Characters that could be are written as references, which no reader takes for
/// structure (CommonMark, section 2.5). A backslash would not do: one that is in
/// the text itself takes away the next one's meaning.
#[must_use]
pub fn table_cell(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for (at, c) in text.char_indices() {
        let after = text.get(at + c.len_utf8()..).unwrap_or_default();
        let is_markup = match c {
            '|' | '\\' | '<' | '&' | '`' | '[' | ']' | '*' | '~' | '@' | '$' => true,
            // Inside a word it is no emphasis, and names are full of it.
            '_' => !is_word(before) || !is_word(after.chars().next()),
            ':' => after.starts_with("//"),
            '.' => text
                .get(..at)
                .is_some_and(|b| b.to_lowercase().ends_with("www")),
            _ => false,
        };
        if is_markup {
            // Writing to a String cannot fail.
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    out
}

fn is_word(neighbour: Option<char>) -> bool {
    neighbour.is_some_and(|c| c == '_' || c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_is_markup() {
        for (text, expected) in [
            ("collection_registry", "collection_registry"),
            ("CHECK ((a = 'b'::text))", "CHECK ((a = 'b'::text))"),
            ("a|b", "a&#124;b"),
            // The pipe must not be freed by a backslash of the text's own.
            (r"a\|b", "a&#92;&#124;b"),
            ("<img src=x>", "&#60;img src=x>"),
            ("[go](http://x)", "&#91;go&#93;(http&#58;//x)"),
            ("_so_ a__b", "&#95;so&#95; a__b"),
            ("see WWW.x.org, a@b.c", "see WWW&#46;x.org, a&#64;b.c"),
            ("12:30, $x$", "12:30, &#36;x&#36;"),
            ("a\n| b", "a&#92;u{a}&#124; b"),
        ] {
            assert_eq!(table_cell(text), expected);
        }
    }
}
