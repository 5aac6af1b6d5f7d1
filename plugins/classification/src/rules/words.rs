//! Names taken apart into words.
//!
//! `user_id`, `userId`, `USER_ID` and `User ID` are the same two words. Nothing
//! here knows what a word means.

/// The words of a name: lower case, without the digits that end them.
#[derive(Debug, Default)]
pub(super) struct Words {
    text: String,
    ends: Vec<usize>,
}

impl Words {
    /// The words of `name`.
    pub(super) fn of(name: &str) -> Self {
        let mut words = Self::default();
        words.read(name);
        words
    }

    /// Takes `name` apart, in place of what was here.
    pub(super) fn read(&mut self, name: &str) {
        self.text.clear();
        self.ends.clear();
        let mut before = ' ';
        let mut letters = name.chars().peekable();
        while let Some(letter) = letters.next() {
            if !letter.is_alphanumeric() {
                self.end_word();
            } else {
                let next_is_lower = letters.peek().is_some_and(|next| next.is_lowercase());
                let is_start = before.is_lowercase() || before.is_ascii_digit();
                if letter.is_uppercase() && (is_start || (before.is_uppercase() && next_is_lower)) {
                    self.end_word();
                }
                self.text.extend(letter.to_lowercase());
            }
            before = letter;
        }
        self.end_word();
    }

    /// The words after the first.
    pub(super) fn tail(&self) -> Self {
        let mut tail = Self::default();
        for word in self.iter().skip(1) {
            tail.text.push_str(word);
            tail.ends.push(tail.text.len());
        }
        tail
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The word at `index`; empty where there is none.
    pub(super) fn get(&self, index: usize) -> &str {
        let start = match index {
            0 => 0,
            _ => self.ends.get(index - 1).copied().unwrap_or(0),
        };
        self.ends
            .get(index)
            .map_or("", |&end| &self.text[start..end])
    }

    pub(super) fn first(&self) -> &str {
        self.get(0)
    }

    /// The word `places` places before the end: 0 is the last.
    pub(super) fn back(&self, places: usize) -> &str {
        self.len()
            .checked_sub(places + 1)
            .map_or("", |at| self.get(at))
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    pub(super) fn has(&self, wanted: &[&str]) -> bool {
        self.iter().any(|word| wanted.contains(&word))
    }

    /// Digits that end a word of four letters or more number it: `line2` is
    /// `line`, but `md5` and `ipv4` are words of their own.
    fn end_word(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        let word = &self.text[start..];
        let bare = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        if bare.len() >= 4 {
            self.text.truncate(start + bare.len());
        }
        if self.text.len() > start {
            self.ends.push(self.text.len());
        }
    }
}

/// A word without its plural, as a number that can be compared: FNV-1a, 32 bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stem(u32);

impl Stem {
    /// Stands for no word; equal to no stem of a word.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn number(self) -> u32 {
        self.0
    }

    pub(super) fn of(word: &str) -> Self {
        Self::of_pair("", word)
    }

    /// Of two words written as one.
    pub(super) fn of_pair(before: &str, word: &str) -> Self {
        let (bare, ending) = singular(word);
        let bytes = before.bytes().chain(bare.bytes()).chain(ending.bytes());
        let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        match bare.is_empty() {
            true => Self::NONE,
            false => Self(hash.max(1)),
        }
    }
}

/// The singular of an English noun, as what is kept of it and what is added.
/// Wrong for some words, but alike for the singular and the plural of one.
pub(super) fn singular(word: &str) -> (&str, &str) {
    match word {
        "people" => return ("person", ""),
        "children" => return ("child", ""),
        "indices" => return ("index", ""),
        "caches" => return ("cache", ""),
        "media" | "news" | "series" | "alias" | "bus" | "gas" => return (word, ""),
        _ => {}
    }
    if word.len() < 4 {
        return (word, "");
    }
    // Nouns of German and Spanish that end alike everywhere.
    let ending = |plural: &str, keep: usize| {
        word.ends_with(plural)
            .then(|| &word[..word.len() - plural.len() + keep])
    };
    if let Some(bare) = ending("ungen", 3)
        .or_else(|| ending("ionen", 3))
        .or_else(|| ending("iones", 3))
    {
        return (bare, "");
    }
    if let Some(bare) = word.strip_suffix("ies") {
        return (bare, "y");
    }
    let hissing = [
        "sses", "shes", "ches", "xes", "tuses", "ruses", "nuses", "puses", "iases",
    ];
    if hissing.iter().any(|ending| word.ends_with(ending)) {
        return (&word[..word.len() - 2], "");
    }
    if ["ss", "us", "is"]
        .iter()
        .any(|ending| word.ends_with(ending))
    {
        return (word, "");
    }
    (word.strip_suffix('s').unwrap_or(word), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> Vec<String> {
        Words::of(name).iter().map(str::to_owned).collect()
    }

    #[test]
    fn names_of_every_style_come_apart_alike() {
        for name in [
            "user_id",
            "userId",
            "USER_ID",
            "User ID",
            "user-id",
            "_user__id_",
        ] {
            assert_eq!(words(name), ["user", "id"], "{name:?}");
        }
        assert_eq!(words("HTTPStatusCode"), ["http", "status", "code"]);
        assert_eq!(words("address_line2"), ["address", "line"]);
        assert_eq!(words("md5_hash"), ["md5", "hash"]);
        assert_eq!(words("geändertAm"), ["geändert", "am"]);
        assert_eq!(words("2024"), ["2024"]);
        assert_eq!(words("\"'\n"), [""; 0]);
    }

    #[test]
    fn words_are_counted_from_both_ends() {
        let words = Words::of("last_read_post_id");
        assert_eq!(
            (words.first(), words.back(0), words.back(1)),
            ("last", "id", "post")
        );
        assert_eq!((words.get(9), words.back(9)), ("", ""));
        assert!(words.has(&["post"]) && !words.has(&["posts"]));
    }

    #[test]
    fn a_plural_has_the_stem_of_its_singular() {
        let pairs = [
            ("tags", "tag"),
            ("categories", "category"),
            ("statuses", "status"),
            ("boxes", "box"),
            ("classes", "class"),
            ("branches", "branch"),
            ("people", "person"),
            ("aliases", "alias"),
            ("caches", "cache"),
        ];
        for (plural, one) in pairs {
            assert_eq!(Stem::of(plural), Stem::of(one), "{plural}");
        }
        assert_ne!(Stem::of("user"), Stem::of("group"));
        assert_eq!(Stem::of(""), Stem::NONE);
    }
}
