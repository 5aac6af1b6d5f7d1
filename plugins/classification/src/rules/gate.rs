//! What is decided before the shape: by the governance role, by the kind of
//! relation, and by who owns the table.

use birth_sdk::classification::{Collection, Scope, Status, Verdict};
use birth_sdk::{Reasons, RelationKind, Roles, Text};

use super::Settings;
use super::reason::Reason;

/// The verdict on a collection that is not to be judged by its shape.
pub(super) fn check(
    settings: &Settings,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) -> Option<Verdict> {
    let scope = by_role(settings, collection, reasons)
        .or_else(|| by_relation(collection, reasons))
        .or_else(|| by_extension(collection, reasons));
    if let Some(scope) = scope {
        return Some(verdict(Status::Deferred, scope));
    }
    by_name(settings, collection, reasons)
}

fn by_role(
    settings: &Settings,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) -> Option<Scope> {
    let stored = collection.role().filter(|role| !role.trim().is_empty());
    let Some(stored) = stored else {
        reasons.give(Reason::RoleMissing);
        return Some(Scope::FutureScope);
    };
    let (reason, scope) = if settings.governed_roles.has(&stored) {
        note_normalised(&settings.governed_roles, stored, reasons);
        return None;
    } else if settings.excluded_roles.has(&stored) {
        note_normalised(&settings.excluded_roles, stored, reasons);
        (Reason::RoleExcluded, Scope::UserExcluded)
    } else {
        (Reason::RoleUnknown, Scope::FutureScope)
    };
    reasons.give(reason).text(stored);
    Some(scope)
}

fn note_normalised(roles: &Roles, stored: Text<'_>, reasons: &mut Reasons<'_, Reason>) {
    if !roles.has_exactly(&stored) {
        reasons.give(Reason::RoleNormalised).text(stored);
    }
}

fn by_relation(collection: Collection<'_>, reasons: &mut Reasons<'_, Reason>) -> Option<Scope> {
    let key = collection.key();
    let (reason, scope) = match collection.kind() {
        RelationKind::Table | RelationKind::PartitionedTable => return None,
        RelationKind::None => (Reason::NoTable, Scope::OrphanRegistry),
        RelationKind::Ambiguous => (Reason::Ambiguous, Scope::InScope),
        RelationKind::Partition => (Reason::IsPartition, Scope::InScope),
        _ => (Reason::NotAPhysicalTable, Scope::InScope),
    };
    reasons.give(reason).text(key);
    Some(scope)
}

/// Nobody who works with the application makes rows in such a table.
fn by_extension(collection: Collection<'_>, reasons: &mut Reasons<'_, Reason>) -> Option<Scope> {
    if !collection.is_owned_by_extension() {
        return None;
    }
    reasons
        .give(Reason::OwnedByExtension)
        .text(collection.key());
    Some(Scope::SystemManaged)
}

/// A table in which a framework writes down its own steps, such as migrations.
/// Whatever its shape, often a single column, it is a record of what happened,
/// so it is exempt as a log and no person has to decide.
fn by_name(
    settings: &Settings,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) -> Option<Verdict> {
    let name = collection.name()?;
    let is = |kept: &String| kept.eq_ignore_ascii_case(&name);
    settings.bookkeeping.iter().any(is).then(|| {
        reasons.give(Reason::Bookkeeping).text(name);
        verdict(Status::ExemptLog, Scope::SystemManaged)
    })
}

fn verdict(status: Status, scope: Scope) -> Verdict {
    Verdict {
        status,
        scope,
        score: 0,
    }
}
