//! Nouns and pairs of words, and the parts that they name.

use super::super::part::Part;
use super::super::words::Words;
use super::SIDES;

/// Two words that mean something together.
pub(super) fn phrase(first: &str, before: &str, last: &str) -> Option<Part> {
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
        ("rev" | "revision", "type") => Part::Action,
        ("balance" | "stock" | "quantity" | "qty", "after" | "before") => Part::Outcome,
        (
            "from" | "to" | "old" | "new",
            "status" | "state" | "value" | "values" | "data" | "stage",
        ) => Part::Change,
        // Counted up at each change, so that two do not overwrite each other.
        ("lock", "version") => Part::Plain,
        _ => {
            let is_hold = ["lock", "locked", "lease", "leased", "heartbeat"].contains(&first);
            return (is_hold && HOLDS.contains(&last)).then_some(Part::Lock);
        }
    };
    Some(part)
}

/// What is kept of a hold: who has it, since or until when.
const HOLDS: [&str; 18] = [
    "at",
    "on",
    "by",
    "until",
    "till",
    "time",
    "date",
    "ts",
    "id",
    "key",
    "token",
    "owner",
    "holder",
    "expires",
    "expiry",
    "expiration",
    "name",
    "host",
];

/// The part that a last word names.
pub(super) fn noun(word: &str) -> Option<Part> {
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
        "action" | "event" | "verb" | "revtype" | "operation" | "op" | "activity" | "aktion"
        | "accion" | "ereignis" | "vorgang" | "evento" | "hanhdong" | "command" | "crud" => {
            Part::Action
        }
        "actor" | "whodunnit" | "who" | "operator" | "causer" | "performer" | "usuario"
        | "benutzer" => Part::Actor,
        "ip" | "ipaddress" | "useragent" | "agente" | "agent" | "referer" | "referrer" | "ua"
        | "browser" | "hostname" | "ipaddr" | "platform" => Part::Trace,
        "changes" | "changeset" | "diff" | "delta" | "before" | "after" | "old" | "new"
        | "patch" | "previous" => Part::Change,
        "duration" | "elapsed" | "latency" | "took" | "runtime" | "error" | "errors"
        | "exception" | "success" | "ok" | "succeeded" | "stacktrace" | "backtrace"
        | "traceback" | "severity" | "loglevel" | "facility" | "response" | "outcome"
        | "resultado" | "resultat" | "ergebnis" | "fehler" | "result" | "output" | "stdout"
        | "stderr" | "exitcode" | "dauer" | "fehlertext" | "fehlermeldung" | "duree"
        | "duracion" => Part::Outcome,
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
pub(super) fn prefixed(part: Part, words: &Words) -> Part {
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
pub(super) fn anywhere(words: &Words) -> Option<Part> {
    words.iter().find_map(|word| {
        Some(match word {
            "price" | "amount" | "cost" | "quantity" | "qty" | "salary" | "balance" => Part::Amount,
            "attempts" | "retries" | "attempt" | "retry" => Part::Attempts,
            "email" | "phone" | "url" | "address" => Part::Content,
            "token" | "nonce" | "otp" | "idempotency" => Part::Token,
            "count" | "counter" | "total" | "sum" | "avg" => Part::Counter,
            "error" | "duration" | "latency" => Part::Outcome,
            "ip" | "useragent" => Part::Trace,
            "html" | "description" => Part::Prose,
            _ => return None,
        })
    })
}
