//! What the name of a column suggests.
//!
//! English thoroughly; the most telling words of German, French, Spanish and
//! Vietnamese. A suggestion only: `column.rs` sets it against the type.

use super::part::Part;
use super::words::{Stem, Words};

mod noun;
mod time;

use noun::{anywhere, noun, phrase, prefixed};
use time::time;

/// What a name suggests, and the words a reference is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sense {
    pub(super) part: Part,
    /// The first and the last word without the mark of a reference: for
    /// `blocked_user_id` those of `blocked` and `user`.
    pub(super) first: Stem,
    pub(super) last: Stem,
    /// A reference to a language.
    pub(super) is_language: bool,
    /// Names a party to a relation: `source`, `member`, `group`.
    pub(super) is_side: bool,
    /// What people are known by: `login`, `username`, `email`.
    pub(super) is_party: bool,
    /// The noun before `code` or `no`: what a natural reference names.
    pub(super) coded: Stem,
    /// Ends in a plural, which a number of that type counts.
    pub(super) is_plural: bool,
    /// `total`: of money or of things.
    pub(super) is_total: bool,
    /// The first of several words, which may be the prefix of every column.
    pub(super) lead: Stem,
    /// May be one half of a reference to rows of several tables, such as
    /// `target_type`.
    pub(super) is_type: bool,
}

impl Sense {
    /// Of a name that suggests nothing.
    const UNKNOWN: Self = Self {
        part: Part::Plain,
        first: Stem::NONE,
        last: Stem::NONE,
        is_language: false,
        is_side: false,
        is_party: false,
        coded: Stem::NONE,
        is_plural: false,
        is_total: false,
        lead: Stem::NONE,
        is_type: false,
    };

    /// What `name` suggests.
    pub(super) fn of(name: &str) -> Self {
        let words = Words::of(name);
        let mut sense = of_words(&words);
        sense.lead = match words.len() {
            0 | 1 => Stem::NONE,
            _ => Stem::of(words.first()),
        };
        sense
    }

    /// What `name` suggests without its first word.
    pub(super) fn of_tail(name: &str) -> Self {
        of_words(&Words::of(name).tail())
    }
}

fn of_words(words: &Words) -> Sense {
    if let Some(sense) = reference(words) {
        return sense;
    }
    let last = words.back(0);
    let glued = last
        .strip_suffix("type")
        .filter(|bare| words.len() == 1 && bare.len() > 2 && part(words) == Part::Plain);
    if let Some(bare) = glued {
        let stem = Stem::of(bare);
        return Sense {
            part: part(words),
            first: stem,
            last: stem,
            is_type: true,
            ..Sense::UNKNOWN
        };
    }
    let is_type = TYPE_MARKS.contains(&last);
    let is_plural = is_plural(last)
        || words.len() > 1
            && is_plural(words.first())
            && COUNTED.iter().any(|end| last.ends_with(end));
    Sense {
        part: part(words),
        first: Stem::of(words.first()),
        last: match is_type && words.len() > 1 {
            true => Stem::of(words.back(1)),
            false => Stem::of(last),
        },
        is_language: false,
        is_side: SIDES.contains(&last),
        coded: match CODE_MARKS.contains(&last) && words.len() > 1 {
            true => Stem::of(words.back(1)),
            false => Stem::NONE,
        },
        is_party: PARTIES.contains(&last),
        is_plural: is_plural && !words.has(&["max", "min", "maximum", "minimum", "limit"]),
        is_total: last == "total",
        lead: Stem::NONE,
        is_type,
    }
}

/// Words of time and size look like plurals of things and are none.
fn is_plural(word: &str) -> bool {
    word.len() > 3
        && word.ends_with('s')
        && !["ss", "us", "is"]
            .iter()
            .any(|ending| word.ends_with(ending))
        && !UNITS.contains(&word)
}

const UNITS: [&str; 21] = [
    "seconds", "minutes", "hours", "days", "weeks", "months", "years", "bytes", "cents", "millis",
    "secs", "mins", "args", "flags", "pixels", "meters", "metres", "options", "settings",
    "credits", "series",
];

/// Endings of what was done to the things before it: `likes_received`.
const COUNTED: [&str; 5] = ["ed", "given", "read", "sold", "won"];

const CODE_MARKS: [&str; 9] = [
    "code", "no", "nr", "number", "num", "login", "nummer", "kennung", "codigo",
];

const PARTIES: [&str; 5] = ["login", "username", "email", "mail", "usr"];

/// Parties to a relation.
const SIDES: [&str; 40] = [
    "user",
    "member",
    "account",
    "owner",
    "group",
    "source",
    "target",
    "from",
    "to",
    "src",
    "dst",
    "dest",
    "destination",
    "follower",
    "followee",
    "followed",
    "child",
    "ancestor",
    "descendant",
    "subject",
    "object",
    "left",
    "right",
    "sender",
    "recipient",
    "receiver",
    "editor",
    "page",
    "usuario",
    "utilisateur",
    "benutzer",
    "friend",
    "blocker",
    "blocked",
    "customer",
    "node",
    "role",
    "person",
    "predecessor",
    "successor",
];

const TYPE_MARKS: [&str; 9] = [
    "module", "type", "kind", "class", "model", "table", "klass", "typ", "tipo",
];
const ID_MARKS: [&str; 10] = [
    "id", "uuid", "guid", "fk", "oid", "ids", "pk", "ref", "ulid", "gid",
];

/// Words before an identifier that somebody else gave.
const FOREIGN: [&str; 31] = [
    "external",
    "ext",
    "remote",
    "foreign",
    "stripe",
    "paypal",
    "google",
    "facebook",
    "github",
    "apple",
    "provider",
    "legacy",
    "old",
    "import",
    "vendor",
    "tax",
    "national",
    "passport",
    "gateway",
    "upstream",
    "origin",
    "tracking",
    "registration",
    "vat",
    "original",
    "public",
    "short",
    "apns",
    "fcm",
    "gcm",
    "third",
];

/// Words before an identifier that ties records of one happening together.
const TRACING: [&str; 13] = [
    "request",
    "session",
    "trace",
    "correlation",
    "span",
    "visitor",
    "visit",
    "transaction",
    "txn",
    "batch",
    "process",
    "thread",
    "connection",
];

/// Words that end in `id` and are no reference.
const NO_REFERENCE: [&str; 24] = [
    "paid", "valid", "void", "grid", "bid", "rapid", "invalid", "hybrid", "avoid", "unpaid",
    "prepaid", "solid", "fluid", "liquid", "android", "asteroid", "kid", "lid", "mid", "raid",
    "acid", "aid", "covid", "squid",
];

fn reference(words: &Words) -> Option<Sense> {
    let last = words.back(0);
    let count = words.len();
    let found = |part, first: &str, last: &str, is_language| {
        Some(Sense {
            part,
            first: Stem::of(first),
            last: Stem::of(last),
            is_language,
            ..Sense::UNKNOWN
        })
    };
    if count == 1 {
        let bare = last
            .strip_suffix("id")
            .or_else(|| last.strip_suffix("uuid"))?;
        return match last {
            "id" | "uuid" | "guid" | "oid" | "ulid" | "pk" | "rowid" => {
                found(Part::Identifier, "", "", false)
            }
            "sid" => found(Part::Token, "", last, false),
            "jid" | "xid" => found(Part::Plain, "", last, false),
            _ if bare.is_empty() || NO_REFERENCE.contains(&last) => None,
            _ => found(Part::Reference, bare, bare, LANGUAGES.contains(&bare)),
        };
    }
    let first = words.first();
    if ["id", "fk", "uuid"].contains(&first)
        && !TYPE_MARKS.contains(&last)
        && part(words) != Part::Occurred
    {
        return found(
            Part::Reference,
            words.get(1),
            last,
            LANGUAGES.contains(&last),
        );
    }
    if last == "uid"
        && ["create", "write", "created", "updated", "modified"].contains(&words.back(1))
    {
        return found(Part::Author, first, last, false);
    }
    if !ID_MARKS.contains(&last) {
        return None;
    }
    let before = words.back(1);
    if before == "by" || words.has(&AUTHORS) {
        return found(Part::Author, first, before, false);
    }
    let part = match before {
        "parent" | "padre" | "above" | "upper" | "superior" if count == 2 => Part::Parent,
        _ if last == "ids" => Part::Detail,
        _ if FOREIGN.contains(&first) || FOREIGN.contains(&before) => Part::Content,
        _ if TRACING.contains(&before) => Part::Trace,
        _ if ["last", "latest", "newest", "highest"].contains(&first) => Part::Recent,
        _ if last == "ref" && count == 2 => Part::Content,
        _ => Part::Reference,
    };
    found(part, first, before, LANGUAGES.contains(&before))
}

const LANGUAGES: [&str; 8] = [
    "language",
    "lang",
    "locale",
    "culture",
    "langue",
    "idioma",
    "sprache",
    "languages",
];

/// Who made or changed a row, beside `…_by`.
const AUTHORS: [&str; 14] = [
    "creator",
    "updater",
    "modifier",
    "inviter",
    "approver",
    "deleter",
    "granter",
    "grantor",
    "uploader",
    "submitter",
    "assigner",
    "requester",
    "requestor",
    "issuer",
];

/// The part by the words, most telling first.
fn part(words: &Words) -> Part {
    let (first, last, before) = (words.first(), words.back(0), words.back(1));
    if words.len() == 0 {
        return Part::Plain;
    }
    if let Some(part) = phrase(first, before, last) {
        return part;
    }
    if last == "by" || last == "von" && words.len() > 1 {
        return match before {
            "locked" | "claimed" | "reserved" | "leased" | "acquired" | "picked" => Part::Lock,
            _ => Part::Author,
        };
    }
    let verb = last.strip_suffix("by").unwrap_or("");
    if [
        "created", "updated", "modified", "changed", "deleted", "added", "create", "write",
    ]
    .contains(&verb)
    {
        return Part::Author;
    }
    if words.len() == 1 && AUTHORS.contains(&last) {
        return Part::Author;
    }
    if let Some(part) = time(words) {
        return part;
    }
    if [
        "is", "has", "can", "should", "allow", "allows", "enable", "enabled", "disabled", "est",
        "es", "ist",
    ]
    .contains(&first)
    {
        return Part::Flag;
    }
    if [
        "old", "new", "before", "after", "previous", "prev", "prior", "alt", "neu",
    ]
    .contains(&first)
        && words.len() > 1
    {
        return Part::Change;
    }
    if words.len() > 1 && ["request", "req"].contains(&first) {
        return Part::Trace;
    }
    if words.len() > 1 && ["response", "resp"].contains(&first) {
        return Part::Outcome;
    }
    if ["so", "anzahl", "num", "nb", "n", "count", "cnt"].contains(&first)
        || ["count", "counter", "cnt", "hits", "anzahl", "zaehler"].contains(&last)
    {
        return match words.has(&[
            "attempt", "attempts", "retry", "retries", "try", "tries", "failure", "failures",
        ]) {
            true => Part::Attempts,
            false => Part::Counter,
        };
    }
    if is_meaningless(words) {
        return Part::Meaningless;
    }
    if let Some(part) = noun(last) {
        return prefixed(part, words);
    }
    if let Some(part) = anywhere(words) {
        return part;
    }
    if first.starts_with("qty") || last.ends_with("amt") {
        return Part::Amount;
    }
    match noun(first) {
        Some(part @ (Part::Amount | Part::Payload | Part::Locale | Part::Value)) => part,
        _ => Part::Plain,
    }
}

/// `field1`, `col_2`, `c`: a column that nobody named. Coordinates and the
/// short names of a key and a value are names.
fn is_meaningless(words: &Words) -> bool {
    let empty = [
        "field", "col", "column", "attr", "spare", "reserved", "misc", "custom", "filler",
        "unused", "dummy", "divers",
    ];
    words.iter().all(|word| {
        let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        empty.contains(&letters)
            || letters.is_empty()
            || letters.len() == 1 && !["x", "y", "z", "k", "v"].contains(&word)
    })
}
