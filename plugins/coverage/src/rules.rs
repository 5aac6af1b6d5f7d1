//! Is a governed collection covered?
//!
//! The source is the B3 design, revision 3, section 3, whose five conditions
//! hold for the gate and for the sweep alike:
//!
//! 1. the physical table exists (`table.rs`);
//! 2. the policy is decided (`policy.rs`);
//! 3. where a birth is required, a species is mapped (`policy.rs`);
//! 4. where a birth is required, a birth trigger with the right binding, shape
//!    and state is there (`trigger.rs`);
//! 5. where the collection is exempt, a reason is given (`policy.rs`).
//!
//! A condition that fails is one finding, always with the same code: the host
//! makes a finding's fingerprint from the collection's key and the code, so
//! that a gap stays the same gap while its details change. Details are notes
//! beside it. What is odd without failing a condition is a warning, and a
//! setting of the policy set can make each of them a finding.
//!
//! A collection has gaps exactly when it has a reason of severity finding.

use birth_sdk::coverage::{Collection, Facts, Policy, Status, answer};
use birth_sdk::{Answers, Plugin, Reasons, SettingsReader};

mod policy;
mod reason;
mod settings;
mod table;
mod trigger;

pub use reason::Reason;
pub use settings::Settings;

/// The coverage policy.
#[derive(Debug)]
pub struct Coverage;

impl Plugin for Coverage {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Reason = Reason;
    type Settings = Settings;

    fn settings(reader: &mut SettingsReader<'_>) -> Settings {
        Settings::read(reader)
    }
}

impl Policy for Coverage {
    fn judge(settings: &Settings, facts: Facts<'_>) -> Answers<Reason> {
        let mut is_governed = facts.memo(|role| settings.governed_roles.has(role));
        answer(facts, |collection, reasons| {
            if !collection.role().is_some_and(|role| is_governed.get(role)) {
                return Status::NotGoverned;
            }
            check(settings, facts, collection, reasons);
            match reasons.has_finding() {
                true => Status::Gaps,
                false => Status::Covered,
            }
        })
    }
}

/// Every condition, and what is odd, of a governed collection.
fn check(
    settings: &Settings,
    facts: Facts<'_>,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    let is_ready = facts.is_storage_ready();
    if is_ready && policy::is_out_of_check(settings, collection, reasons) {
        return;
    }
    let has_table = table::check(collection, reasons);
    let decision = match is_ready {
        true => policy::decision(collection, reasons),
        false => {
            reasons.give(Reason::StorageNotReady);
            None
        }
    };
    if let Some(decision) = decision {
        policy::check(settings, decision, collection, reasons);
        if decision.is_required() && has_table {
            trigger::check(settings, collection, reasons);
        }
        policy::check_record(settings, decision, facts.now(), collection, reasons);
    }
    if has_table {
        let is_exempt = decision.is_some_and(policy::Decision::is_exempt);
        trigger::check_calls(settings, is_exempt, collection, reasons);
    }
}

/// What is odd is a warning, unless the policy set refuses it.
fn warning_unless(refused: bool, warning: Reason, finding: Reason) -> Reason {
    match refused {
        true => finding,
        false => warning,
    }
}
