//! What the undoing of every operation shares: whose database the keys are of,
//! the file form of its plan, and the export of rows that would be lost.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use birth_core::digest::{Digest, DigestBuilder};
use birth_core::ident::{Identifier, QualifiedName};
use birth_core::op::report::{ReportHeader, begin, end, one_line, statements};
use birth_core::outcome::{FailureClass, FinalResponse, Status};
use birth_core::sql::Statement;

use super::failure::{Failure, other_database};
use super::operation::{Stop, Traces};
use crate::journal::Keys;
use crate::pg::{Reader, Server};

/// The format of the plan of an undoing.
pub(super) const FORMAT: u32 = 1;

/// Refuses keys of another database.
pub(super) fn check_database<K>(keys: &Keys<K>, server: &Server) -> Result<(), Failure> {
    if keys.database.is_same_database(&server.database) {
        return Ok(());
    }
    Err(other_database(
        "the run was",
        &keys.database,
        &server.database,
    ))
}

/// The stop of an undoing that anything stops which is not as the run made it, or
/// that would lose what was written since (`data`).
pub(super) fn refused(refusals: &[String], data: bool) -> Stop {
    let hint = if data {
        "nothing was dropped; --export FILE saves the data first and allows it"
    } else {
        "nothing was dropped; look at what changed since the run"
    };
    let failure = Failure::new(
        FailureClass::Database,
        "ROLLBACK_REFUSED",
        refusals.join("; "),
    );
    Stop {
        status: Status::Blocked,
        failure: failure.with_hint(hint),
    }
}

/// What is said now and was not said before.
pub(super) fn new_in(now: &[String], was: &[String]) -> Vec<String> {
    now.iter().filter(|n| !was.contains(n)).cloned().collect()
}

/// As [`new_in`], of what is gone.
pub(super) fn newly_gone(now: &[String], was: &[String]) -> Vec<String> {
    let gone = new_in(now, was).into_iter();
    gone.map(|g| format!("{g} is gone")).collect()
}

/// What an undoing left behind, by how much of it is still there.
pub(super) fn traces(left: usize, all: usize) -> Traces {
    match left {
        0 => Traces::Done,
        left if left == all => Traces::Absent,
        _ => Traces::Mixed,
    }
}

/// The report of an undoing.
pub(super) fn report<S: Statement>(
    title: &str,
    header: &ReportHeader,
    undone: Option<(&str, &[String], &[S])>,
    response: &FinalResponse,
) -> String {
    let mut out = begin(title, header);
    if let Some((of, left, compiled)) = undone {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "- undoes: {of}");
        for left in left {
            let _ = writeln!(out, "- left: {}", one_line(left));
        }
        statements(&mut out, compiled);
    }
    end(&mut out, response);
    out
}

/// Digest of a plan, in a domain of its own. The caller takes out what may
/// change between the plan and the lock.
pub(super) fn digest(domain: &str, plan: &impl Serialize) -> Result<Digest, Failure> {
    let body = serde_json::to_vec(plan).map_err(|e| Failure::encoding(&e))?;
    Ok(DigestBuilder::new(domain).bytes(&body).finish())
}

/// A plan's file form.
pub(super) fn plan_file(plan: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(plan).map_err(|e| Failure::encoding(&e))? + "\n")
}

/// Reads the file form.
pub(super) fn read_plan_file<P: DeserializeOwned>(text: &str) -> Result<P, Failure> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let unusable =
        |detail: String| Failure::new(FailureClass::Artifact, "PLAN_FILE_NOT_USABLE", detail);
    let damaged = |error| unusable(format!("the rollback's plan is damaged: {error}"));
    let Head { format } = serde_json::from_str(text).map_err(damaged)?;
    if format > FORMAT {
        return Err(unusable(format!(
            "the rollback's plan has format {format}; this host reads up to {FORMAT}"
        )));
    }
    serde_json::from_str(text).map_err(damaged)
}

/// Saves the rows of a table that hold a value in any of some columns, one JSON
/// object a line, by key.
pub(super) async fn export(
    reader: Reader<'_>,
    path: &Path,
    table: &QualifiedName,
    key: &Identifier,
    columns: &[Identifier],
) -> Result<(), Failure> {
    let rows = reader.export_rows(table, key, columns).await?;
    write_new(path, &rows).map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "EXPORT_FAILED",
            format!(
                "the rows could not be saved to {}: {error}; nothing was dropped",
                path.display()
            ),
        )
        .with_hint("name a new file in a directory that is writable and has room")
    })
}

/// Writes a new file and waits until it is on the disk; an existing one is
/// never overwritten.
fn write_new(path: &Path, rows: &[String]) -> std::io::Result<()> {
    use cap_std::fs::{OpenOptions, OpenOptionsExt as _};
    let (dir, name) = crate::files::open_parent(path)?;
    let mut file = dir.open_with(
        name,
        OpenOptions::new().write(true).create_new(true).mode(0o600),
    )?;
    for row in rows {
        writeln!(file, "{row}")?;
    }
    file.sync_all()?;
    crate::files::sync_dir(&dir)
}
