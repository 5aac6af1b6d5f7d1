//! What a policy set may decide, and what it decides where it is silent.

use birth_sdk::classification::Scope;
use birth_sdk::{Roles, SettingsReader};

/// A hundred years: more is a mistake.
const MOST_DAYS: i64 = 36_525;

/// What a policy set may decide. The defaults are what the B3 design says; what
/// it does not ask for is a warning.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `governed-roles`: roles whose collections are checked.
    pub(super) governed_roles: Roles,
    /// `scopes-without-check` (none): governed collections of these scopes are
    /// covered as they are.
    pub(super) scopes_without_check: Vec<Scope>,
    /// `accept-other-trigger-name` (true): a trigger that is bound to the
    /// function and right is a birth trigger whatever its name. False: it must
    /// hold the birth trigger's name too.
    pub(super) accept_other_trigger_name: bool,
    /// `accept-constraint-trigger` (false): a constraint trigger that is right
    /// otherwise does not count, because it may be deferred to the end of the
    /// transaction. True: it counts.
    pub(super) accept_constraint_trigger: bool,
    /// `accept-always-enabled` (true): a trigger that fires for replicated rows
    /// too counts. False: it does not, as it should be where births are
    /// replicated along with the rows.
    pub(super) accept_always_enabled: bool,
    /// `empty-words` (none): words that say as little as nothing where a reason
    /// or a name is asked for, such as `todo`; in lower case.
    pub(super) empty_words: Vec<String>,
    /// `longest-deferral-days` (0: without limit): days after which a deferred
    /// decision is overdue.
    pub(super) longest_deferral_days: i64,
    /// `refuse-long-deferrals` (false): whether an overdue decision is a finding.
    pub(super) refuse_long_deferrals: bool,
    /// `require-review-owner` (false): whether a deferred decision without a
    /// review owner is a finding.
    pub(super) require_review_owner: bool,
    /// `require-decided-at` (false): whether a decision without its time is a
    /// finding.
    pub(super) require_decided_at: bool,
    /// `require-decided-by` (false): whether a decision without its actor is a
    /// finding.
    pub(super) require_decided_by: bool,
    /// `refuse-future-decisions` (false): whether a decision of a time that is
    /// yet to come is a finding.
    pub(super) refuse_future_decisions: bool,
    /// `refuse-trigger-on-exempt` (false): whether a birth trigger that fires
    /// on an exempt collection is a finding.
    pub(super) refuse_trigger_on_exempt: bool,
    /// `refuse-double-registration` (false): whether several triggers that fire
    /// and call the function are a finding.
    pub(super) refuse_double_registration: bool,
    /// `refuse-row-moves` (false): whether a birth trigger on a partitioned
    /// table is a finding, as it should be where the function may not see one
    /// row twice.
    pub(super) refuse_row_moves: bool,
}

impl Settings {
    /// Reads every setting; all have defaults.
    pub(super) fn read(reader: &mut SettingsReader<'_>) -> Self {
        Self {
            governed_roles: Roles::governed(reader),
            scopes_without_check: reader.choices("scopes-without-check", &Scope::WORDS, &[]),
            accept_other_trigger_name: reader.truth("accept-other-trigger-name", true),
            accept_constraint_trigger: reader.truth("accept-constraint-trigger", false),
            accept_always_enabled: reader.truth("accept-always-enabled", true),
            empty_words: empty_words(reader),
            longest_deferral_days: reader.integer("longest-deferral-days", 0..=MOST_DAYS, 0),
            refuse_long_deferrals: reader.truth("refuse-long-deferrals", false),
            require_review_owner: reader.truth("require-review-owner", false),
            require_decided_at: reader.truth("require-decided-at", false),
            require_decided_by: reader.truth("require-decided-by", false),
            refuse_future_decisions: reader.truth("refuse-future-decisions", false),
            refuse_trigger_on_exempt: reader.truth("refuse-trigger-on-exempt", false),
            refuse_double_registration: reader.truth("refuse-double-registration", false),
            refuse_row_moves: reader.truth("refuse-row-moves", false),
        }
    }
}

fn empty_words(reader: &mut SettingsReader<'_>) -> Vec<String> {
    let key = "empty-words";
    let words = reader.texts(key, &[]);
    for word in &words {
        if word.trim() != word || word.is_empty() || word.to_lowercase() != *word {
            let what = "must be in lower case, without space around it, and not empty";
            reader.problem(key, format!("{word:?} {what}"));
        }
    }
    words
}
