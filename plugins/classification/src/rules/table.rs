//! What the name of a table hints at.
//!
//! The noun that a name ends in counts; words before it say less. Which words
//! hint at what is a setting. Names lie: a hint never decides alone.

use super::words::{Stem, Words};

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
            let word = word.strip_suffix('s').unwrap_or(word);
            let longer = |ending: &str| word.len() >= ending.len() + 3 && word.ends_with(ending);
            let mut found = self.endings.iter().filter(|(ending, _)| longer(ending));
            found.next().map(|(_, hint)| *hint)
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

/// Nouns of logs that mean nothing else, also as the end of a longer word.
const CERTAIN_LOGS: [&str; 7] = [
    "log",
    "audit",
    "history",
    "trail",
    "protokoll",
    "verlauf",
    "historie",
];

/// What was made from something else.
const MADE: [&str; 12] = [
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

/// Nouns that are written together with the word before them.
const COMPOUNDED: [&str; 31] = [
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
        let hint = (is_head_first.then(head_first).flatten())
            .or_else(|| pair(head))
            .or_else(|| hints.of_compound(words.get(head)));
        let earlier = |at: usize| pair(at).or_else(|| hints.exact(words.get(at)));
        let mut weak_hint = None;
        if hint.is_none() {
            let of_a_record = |&hint: &Hint| hint != Hint::Required;
            weak_hint = (0..head)
                .rev()
                .find_map(|at| earlier(at).filter(of_a_record));
        } else if hint == Some(Hint::Required) {
            // `rendered_pages` are pages that were rendered; `cache_settings`
            // are settings.
            let made = (0..head).any(|at| MADE.contains(&words.get(at)));
            weak_hint = made.then_some(Hint::Cache);
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
            may_be_planned: PLANNED.contains(&words.get(head)),
            is_certain_log: hint == Some(Hint::Log)
                && (is_head_first
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
