//! What birth triggers need.

use birth_core::catalog::relation::RelationKind;
use birth_core::estate::CollectionTable;
use birth_core::outcome::FailureClass;
use birth_core::profile::Profile;

use super::{Diagnosis, Level};
use crate::pg::{PgErrorKind, Reader, Server};
use crate::run::classify::RegistryNames;
use crate::run::failure::Failure;
use crate::run::resolution;

/// What birth triggers need: the function, the collections' tables, rights and
/// room for locks. None of it is a failure: policy storage does without.
pub(super) async fn check(
    diagnosis: &mut Diagnosis,
    reader: Reader<'_>,
    server: &Server,
    profile: &Profile,
    schema: Option<&str>,
) -> Result<(), Failure> {
    match resolution::function(reader, &profile.naming).await {
        Ok(function) => {
            let may = if function.may_execute {
                "may"
            } else {
                "may NOT"
            };
            let detail = format!(
                "{} (oid {}), which {} {may} execute",
                function.signature(),
                function.oid,
                server.role
            );
            let level = if function.may_execute {
                Level::Ok
            } else {
                Level::Info
            };
            diagnosis.add(level, FailureClass::Privilege, "function", detail, None);
        }
        Err(failure) => diagnosis.info("function", &failure),
    }
    let names = match RegistryNames::discover(reader, profile, schema).await {
        Ok(names) => names,
        // Said above, name by name.
        Err(_) => return Ok(()),
    };
    let rules = &profile.collections;
    let registry = &names.registry.relation;
    let estate = match reader.estate(registry, &names.columns()?, rules).await {
        Ok(estate) => estate,
        // A right that is missing is said above.
        Err(error) if error.kind == PgErrorKind::Privilege => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let tables = || estate.collections.iter().filter_map(|c| c.table.as_ref());
    let ambiguous = estate
        .collections
        .iter()
        .filter(|c| c.kind == RelationKind::Ambiguous);
    let (all, found, ambiguous) = (
        estate.collections.len(),
        tables().count(),
        ambiguous.count(),
    );
    diagnosis.add(
        if found == all { Level::Ok } else { Level::Info },
        FailureClass::Schema,
        "estate",
        format!(
            "{all} collections: {found} have a table, {ambiguous} fit several, {} have none",
            all - found - ambiguous
        ),
        None,
    );
    let usable = |t: &&CollectionTable| t.making.may_not_create.is_none() && t.making.may_drop;
    let may = tables().filter(usable).count();
    diagnosis.add(
        if may == found { Level::Ok } else { Level::Info },
        FailureClass::Privilege,
        "rights",
        format!(
            "{} may create and drop triggers on {may} of {found} tables",
            server.role
        ),
        None,
    );
    let locks: i64 = tables().map(|t| 1 + i64::from(t.making.partitions)).sum();
    let room = server.lock_slots - server.locks_held;
    let next =
        (locks > room).then(|| "install with --batch-size, see `birth plan triggers`".to_owned());
    diagnosis.add(
        if locks <= room {
            Level::Ok
        } else {
            Level::Info
        },
        FailureClass::Database,
        "locks",
        format!("triggers on all of them need {locks} locks; the server has room for {room} more"),
        next,
    );
    Ok(())
}
