//! Facts with other names in place of the real ones.
//!
//! Equal words get equal pseudonyms within one secret, so that what belongs
//! together still does: a foreign key's column and the table it points to, a
//! singular and its plural. The secret is the caller's and is not kept, so nobody
//! can try names against a file afterwards. What stays as it is:
//!
//! - **Words of the vocabulary**: those that the shipped rules test in names and
//!   types ([`WORDS`]), and every word of the policy set's settings. They are
//!   common words of schemas, not names of anybody's business.
//! - **How a name is built**: separators, upper and lower case, digits of names,
//!   the mark of a plural, single letters, and endings that rules look for in
//!   words written together (`orderid`, `visitlog`): see [`ENDINGS`].
//! - **What is no name**: kinds, marks, magnitudes, counts, times, and whether a
//!   text is absent or blank.
//!
//! Definitions of checks lose their digits as well, and free text (comments,
//! reasons, people) is replaced as a whole.

mod facts;

use std::collections::{BTreeSet, HashMap};

use crate::digest::DigestBuilder;

/// Words that the shipped rules test, one a line, and first halves of those that
/// are tested as two words written together (`deploytoken`).
pub const WORDS: &str = include_str!("pseudonym/words.txt");

/// Endings that rules look for in words that are written together; the longest
/// that fits counts.
pub const ENDINGS: [&str; 61] = [
    "activity",
    "amount",
    "amt",
    "assignment",
    "at",
    "attempt",
    "audit",
    "bewegung",
    "by",
    "cache",
    "code",
    "config",
    "counter",
    "date",
    "delivery",
    "ed",
    "einstellung",
    "event",
    "given",
    "historie",
    "history",
    "id",
    "impression",
    "journal",
    "lock",
    "log",
    "member",
    "membership",
    "messung",
    "messwert",
    "metric",
    "movement",
    "name",
    "nonce",
    "on",
    "protokoll",
    "puffer",
    "queue",
    "read",
    "session",
    "setting",
    "sitzung",
    "snapshot",
    "sold",
    "stat",
    "statistic",
    "statistik",
    "summary",
    "template",
    "thumbnail",
    "time",
    "token",
    "transition",
    "type",
    "uuid",
    "verlauf",
    "view",
    "vorlage",
    "warteschlange",
    "won",
    "zaehler",
];

/// Letters that a word has to have before an ending.
const STEM: usize = 3;

/// Letters of pseudonyms: no vowels, so that none is a word or ends in one that
/// anybody tests.
const LETTERS: &[u8; 16] = b"bcfghjklmnpqrvwx";

/// Letters of a pseudonym: 52 bits, so that among a million words the chance of
/// two with one pseudonym is one in ten thousand.
const LENGTH: usize = 13;

/// Replaces names.
#[derive(Debug)]
pub struct Pseudonyms {
    secret: [u8; 32],
    /// Words of names.
    kept: BTreeSet<String>,
    /// Whole texts.
    kept_texts: BTreeSet<String>,
    /// Words that were met, with what stands for them.
    known: HashMap<String, String>,
}

/// Words remembered: enough for every schema that people wrote, and few enough
/// for the memory where a machine wrote one.
const REMEMBERED: usize = 1 << 16;

impl Pseudonyms {
    /// With a secret, and with the texts of a policy set's settings, whose words
    /// are kept.
    pub fn new<'a>(secret: [u8; 32], settings: impl Iterator<Item = &'a str>) -> Self {
        let mut kept: BTreeSet<String> = WORDS.lines().map(str::to_owned).collect();
        let mut kept_texts = BTreeSet::new();
        for text in settings {
            kept_texts.insert(text.to_lowercase());
            kept.insert(text.to_lowercase());
            kept.extend(pieces(text).filter(|p| is_word(p)).map(str::to_lowercase));
        }
        Self {
            secret,
            kept,
            kept_texts,
            known: HashMap::new(),
        }
    }

    /// A name, a type or a key, word by word.
    pub fn name(&mut self, name: &str) -> String {
        let mut out = String::with_capacity(name.len());
        for piece in pieces(name) {
            match is_word(piece) {
                true => out.push_str(&self.word(piece)),
                // Punctuation; but pictures are names as well.
                false if piece.is_ascii() => out.push_str(piece),
                false => out.push_str(&self.letters("word", piece)),
            }
        }
        out
    }

    /// An expression: as a name, and without its numbers.
    pub fn definition(&mut self, text: &str) -> String {
        let name = self.name(text);
        let digit = |c: char| if c.is_ascii_digit() { '0' } else { c };
        name.chars().map(digit).collect()
    }

    /// Free text, as a whole. A blank one says nothing and stays; so does one that
    /// is a setting of the policy.
    pub fn said(&mut self, text: &str) -> String {
        if text.trim().is_empty() || self.kept_texts.contains(&text.to_lowercase()) {
            return text.to_owned();
        }
        self.letters("text", text)
    }

    /// One word: letters, which digits may end.
    fn word(&mut self, word: &str) -> String {
        let folded = word.to_lowercase();
        let bare = folded.trim_end_matches(|c: char| c.is_ascii_digit());
        // Of other scripts one letter may be a whole word.
        let one_letter = bare.len() == 1;
        if one_letter || self.keeps(&folded) || self.keeps(bare) {
            return word.to_owned();
        }
        let number = folded.get(bare.len()..).unwrap_or_default();
        let pseudonym = match self.known.get(bare) {
            Some(known) => known.clone(),
            None => {
                let made = self.made(bare);
                if self.known.len() < REMEMBERED {
                    self.known.insert(bare.to_owned(), made.clone());
                }
                made
            }
        };
        format!("{}{number}", in_case_of(word, &pseudonym))
    }

    fn keeps(&self, word: &str) -> bool {
        self.kept.contains(word) || plural(word).is_some_and(|(one, _)| self.kept.contains(&one))
    }

    fn made(&self, word: &str) -> String {
        if let Some((one, mark)) = plural(word) {
            return format!("{}{mark}", self.made(&one));
        }
        let ending = ENDINGS
            .iter()
            .filter_map(|ending| Some((word.strip_suffix(ending)?, *ending)))
            .filter(|(stem, _)| stem.chars().count() >= STEM)
            .max_by_key(|(_, ending)| ending.len());
        match ending {
            Some((stem, ending)) if self.kept.contains(stem) => format!("{stem}{ending}"),
            Some((stem, ending)) => format!("{}{ending}", self.letters("word", stem)),
            None => self.letters("word", word),
        }
    }

    fn letters(&self, kind: &str, word: &str) -> String {
        let digest = DigestBuilder::new("birth pseudonym 1")
            .bytes(&self.secret)
            .text(kind)
            .text(word)
            .finish();
        let halves = digest.bytes();
        let halves = halves.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        halves
            .take(LENGTH)
            .filter_map(|half| LETTERS.get(usize::from(half)))
            .map(|letter| char::from(*letter))
            .collect()
    }
}

/// The singular of an English plural, and what made it one.
fn plural(word: &str) -> Option<(String, &'static str)> {
    if word.len() < 4 || ["ss", "us", "is"].iter().any(|end| word.ends_with(end)) {
        return None;
    }
    if let Some(bare) = word.strip_suffix("ies") {
        // The mark of a plural that every rule takes off alike.
        return Some((format!("{bare}y"), "s"));
    }
    for hissing in ["sses", "shes", "ches", "xes"] {
        if word.ends_with(hissing) {
            let bare = word.strip_suffix("es").unwrap_or(word);
            return Some((bare.to_owned(), "s"));
        }
    }
    Some((word.strip_suffix('s')?.to_owned(), "s"))
}

/// As the word was written: small, capital, or with a capital first.
fn in_case_of(word: &str, pseudonym: &str) -> String {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    let first = letters.next().is_some_and(char::is_uppercase);
    let rest = letters.any(char::is_lowercase);
    match (first, rest) {
        (true, false) => pseudonym.to_uppercase(),
        (true, true) => {
            let mut rest = pseudonym.chars();
            let first = rest.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(rest).collect()
        }
        (false, _) => pseudonym.to_owned(),
    }
}

fn is_word(piece: &str) -> bool {
    piece.chars().next().is_some_and(char::is_alphabetic)
}

/// A text in pieces: words of letters with the digits that follow them, and what
/// stands between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut letters = rest.char_indices().peekable();
        let (_, first) = letters.next()?;
        let mut before = first;
        let mut end = rest.len();
        while let Some((at, letter)) = letters.next() {
            let next_is_lower = letters.peek().is_some_and(|(_, c)| c.is_lowercase());
            let begins = match (first.is_alphabetic(), letter.is_alphanumeric()) {
                (true, true) => {
                    letter.is_uppercase()
                        && (!before.is_uppercase() || (before.is_uppercase() && next_is_lower))
                }
                (true, false) => true,
                (false, _) => letter.is_alphabetic(),
            };
            if begins {
                end = at;
                break;
            }
            before = letter;
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests;
