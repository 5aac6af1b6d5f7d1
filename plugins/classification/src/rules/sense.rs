//! What the name of a column suggests.
//!
//! English thoroughly; the most telling words of German, French, Spanish and
//! Vietnamese. A suggestion only: `column.rs` sets it against the type.

use super::part::Part;
use super::words::{Stem, Words};

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
    let is_type = TYPE_MARKS.contains(&last);
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
        is_plural: is_plural(last) && !words.has(&["max", "min", "maximum", "minimum", "limit"]),
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

const TYPE_MARKS: [&str; 8] = [
    "type", "kind", "class", "model", "table", "klass", "typ", "tipo",
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
            is_type: false,
            is_side: false,
            coded: Stem::NONE,
            is_party: false,
            is_plural: false,
            is_total: false,
            lead: Stem::NONE,
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

/// Two words that mean something together.
fn phrase(first: &str, before: &str, last: &str) -> Option<Part> {
    let part = match (before, last) {
        ("user" | "browser", "agent")
        | ("remote" | "client" | "ip" | "source", "addr" | "address" | "ip" | "host") => {
            Part::Trace
        }
        ("request" | "http", "url" | "path" | "uri" | "method" | "headers" | "body" | "params") => {
            Part::Trace
        }
        (
            "response" | "status" | "http" | "exit" | "return" | "error" | "result",
            "code" | "status" | "text" | "body" | "time" | "headers" | "detail" | "data",
        ) => Part::Outcome,
        ("execution" | "run" | "processing" | "elapsed" | "total", "time" | "duration" | "ms") => {
            Part::Outcome
        }
        ("stack" | "back", "trace") | ("failure" | "error", "reason" | "class" | "type") => {
            Part::Outcome
        }
        (
            "event" | "action" | "activity" | "operation" | "change" | "transition",
            "type" | "name" | "kind" | "code" | "category",
        ) => Part::Action,
        (
            "session" | "csrf" | "access" | "refresh" | "reset" | "verification" | "confirmation"
            | "auth",
            "key" | "token" | "code",
        ) => Part::Token,
        ("sort" | "display" | "list" | "menu", "order" | "index" | "key") => Part::Position,
        (
            "meta" | "option" | "attribute" | "property" | "setting" | "param" | "field" | "config"
            | "preference",
            "key" | "name",
        ) => Part::Key,
        (
            "meta" | "option" | "attribute" | "property" | "setting" | "param" | "field" | "config"
            | "preference",
            "value",
        ) => Part::Value,
        ("tieu", "de") => Part::Name,
        ("mo", "ta") | ("noi", "dung") | ("ghi", "chu") => Part::Prose,
        ("so", "luong") | ("so", "tien") => Part::Amount,
        ("ngay" | "tao", "tao" | "luc") => Part::Created,
        ("cap", "nhat") => Part::Updated,
        ("het", "han") => Part::Expiry,
        ("trang", "thai") => Part::Status,
        ("gia", "tri") => Part::Value,
        ("ngon", "ngu") => Part::Locale,
        ("next", "run" | "attempt" | "retry") => Part::Due,
        ("on", "hand") | ("in", "stock") => Part::Amount,
        (
            "line" | "seq" | "row" | "step" | "item" | "sequence" | "page",
            "no" | "nr" | "number" | "num",
        ) => Part::Position,
        ("tinh", "luc") | ("as", "of") => Part::Computed,
        ("not" | "invalid" | "discard", "after") => Part::Expiry,
        ("not", "before") | ("send", "after") | ("next", "try") => Part::Due,
        ("held", "by" | "until") => Part::Lock,
        ("queue", "name") | ("job" | "task" | "worker", "class" | "name" | "type" | "args") => {
            Part::Queue
        }
        ("log" | "event", "level") => Part::Outcome,
        ("log" | "event", "message" | "time" | "date" | "timestamp" | "data") => match last {
            "message" => Part::Action,
            "data" => Part::Payload,
            _ => Part::Occurred,
        },
        ("object", "changes") => Part::Change,
        (
            "from" | "to" | "old" | "new",
            "status" | "state" | "value" | "values" | "data" | "stage",
        ) => Part::Change,
        _ => {
            return match first {
                "lock" | "locked" | "lease" | "leased" | "heartbeat" if !before.is_empty() => {
                    Some(Part::Lock)
                }
                _ => None,
            };
        }
    };
    Some(part)
}

/// Names of times. A name that ends in `_at` is one whatever else it says.
fn time(words: &Words) -> Option<Part> {
    let (first, last) = (words.first(), words.back(0));
    let marked = [
        "at",
        "on",
        "date",
        "time",
        "ts",
        "timestamp",
        "datetime",
        "utc",
        "until",
        "am",
        "le",
        "en",
        "el",
        "epoch",
        "unix",
        "luc",
        "since",
        "millis",
        "ms",
        "day",
    ]
    .contains(&last)
        || [
            "date",
            "time",
            "when",
            "fecha",
            "ngay",
            "datum",
            "timestamp",
        ]
        .contains(&first);
    if ["last", "latest", "letzte", "dernier", "ultimo"].contains(&first) && last != "name" {
        let changed = words.has(&[
            "updated",
            "modified",
            "update",
            "change",
            "changed",
            "modification",
            "edited",
        ]);
        return Some(if changed { Part::Updated } else { Part::Recent });
    }
    for word in words.iter() {
        let part = match word {
            "created" | "inserted" | "creation" | "createtime" | "timecreated" | "ctime"
            | "create" | "erstellt" | "erfasst" | "eingetragen" | "angelegt" | "cree"
            | "creado" | "creacion" | "added" | "posted" => Part::Created,
            "updated" | "modified" | "changed" | "edited" | "update" | "modify"
            | "timemodified" | "mtime" | "lastmodified" | "synced" | "geaendert" | "geändert"
            | "aktualisiert" | "bearbeitet" | "modifie" | "actualizado" | "modification"
            | "touched" => match word {
                "changed" if words.len() > 1 => Part::Occurred,
                _ => Part::Updated,
            },
            "change" | "write" if marked => Part::Updated,
            "computed" | "recomputed" | "calculated" | "recalculated" | "rendered" | "cached"
            | "fetched" | "indexed" | "counted" | "aggregated" | "materialized" | "rebuilt"
            | "refreshed" | "built" | "berechnet" | "ermittelt" | "precomputed" | "scraped"
            | "crawled" | "calcule" | "rendu" | "recalculado" | "calculado" | "summarized" => {
                Part::Computed
            }
            "until" | "bis" | "lapses" | "lapse" | "purge" | "evict" | "ablaufdatum" | "hasta"
                if words.len() > 1 || word == "ablaufdatum" =>
            {
                Part::Expiry
            }
            "seen" | "beat" | "alive" | "pulse" if marked => Part::Recent,
            "expires" | "expire" | "expiry" | "expiration" | "expired" | "ttl" | "expiring"
            | "ablauf" | "vencimiento" | "stale" | "timeout" => Part::Expiry,
            "deleted" | "archived" | "revoked" | "removed" | "disabled" | "suspended"
            | "canceled" | "cancelled" | "closed" | "retired" | "discarded" | "delete"
            | "geloescht" | "gelöscht" | "gesperrt" | "storniert" | "supprime" | "eliminado"
            | "trashed" => Part::Retired,
            "scheduled" | "available" | "execute" | "perform" | "retry" | "visible" if marked => {
                Part::Due
            }
            "run" | "process" | "deliver" | "next" if marked => Part::Due,
            "processed" | "dispatched" | "handled" | "consumed" | "delivered" | "sent"
            | "published"
                if marked =>
            {
                Part::Done
            }
            "locked" | "claimed" | "reserved" | "acquired" | "heartbeat" | "lease" if marked => {
                Part::Lock
            }
            "starts" | "ends" | "start" | "end" | "begin" | "begins" | "due" | "deadline"
            | "birth" | "born" | "effective" | "departure" | "arrival" | "beginn" | "ende"
            | "debut" | "fin" | "inicio" | "release" | "expected" | "planned" | "order"
            | "invoice" | "payment" | "hire" | "shipping" | "booking" | "checkin" | "checkout"
                if marked =>
            {
                Part::Planned
            }
            "birthday" | "birthdate" | "dob" | "deadline" | "startdate" | "enddate"
            | "starttime" | "endtime" => Part::Planned,
            "started" | "finished" | "ended" | "completed" | "stopped" | "failed" if marked => {
                Part::Ran
            }
            "occurred" | "happened" | "logged" | "recorded" | "measured" | "observed"
            | "captured" | "sampled" | "clicked" | "viewed" | "visited" | "performed"
            | "executed" | "attempted" | "received" | "collected" | "fired" | "triggered"
            | "zeitpunkt" | "zeitstempel" | "changedate" | "event" | "reported" | "detected"
            | "ingested"
                if marked =>
            {
                Part::Occurred
            }
            _ => continue,
        };
        return Some(part);
    }
    if ["gueltig", "valid", "effective", "active", "from", "to"].contains(&first)
        && ["from", "to", "until", "till", "through", "date", "since"].contains(&last)
    {
        return Some(if last == "until" {
            Part::Expiry
        } else {
            Part::Planned
        });
    }
    match (words.len(), last) {
        (
            1,
            "zeitpunkt" | "zeitstempel" | "uhrzeit" | "timestamp" | "ts" | "time" | "datetime"
            | "at" | "clock" | "when" | "date" | "fecha" | "datum" | "ngay" | "thoigian" | "zeit"
            | "heure" | "instant",
        ) => Some(Part::Occurred),
        (1, "until" | "till") => Some(Part::Expiry),
        (1, "from" | "to") => Some(Part::Planned),
        (1, "finished" | "started") => Some(Part::Ran),
        (_, "lifetime") => Some(Part::Expiry),
        _ if marked && last != "ms" && last != "day" => Some(Part::Time),
        _ => None,
    }
}

/// The part that a last word names.
fn noun(word: &str) -> Option<Part> {
    let part = match word {
        "name" | "title" | "label" | "slug" | "username" | "login" | "nickname" | "nick"
        | "filename" | "subject" | "heading" | "caption" | "headline" | "handle" | "sku"
        | "isbn" | "ean" | "barcode" | "shortname" | "fullname" | "displayname" | "firstname"
        | "lastname" | "surname" | "bezeichnung" | "titel" | "nom" | "nombre" | "ten" | "titre"
        | "titulo" | "libelle" | "code" | "abbreviation" | "acronym" | "vorname" | "nachname"
        | "prenom" | "apellido" | "number" | "no" | "nr" | "numero" | "nummer" | "names"
        | "realname" | "alias" | "codename" | "screenname" | "permalink" | "forename" => Part::Name,
        "body" | "content" | "contents" | "text" | "description" | "desc" | "descr" | "summary"
        | "bio" | "biography" | "about" | "markdown" | "html" | "excerpt" | "answer"
        | "question" | "abstract" | "instructions" | "beschreibung" | "inhalt" | "contenu"
        | "contenido" | "descripcion" | "texto" | "texte" | "review" | "quote" | "prompt"
        | "explanation" | "tagline" | "synopsis" | "intro" | "introduction" | "story" | "motto"
        | "disambiguation" => Part::Prose,
        "message" | "msg" | "details" | "mensaje" | "nachricht" | "messagetext" | "thongdiep" => {
            Part::Message
        }
        "comment" | "comments" | "note" | "notes" | "bemerkung" | "commentaire" | "notiz"
        | "anmerkung" | "comentario" | "nota" | "annotation" => Part::Note,
        "version" | "revision" => Part::Detail,
        "reason" | "remark" | "remarks" | "justification" | "motif" | "grund" | "motivo" => {
            Part::Remark
        }
        "amount" | "price" | "cost" | "subtotal" | "tax" | "fee" | "balance" | "discount"
        | "salary" | "budget" | "preis" | "prix" | "precio" | "betrag" | "gebuehr" | "gebühr"
        | "saldo" | "summe" | "montant" | "importe" | "gia" | "cents" | "quantity" | "qty"
        | "units" | "menge" | "quantite" | "cantidad" | "stock" | "total" | "debit" | "credit"
        | "charge" | "payment" | "deposit" => Part::Amount,
        "key" | "k" | "attribute" | "property" | "variable" | "keyname" | "schluessel" | "cle"
        | "clave" => Part::Key,
        "value" | "v" | "val" | "values" | "wert" | "valeur" | "valor" => Part::Value,
        "locale" | "lang" | "language" | "culture" | "sprache" | "langue" | "idioma"
        | "languagecode" => Part::Locale,
        "data" | "payload" | "meta" | "metadata" | "params" | "parameters" | "args"
        | "arguments" | "extra" | "context" | "blob" | "object" | "raw" | "serialized" | "dump"
        | "json" | "daten" | "donnees" | "datos" | "envelope" | "document" | "extras" | "bytes" => {
            Part::Payload
        }
        "action" | "event" | "verb" | "operation" | "op" | "activity" | "aktion" | "accion"
        | "ereignis" | "vorgang" | "evento" | "hanhdong" | "command" | "crud" => Part::Action,
        "actor" | "whodunnit" | "who" | "operator" | "causer" | "performer" | "usuario"
        | "benutzer" => Part::Actor,
        "ip" | "ipaddress" | "useragent" | "agente" | "agent" | "referer" | "referrer" | "ua"
        | "browser" | "hostname" | "ipaddr" | "platform" => Part::Trace,
        "changes" | "changeset" | "diff" | "delta" | "before" | "after" | "old" | "new"
        | "patch" | "previous" => Part::Change,
        "duration" | "elapsed" | "latency" | "took" | "runtime" | "error" | "errors"
        | "exception" | "success" | "succeeded" | "stacktrace" | "backtrace" | "traceback"
        | "severity" | "loglevel" | "facility" | "response" | "outcome" | "resultado"
        | "resultat" | "ergebnis" | "fehler" | "result" | "output" | "stdout" | "stderr"
        | "exitcode" | "dauer" | "fehlertext" | "fehlermeldung" | "duree" | "duracion" => {
            Part::Outcome
        }
        "token" | "nonce" | "otp" | "captcha" | "challenge" | "verifier" | "jti" | "tokens"
        | "ticket" | "assertion" => Part::Token,
        "hash" | "digest" | "checksum" | "etag" | "fingerprint" | "md5" | "sha1" | "sha256"
        | "salt" | "signature" | "secret" => Part::Detail,
        "lock" | "lease" | "heartbeat" | "locked" | "holder" => Part::Lock,
        "attempts" | "attempt" | "retries" | "tries" | "retrycount" | "retry" => Part::Attempts,
        "queue" | "worker" | "handler" => Part::Queue,
        "position" | "pos" | "sort" | "order" | "ordering" | "ord" | "rank" | "weight"
        | "sequence" | "seq" | "index" | "idx" | "priority" | "lft" | "rgt" | "depth"
        | "ordinal" | "sortorder" | "reihenfolge" | "ordre" | "orden" | "sorting" | "seqno"
        | "row" => Part::Position,
        "role" | "level" | "access" | "permission" | "permissions" | "permiso" | "droit"
        | "quyen" | "right" | "rights" | "privilege" | "privileges" | "grade" | "type" | "kind"
        | "mode" | "visibility" | "scope" | "scopes" | "category" | "relation" | "relationship"
        | "class" | "typ" | "tipo" | "art" | "flags" | "rolle" | "rol" | "vote" | "score"
        | "rating" | "stars" | "direction" | "emoji" | "reaction" | "side" | "option" => {
            Part::Level
        }
        "status" | "state" | "stage" | "phase" | "estado" | "statut" | "etat" | "zustand"
        | "trangthai" => Part::Status,
        "sum" | "avg" | "average" | "mean" | "median" | "hits" | "views" | "likes" | "totals"
        | "visits" | "clicks" | "impressions" | "points" | "wins" | "losses" => Part::Counter,
        "email" | "mail" | "phone" | "tel" | "mobile" | "fax" | "url" | "uri" | "link"
        | "website" | "href" | "address" | "street" | "city" | "zip" | "postcode" | "country"
        | "region" | "color" | "colour" | "icon" | "logo" | "avatar" | "image" | "path"
        | "domain" | "format" | "unit" | "currency" | "settings" | "config" | "configuration"
        | "options" | "preferences" | "template" | "pattern" | "expression" | "script"
        | "query" | "sql" | "formula" | "definition" | "timezone" | "latitude" | "longitude"
        | "lat" | "lng" | "lon" => Part::Content,
        _ => return None,
    };
    Some(part)
}

/// `name` names the row, but `author_name` repeats what another row is called.
fn prefixed(part: Part, words: &Words) -> Part {
    if words.len() < 2 {
        return part;
    }
    let before = words.back(1);
    match part {
        Part::Name => match before {
            "author" | "actor" | "entity" | "target" | "object" | "creator" | "host"
            | "instance" | "worker" | "node" | "process" | "machine" | "owner" | "class"
            | "table" | "column" | "schema" => Part::Content,
            "country" | "postal" | "area" | "zip" | "currency" | "phone" | "account" => {
                match words.back(0) {
                    "code" | "number" | "no" | "nr" => Part::Content,
                    _ => part,
                }
            }
            "language" | "lang" | "locale" => match words.back(0) {
                "code" => Part::Locale,
                _ => part,
            },
            "secret" | "security" | "pin" | "otp" | "sms" | "login" => Part::Token,
            _ => part,
        },
        Part::Key => match before {
            "api" | "public" | "private" | "secret" | "license" | "object" | "storage" | "s3"
            | "foreign" => Part::Content,
            _ if SIDES.contains(&before) => Part::Reference,
            "cache" => Part::Key,
            _ => Part::Key,
        },
        _ => part,
    }
}

/// Words that tell wherever they stand.
fn anywhere(words: &Words) -> Option<Part> {
    words.iter().find_map(|word| {
        Some(match word {
            "price" | "amount" | "cost" | "quantity" | "qty" | "salary" | "balance" => Part::Amount,
            "attempts" | "retries" | "attempt" | "retry" => Part::Attempts,
            "email" | "phone" | "url" | "address" => Part::Content,
            "token" | "nonce" | "otp" | "idempotency" => Part::Token,
            "count" | "counter" | "total" | "sum" | "avg" => Part::Counter,
            "error" | "duration" | "latency" => Part::Outcome,
            "html" | "description" => Part::Prose,
            _ => return None,
        })
    })
}
