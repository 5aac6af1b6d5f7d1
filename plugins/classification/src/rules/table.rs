//! What the name of a table hints at.
//!
//! The noun that a name ends in counts; words before it say less. Which words
//! hint at what is a setting. Names lie: a hint never decides alone.

use super::words::{Stem, Words, singular};

/// Nouns that say nothing of what they hold: `audit_log_entries`.
const EMPTY_TAILS: [&str; 26] = [
    "entry",
    "entries",
    "record",
    "records",
    "item",
    "items",
    "data",
    "rows",
    "info",
    "detail",
    "details",
    "table",
    "tbl",
    "list",
    "line",
    "lines",
    "archive",
    "archived",
    "backup",
    "bak",
    "tab",
    "table",
    "eintraege",
    "object",
    "objects",
    "dtl",
];
/// Prefixes of a product or a habit.
const HABITS: [&str; 7] = ["tbl", "tb", "t", "tab", "app", "core", "main"];
/// Words that end in a hint and are none.
const NO_COMPOUNDS: [&str; 16] = [
    "blog",
    "weblog",
    "catalog",
    "dialog",
    "backlog",
    "analog",
    "prolog",
    "epilog",
    "blogs",
    "catalogs",
    "dialogs",
    "catalogue",
    "microblog",
    "bitmap",
    "sitemap",
    "roadmap",
];

/// What a word hints at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    Required,
    Junction,
    Log,
    Cache,
    Queue,
}

/// The words that hint, by their stems; sorted, so that they can be found fast.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    stems: Vec<(u32, Hint)>,
    /// Those that end longer words.
    endings: Vec<(String, Hint)>,
}

impl Hint {
    /// As the settings name it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Junction => "junction",
            Self::Log => "log",
            Self::Cache => "cache",
            Self::Queue => "queue",
        }
    }
}

impl Hints {
    /// Adds words that hint at `hint`.
    pub(super) fn add(&mut self, words: &[String], hint: Hint) {
        for word in words {
            self.stems.push((Stem::of(word).number(), hint));
            if COMPOUNDED.contains(&word.as_str()) {
                self.endings.push((word.clone(), hint));
            }
        }
        self.stems.sort_unstable_by_key(|(stem, _)| *stem);
    }

    /// What `word` alone hints at.
    pub(super) fn exact(&self, word: &str) -> Option<Hint> {
        self.of_stem(Stem::of(word))
    }

    /// What two words together hint at.
    fn of_pair(&self, before: &str, word: &str) -> Option<Hint> {
        self.of_stem(Stem::of_pair(before, word))
    }

    fn of_stem(&self, stem: Stem) -> Option<Hint> {
        let stem = stem.number();
        let at = self
            .stems
            .binary_search_by_key(&stem, |(stem, _)| *stem)
            .ok()?;
        self.stems.get(at).map(|(_, hint)| *hint)
    }

    /// As [`Hints::exact`], where several words are written as one: `auditlog`.
    fn of_compound(&self, word: &str) -> Option<Hint> {
        self.exact(word).or_else(|| {
            if NO_COMPOUNDS.contains(&word) {
                return None;
            }
            let (bare, ended) = singular(word);
            let last = ended.bytes().next_back().or(bare.bytes().next_back());
            let longer = |noun: &str| {
                if noun.bytes().next_back() != last {
                    return false;
                }
                noun.strip_suffix(ended)
                    .is_some_and(|noun| bare.len() >= noun.len() + 3 && bare.ends_with(noun))
            };
            let found = self.endings.iter().find(|(ending, _)| longer(ending));
            found.map(|(_, hint)| *hint)
        })
    }
}

/// Nouns of languages in which what a thing is comes first.
const HEAD_FIRST: [&str; 26] = [
    "historique",
    "historial",
    "historia",
    "bitacora",
    "registro",
    "registros",
    "mouvement",
    "mouvements",
    "movimiento",
    "movimientos",
    "resumen",
    "resume",
    "cola",
    "journal",
    "journaux",
    "lien",
    "liens",
    "relacion",
    "relaciones",
    "parametre",
    "parametres",
    "ajuste",
    "ajustes",
    "regla",
    "reglas",
    "categoria",
];
const HEAD_FIRST_PAIRS: [(&str, &str); 7] = [
    ("lich", "su"),
    ("nhat", "ky"),
    ("bien", "dong"),
    ("tong", "hop"),
    ("hang", "doi"),
    ("cau", "hinh"),
    ("lien", "ket"),
];

const PLANNED: [&str; 8] = [
    "event",
    "events",
    "activity",
    "activities",
    "action",
    "actions",
    "run",
    "runs",
];

/// What says what shall be done.
const PLANS: [&str; 10] = [
    "rule",
    "rules",
    "policy",
    "template",
    "macro",
    "automation",
    "scenario",
    "trigger",
    "workflow",
    "playbook",
];

/// Nouns of logs that mean nothing else, also as the end of a longer word.
const CERTAIN_LOGS: [&str; 17] = [
    "aud",
    "ledger",
    "logging",
    "logentry",
    "trace",
    "click",
    "impression",
    "pageview",
    "transition",
    "invocation",
    "log",
    "audit",
    "history",
    "trail",
    "protokoll",
    "verlauf",
    "historie",
];

/// What was made from something else.
const MADE: [&str; 22] = [
    "serialized",
    "serialised",
    "flattened",
    "compiled",
    "prefetched",
    "latest",
    "last",
    "trending",
    "popular",
    "cache",
    "cached",
    "rendered",
    "computed",
    "precomputed",
    "denormalized",
    "denormalised",
    "materialized",
    "tmp",
    "temp",
    "temporary",
    "staging",
    "aggregated",
];

/// What is worked out for one other row, amounts included.
const DERIVED: [&str; 9] = [
    "lookup",
    "stat",
    "statistic",
    "summary",
    "aggregate",
    "rollup",
    "index",
    "count",
    "total",
];

/// Nouns of what is said about something: the settings of a cache are kept.
const ABOUT: [&str; 17] = [
    "setting",
    "config",
    "configuration",
    "preference",
    "option",
    "rule",
    "type",
    "template",
    "policy",
    "definition",
    "category",
    "status",
    "kind",
    "provider",
    "parameter",
    "attribute",
    "property",
];

/// Nouns that are written together with the word before them.
const COMPOUNDED: [&str; 46] = [
    "assignment",
    "membership",
    "audit",
    "delivery",
    "attempt",
    "transition",
    "activity",
    "snapshot",
    "summary",
    "statistic",
    "thumbnail",
    "impression",
    "metric",
    "movement",
    "nonce",
    "verlauf",
    "historie",
    "zuordnung",
    "sitzung",
    "statistik",
    "warteschlange",
    "zaehler",
    "puffer",
    "einstellung",
    "vorlage",
    "zwischenspeicher",
    "bewegung",
    "messung",
    "messwert",
    "log",
    "cache",
    "session",
    "history",
    "queue",
    "setting",
    "config",
    "stat",
    "token",
    "lock",
    "view",
    "event",
    "protokoll",
    "member",
    "counter",
    "template",
    "journal",
];

/// A table's name.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableName {
    /// The noun it ends in.
    pub(super) head: Stem,
    /// What that noun hints at.
    pub(super) hint: Option<Hint>,
    /// What a word before it hints at, where the noun itself hints at nothing.
    pub(super) weak_hint: Option<Hint>,
    /// That noun may mean something that people plan: `event`.
    pub(super) may_be_planned: bool,
    /// That noun means a log and nothing else: `history`, but not `event`.
    pub(super) is_certain_log: bool,
    /// A word says that the rows were made from others: `cached_totals`.
    pub(super) is_made: bool,
    /// The noun is of what is worked out from other rows: `summary`.
    pub(super) is_derived: bool,
    /// The noun is `cache` itself.
    pub(super) is_cache: bool,
    stems: [Stem; 8],
}

impl TableName {
    /// Takes `name` apart with `scratch`, which is only there to be reused.
    pub(super) fn of(name: &str, hints: &Hints, scratch: &mut Words) -> Self {
        scratch.read(name);
        let words: &Words = scratch;
        let count = words.len();
        let is_empty = |at: usize| {
            let word = words.get(at);
            EMPTY_TAILS.contains(&word)
                || word.bytes().all(|byte| byte.is_ascii_digit())
                || is_version(word)
        };
        let head = (0..count)
            .rev()
            .find(|&at| !is_empty(at))
            .unwrap_or(count.saturating_sub(1));
        let pair = |at: usize| {
            at.checked_sub(1)
                .and_then(|before| hints.of_pair(words.get(before), words.get(at)))
        };
        let first = (0..count)
            .find(|&at| !HABITS.contains(&words.get(at)))
            .unwrap_or(0);
        let is_head_first = HEAD_FIRST.contains(&words.get(first))
            || HEAD_FIRST_PAIRS.contains(&(words.get(first), words.get(first + 1)));
        let head_first =
            || match HEAD_FIRST_PAIRS.contains(&(words.get(first), words.get(first + 1))) {
                true => hints.of_pair(words.get(first), words.get(first + 1)),
                false => hints.exact(words.get(first)),
            };
        let may_be_planned = PLANNED.contains(&words.get(head));
        // The actions of a rule are what it does, not what was done.
        let is_of_a_plan = may_be_planned && (0..head).any(|at| PLANS.contains(&words.get(at)));
        let hint = (is_head_first.then(head_first).flatten())
            .or_else(|| pair(head))
            .or_else(|| hints.of_compound(words.get(head)))
            .filter(|_| !is_of_a_plan);
        let earlier = |at: usize| pair(at).or_else(|| hints.exact(words.get(at)));
        let is_newest = |word: &str| word.strip_prefix("last").is_some_and(|rest| rest.len() > 3);
        let made = (0..head).any(|at| MADE.contains(&words.get(at))) || is_newest(words.get(head));
        let mut weak_hint = None;
        if hint.is_none() {
            let of_a_record = |&hint: &Hint| hint != Hint::Required;
            weak_hint = (0..head)
                .rev()
                .find_map(|at| earlier(at).filter(of_a_record))
                .or(made.then_some(Hint::Cache));
        } else if hint == Some(Hint::Required) {
            // `rendered_pages` are pages that were rendered; `cache_settings`
            // are settings.
            let (bare, ended) = singular(words.get(head));
            let is_about = made
                && ABOUT
                    .iter()
                    .any(|noun| noun.strip_suffix(ended) == Some(bare));
            weak_hint = (made && !is_about).then_some(Hint::Cache);
        }
        let mut stems = [Stem::NONE; 8];
        for (stem, word) in stems
            .iter_mut()
            .zip(words.iter().filter(|word| !HABITS.contains(word)))
        {
            *stem = Stem::of(word);
        }
        Self {
            head: Stem::of(words.get(head)),
            hint,
            weak_hint,
            may_be_planned,
            is_made: made,
            is_derived: hint == Some(Hint::Cache)
                && DERIVED.contains(&words.get(head).trim_end_matches('s')),
            is_cache: hint == Some(Hint::Cache) && singular(words.get(head)).0.ends_with("cache"),
            is_certain_log: hint == Some(Hint::Log)
                && (is_head_first && words.get(first) != "journal"
                    || CERTAIN_LOGS
                        .iter()
                        .any(|noun| words.get(head).trim_end_matches('s').ends_with(noun))),
            stems,
        }
    }

    pub(super) fn has(&self, stem: Stem) -> bool {
        stem != Stem::NONE && self.stems.contains(&stem)
    }

    pub(super) fn hints_at(&self, hint: Hint) -> bool {
        self.hint == Some(hint)
    }

    pub(super) fn hints_weakly_at(&self, hint: Hint) -> bool {
        self.weak_hint == Some(hint)
    }
}

fn is_version(word: &str) -> bool {
    word.strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}
