//! The file that `birth policy approve` adds to.

use std::path::Path;

use birth_core::outcome::FailureClass;
use birth_core::policy::approved::Approvals;
use birth_core::policy::edit::{self, EditError};

use super::{misused, refused};
use crate::cli::options::read_named;
use crate::files::{ensure_replaceable, lock_dir, open_parent, replace_shared};
use crate::run::failure::Failure;

/// Adds to the list. A passphrase takes its time, and others approve meanwhile: what
/// they added is neither overwritten nor signed unseen.
pub(super) fn add(
    path: &Path,
    seen: &Approvals,
    added: impl FnOnce(&str) -> Result<String, EditError>,
) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        Failure::new(
            FailureClass::Filesystem,
            "APPROVALS_NOT_WRITTEN",
            format!("{} cannot be written: {error}", path.display()),
        )
    };
    let (dir, name) = open_parent(path).map_err(fail)?;
    ensure_replaceable(&dir, name).map_err(fail)?;
    let _lock = lock_dir(&dir).map_err(fail)?;
    let is_there = path.exists();
    let old = match is_there {
        true => read_named(path, "the list of approved revisions")?,
        false => edit::NEW.to_owned(),
    };
    if Approvals::parse(&old).ok().as_ref() != Some(seen) {
        return Err(misused(
            "LIST_CHANGED",
            format!(
                "{} was changed by somebody else in the meantime; nothing was written",
                path.display()
            ),
        )
        .with_hint("run the command again: it goes by what stands there now"));
    }
    let new = added(&old)
        .map_err(|error| refused("NOT_ADDED", format!("{}: {error}", path.display())))?;
    if is_there && new == old {
        return Ok(());
    }
    replace_shared(&dir, name, new.as_bytes()).map_err(fail)
}
