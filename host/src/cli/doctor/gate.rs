//! What the onboarding gate needs, and what is there of it.

use birth_core::op::gate::verify::is_ready;
use birth_core::outcome::FailureClass;
use birth_core::profile::Profile;

use super::{Diagnosis, Level};
use crate::pg::{Reader, Server};
use crate::run::failure::Failure;
use crate::run::gate::Gate;
use crate::run::operation::Operation as _;

/// Rights for the gate, and whether it is there. Neither is a failure: the other
/// operations do without.
pub(super) async fn check(
    diagnosis: &mut Diagnosis,
    reader: Reader<'_>,
    server: &Server,
    profile: &Profile,
    schema: Option<&str>,
) -> Result<(), Failure> {
    let gate = Gate {
        profile: profile.clone(),
        schema: schema.map(str::to_owned),
    };
    let target = match gate.discover(reader, server).await {
        Ok(target) => target,
        // A name that does not resolve is said above.
        Err(failure) if failure.class == FailureClass::Schema => return Ok(()),
        Err(failure) => return Err(failure),
    };
    let plan = match gate.read(reader, &target).await {
        Ok(facts) => gate.plan(&server.database, &facts)?.plan,
        Err(failure) if failure.class == FailureClass::Schema => {
            let hint = failure.hint;
            diagnosis.add(Level::Info, failure.class, "gate", failure.message, hint);
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    let table = &plan.registry.name;
    // Of a gate that is there, no plan says what dropping it takes.
    if !is_ready(&plan) {
        let (level, detail) = match plan.missing_rights.as_slice() {
            [] => (
                Level::Ok,
                format!("{} may set up and drop the gate of {table}", server.role),
            ),
            missing => (
                Level::Info,
                format!("for the gate: {} {}", server.role, missing.join("; ")),
            ),
        };
        diagnosis.add(level, FailureClass::Privilege, "rights", detail, None);
    }
    let (level, detail) = match Gate::stop(&plan) {
        Some(stop) => (Level::Info, format!("in its way: {}", stop.failure)),
        None if is_ready(&plan) => (Level::Ok, format!("the gate of {table} is complete")),
        None => (
            Level::Info,
            format!("{table} has no gate, or not all of it"),
        ),
    };
    let next = (level == Level::Info).then(|| "`birth plan gate` shows what is missing".to_owned());
    diagnosis.add(level, FailureClass::Database, "gate", detail, next);
    Ok(())
}
