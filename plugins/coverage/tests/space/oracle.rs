//! What the verdict on a collection must be, from raw numbers and words.

use birth_sdk::testing::coverage::{Collection, Trigger};
use birth_sdk::{Setting, SettingValue};

/// Settings that are true or false, and whether a scope is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Switches {
    pub(crate) other_name: bool,
    pub(crate) constraint: bool,
    pub(crate) always: bool,
    /// Every `require-…` and `refuse-…`.
    pub(crate) strict: bool,
    /// `empty-words = ["todo"]`, `longest-deferral-days = 1`.
    pub(crate) revised: bool,
    /// `scopes-without-check = ["SYSTEM_MANAGED"]`.
    pub(crate) leaves_out: bool,
}

pub(crate) const DEFAULTS: Switches = Switches {
    other_name: true,
    constraint: false,
    always: true,
    strict: false,
    revised: false,
    leaves_out: false,
};

impl Switches {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..64).map(|bits| Self {
            other_name: bits & 1 != 0,
            constraint: bits & 2 != 0,
            always: bits & 4 != 0,
            strict: bits & 8 != 0,
            leaves_out: bits & 16 != 0,
            revised: bits & 32 != 0,
        })
    }

    pub(crate) fn settings(self) -> Vec<Setting> {
        let truths = [
            ("accept-other-trigger-name", self.other_name),
            ("accept-constraint-trigger", self.constraint),
            ("accept-always-enabled", self.always),
            ("require-review-owner", self.strict),
            ("require-decided-at", self.strict),
            ("require-decided-by", self.strict),
            ("refuse-future-decisions", self.strict),
            ("refuse-long-deferrals", self.strict),
            ("refuse-trigger-on-exempt", self.strict),
            ("refuse-double-registration", self.strict),
            ("refuse-row-moves", self.strict),
        ];
        let truth = |(key, value): (&str, bool)| Setting {
            key: key.to_owned(),
            value: SettingValue::Truth(value),
        };
        let mut settings: Vec<Setting> = truths.into_iter().map(truth).collect();
        if self.leaves_out {
            settings.push(Setting {
                key: "scopes-without-check".to_owned(),
                value: SettingValue::Texts(vec!["SYSTEM_MANAGED".to_owned()]),
            });
        }
        if self.revised {
            settings.push(Setting {
                key: "empty-words".to_owned(),
                value: SettingValue::Texts(vec!["todo".to_owned()]),
            });
            settings.push(Setting {
                key: "longest-deferral-days".to_owned(),
                value: SettingValue::Integer(1),
            });
        }
        settings
    }
}

/// Status and reasons as `CODE|text|number`, sorted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) status: u8,
    pub(crate) reasons: Vec<String>,
}

#[derive(Default)]
struct Reasons {
    given: Vec<String>,
    has_finding: bool,
}

impl Reasons {
    fn note(&mut self, code: &str, text: &str) {
        self.given.push(format!("{code}|{text}|0"));
    }

    fn finding(&mut self, code: &str, text: &str) {
        self.has_finding = true;
        self.note(code, text);
    }

    fn odd(&mut self, switches: Switches, code: &str, text: &str, number: i64) {
        let prefix = if switches.strict { "" } else { "WARN_" };
        self.has_finding |= switches.strict;
        self.given.push(format!("{prefix}{code}|{text}|{number}"));
    }
}

const PARTITIONED: u8 = 2;
const NAME: u16 = 1;
const BOUND: u16 = 2;
const INTERNAL: u16 = 4;
const CLONE: u16 = 8;
const CONSTRAINT: u16 = 16;

/// What a collection of each kind is that is no physical table.
const INSTEAD: [Option<&str>; 10] = [
    Some("TABLE_ABSENT"),
    None,
    None,
    None,
    Some("TABLE_IS_VIEW"),
    Some("TABLE_IS_MATERIALIZED_VIEW"),
    Some("TABLE_IS_FOREIGN_TABLE"),
    Some("TABLE_IS_TEMPORARY"),
    Some("TABLE_AMBIGUOUS"),
    Some("TABLE_IS_OTHER_RELATION"),
];

/// A bit of `tgtype` that is not as in 5, and what it makes of the trigger.
const DEVIATIONS: [(u8, &str); 7] = [
    (0x01, "TRIGGER_PER_STATEMENT"),
    (0x02, "TRIGGER_BEFORE"),
    (0x04, "TRIGGER_NOT_ON_INSERT"),
    (0x08, "TRIGGER_ON_DELETE"),
    (0x10, "TRIGGER_ON_UPDATE"),
    (0x20, "TRIGGER_ON_TRUNCATE"),
    (0x40, "TRIGGER_INSTEAD_OF"),
];

/// A bit of a trigger that is always refused.
const TRAITS: [(u16, &str); 4] = [
    (32, "TRIGGER_HAS_WHEN"),
    (64, "TRIGGER_HAS_ARGUMENTS"),
    (128, "TRIGGER_HAS_COLUMN_LIST"),
    (256, "TRIGGER_HAS_TRANSITION_TABLES"),
];

const EXEMPT: [&str; 3] = [
    "BIRTH_EXEMPT_JUNCTION",
    "BIRTH_EXEMPT_LOG",
    "BIRTH_EXEMPT_CACHE",
];

fn is_decided(word: &str) -> bool {
    EXEMPT.contains(&word) || word == "BIRTH_REQUIRED" || word == "BIRTH_DEFERRED"
}

fn blank(switches: Switches, text: &Option<String>) -> bool {
    let text = text.as_deref().unwrap_or_default().trim().to_lowercase();
    text.is_empty() || switches.revised && text == "todo"
}

/// By the default list of governed roles.
pub(crate) fn expect(
    switches: Switches,
    storage_ready: bool,
    now: i64,
    collection: &Collection,
) -> Expected {
    let role = collection.role.clone().unwrap_or_default();
    let role = role.trim().to_lowercase();
    if !["governed", "locked", "law_artifact", "observed"].contains(&role.as_str()) {
        return Expected {
            status: 0,
            reasons: Vec::new(),
        };
    }
    let mut reasons = Reasons::default();
    let is_out =
        switches.leaves_out && collection.scope_status.as_deref() == Some("SYSTEM_MANAGED");
    if storage_ready && is_out {
        reasons.note("SCOPE_NOT_CHECKED", "SYSTEM_MANAGED");
    } else {
        conditions(switches, storage_ready, now, collection, &mut reasons);
    }
    reasons.given.sort_unstable();
    Expected {
        status: if reasons.has_finding { 2 } else { 1 },
        reasons: reasons.given,
    }
}

fn conditions(
    switches: Switches,
    storage_ready: bool,
    now: i64,
    collection: &Collection,
    reasons: &mut Reasons,
) {
    let key = collection.key.as_str();
    let name = collection.name.as_deref().unwrap_or(key);
    let instead = INSTEAD[usize::from(collection.kind)];
    if let Some(code) = instead {
        reasons.finding("TABLE_MISSING", key);
        reasons.note(code, name);
    }
    let mut word = "";
    if storage_ready {
        word = match collection.coverage_status.as_deref() {
            None => "undecided",
            Some(word) => word,
        };
        match word {
            "BIRTH_REQUIRED" if collection.species_mappings == 0 => {
                reasons.finding("SPECIES_UNMAPPED", key);
            }
            _ if EXEMPT.contains(&word) && blank(switches, &collection.exemption_reason) => {
                reasons.finding("EXEMPTION_UNEXPLAINED", word);
            }
            "BIRTH_DEFERRED" if blank(switches, &collection.review_owner) => {
                reasons.odd(switches, "DEFERRED_WITHOUT_OWNER", "", 0);
            }
            _ if is_decided(word) => {}
            _ => {
                reasons.finding("POLICY_UNDECIDED", key);
                if collection.coverage_status.is_some() && word.trim().is_empty() {
                    reasons.note("STATUS_BLANK", "");
                } else if collection.coverage_status.is_some() {
                    reasons.note("STATUS_UNKNOWN", word);
                }
            }
        }
        if is_decided(word) {
            if blank(switches, &collection.decided_by) {
                reasons.odd(switches, "DECIDED_WITHOUT_ACTOR", word, 0);
            }
            match collection.decided_at {
                None => reasons.odd(switches, "DECIDED_WITHOUT_DATE", word, 0),
                Some(at) if at > now => {
                    reasons.odd(switches, "DECIDED_IN_THE_FUTURE", word, at - now);
                }
                Some(at) if switches.revised && word == "BIRTH_DEFERRED" && now - at >= 172_800 => {
                    reasons.odd(switches, "DEFERRED_TOO_LONG", "", (now - at) / 86_400);
                }
                Some(_) => {}
            }
        }
    } else {
        reasons.note("POLICY_STORAGE_NOT_READY", "");
    }
    if instead.is_none() {
        if word == "BIRTH_REQUIRED" {
            birth_trigger(switches, collection, reasons);
        }
        let is_exempt = EXEMPT.contains(&word);
        calls(switches, is_exempt, name, collection, reasons);
    }
}

/// Condition 4.
fn birth_trigger(switches: Switches, collection: &Collection, reasons: &mut Reasons) {
    let mut has_right = false;
    let mut is_silent = false;
    let mut notes = Reasons::default();
    for trigger in &collection.triggers {
        let name = trigger.name.as_str();
        if collection.kind == PARTITIONED && trigger.bits & CLONE != 0 {
            if trigger.bits & BOUND != 0 && (trigger.enabled == 1 || trigger.enabled == 2) {
                is_silent = true;
                notes.note("TRIGGER_CLONE_DOES_NOT_FIRE", name);
            }
            continue;
        }
        if trigger.bits & BOUND == 0 {
            if trigger.bits & NAME != 0 {
                notes.note("TRIGGER_OTHER_FUNCTION", &trigger.function);
            }
            continue;
        }
        if trigger.bits & (INTERNAL | CLONE) == INTERNAL {
            notes.note("TRIGGER_IS_INTERNAL", name);
            continue;
        }
        let before = notes.given.len();
        for (bit, code) in DEVIATIONS {
            if (trigger.trigger_type ^ 5) & bit != 0 {
                notes.note(code, name);
            }
        }
        for (bit, code) in TRAITS {
            if trigger.bits & bit != 0 {
                notes.note(code, name);
            }
        }
        if trigger.bits & CONSTRAINT != 0 && !switches.constraint {
            notes.note("TRIGGER_IS_CONSTRAINT", name);
        }
        match trigger.enabled {
            1 => notes.note("TRIGGER_DISABLED", name),
            2 => notes.note("TRIGGER_REPLICA_ONLY", name),
            3 if !switches.always => notes.note("TRIGGER_ALWAYS", name),
            _ => {}
        }
        if trigger.bits & NAME == 0 && !switches.other_name {
            notes.note("TRIGGER_UNDER_OTHER_NAME", name);
        }
        has_right |= notes.given.len() == before;
    }
    if !has_right || is_silent {
        reasons.finding("TRIGGER_MISSING", &collection.key);
        reasons.given.extend(notes.given);
    }
}

/// Triggers that call the function for rows of ordinary sessions.
fn calls(
    switches: Switches,
    is_exempt: bool,
    table: &str,
    collection: &Collection,
    reasons: &mut Reasons,
) {
    let is_partitioned = collection.kind == PARTITIONED;
    let calling = |trigger: &&Trigger| {
        let is_clone = trigger.bits & CLONE != 0;
        let is_internal = trigger.bits & INTERNAL != 0 && !is_clone;
        let is_below = is_partitioned && is_clone;
        let fires = trigger.enabled == 0 || trigger.enabled == 3;
        trigger.bits & BOUND != 0 && fires && !is_internal && !is_below
    };
    let calling: Vec<&Trigger> = collection.triggers.iter().filter(calling).collect();
    if let (true, Some(first)) = (is_exempt, calling.first()) {
        reasons.odd(switches, "TRIGGER_ON_EXEMPT", &first.name, 0);
    }
    if let [first, _, ..] = calling[..] {
        let number = calling.len() as i64;
        reasons.odd(switches, "REGISTERED_TWICE", &first.function, number);
        for trigger in &calling {
            reasons.note("REGISTERED_TWICE_TRIGGER", &trigger.name);
        }
    }
    let on_insert = |trigger: &&Trigger| trigger.trigger_type & 4 != 0;
    if is_partitioned && calling.iter().any(on_insert) {
        reasons.odd(switches, "TRIGGER_ON_PARTITIONED", table, 0);
    }
}
