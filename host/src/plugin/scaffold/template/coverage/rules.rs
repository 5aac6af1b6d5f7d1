//! Is a governed collection covered?
//!
//! Each condition that fails is one reason of severity finding, with a code that
//! never changes: the host recognises a gap by the collection's key and the code.

use birth_sdk::coverage::{Collection, Facts, Policy, Status, answer};
use birth_sdk::{Answers, Plugin, Reasons, RelationKind, Roles, SettingsReader};

birth_sdk::reasons! {
    /// Why a collection has a gap.
    pub enum Reason {
        /// Nothing to register births on.
        TableMissing = Finding "TABLE_MISSING" "no table stands behind {text}",
        /// The policy columns are not there yet.
        StorageNotReady = Note "POLICY_STORAGE_NOT_READY"
            "the registry has no policy columns yet, so decisions were not checked",
        /// Nobody has decided.
        PolicyUndecided = Finding "POLICY_UNDECIDED"
            "what coverage {text} needs is not decided",
        /// An exemption has to be explained.
        ExemptionUnexplained = Finding "EXEMPTION_UNEXPLAINED"
            "{text} is exempt, and no reason is stored",
        /// Births would not be registered.
        TriggerMissing = Finding "TRIGGER_MISSING"
            "births are required, and no birth trigger fires on {text}",
    }
}

/// What a policy set may decide.
#[derive(Debug)]
pub struct Settings {
    /// `governed-roles`: roles whose collections are checked.
    governed: Roles,
    /// `exemptions-need-reason` (true).
    exemptions_need_reason: bool,
}

/// The policy.
#[derive(Debug)]
pub struct Rules;

impl Plugin for Rules {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Reason = Reason;
    type Settings = Settings;

    /// Defaults must be a complete policy: without settings this is all there is.
    fn settings(reader: &mut SettingsReader<'_>) -> Settings {
        Settings {
            governed: Roles::governed(reader),
            exemptions_need_reason: reader.truth("exemptions-need-reason", true),
        }
    }
}

impl Policy for Rules {
    fn judge(settings: &Settings, facts: Facts<'_>) -> Answers<Reason> {
        answer(facts, |collection, reasons| {
            let role = collection.role();
            if !role.is_some_and(|role| settings.governed.has(role.as_str())) {
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

fn check(
    settings: &Settings,
    facts: Facts<'_>,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    let is_table = matches!(
        collection.kind(),
        RelationKind::Table | RelationKind::PartitionedTable
    );
    if !is_table {
        reasons.give(Reason::TableMissing).text(collection.key());
    }
    if !facts.is_storage_ready() {
        reasons.give(Reason::StorageNotReady);
        return;
    }
    let status = collection.coverage_status().map(|status| status.as_str());
    match status {
        Some("BIRTH_REQUIRED") if is_table && !has_trigger(collection) => {
            reasons.give(Reason::TriggerMissing).text(collection.key());
        }
        Some("BIRTH_REQUIRED" | "BIRTH_DEFERRED") => {}
        Some(exempt) if exempt.starts_with("BIRTH_EXEMPT_") => {
            let explained = collection.exemption_reason();
            let explained = explained.is_some_and(|reason| !reason.as_str().trim().is_empty());
            if settings.exemptions_need_reason && !explained {
                reasons
                    .give(Reason::ExemptionUnexplained)
                    .text(collection.key());
            }
        }
        _ => {
            reasons.give(Reason::PolicyUndecided).text(collection.key());
        }
    }
}

/// Whether one of its triggers registers every new row: bound to the function,
/// AFTER INSERT FOR EACH ROW, without a condition, and not disabled.
fn has_trigger(collection: Collection<'_>) -> bool {
    use birth_sdk::{TriggerEnabled, TriggerType};
    collection.triggers().any(|trigger| {
        let fires = matches!(
            trigger.enabled(),
            TriggerEnabled::Origin | TriggerEnabled::Always
        );
        trigger.traits().is_bound_to_function()
            && trigger.trigger_type() == TriggerType::AFTER_INSERT_ROW
            && !trigger.traits().has_when()
            && fires
    })
}
