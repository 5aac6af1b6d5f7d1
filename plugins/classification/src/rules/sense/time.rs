//! Names of times.

use super::super::part::Part;
use super::super::words::Words;

const CHANGING: [&str; 7] = [
    "updated",
    "modified",
    "update",
    "change",
    "changed",
    "modification",
    "edited",
];

/// What is done to a row that is worked out or fetched.
const COMPUTING: [&str; 32] = [
    "baked",
    "compiled",
    "computed",
    "recomputed",
    "calculated",
    "recalculated",
    "rendered",
    "cached",
    "fetched",
    "indexed",
    "counted",
    "aggregated",
    "materialized",
    "rebuilt",
    "refreshed",
    "built",
    "berechnet",
    "ermittelt",
    "precomputed",
    "scraped",
    "crawled",
    "calcule",
    "rendu",
    "recalculado",
    "calculado",
    "summarized",
    "generated",
    "regenerated",
    "estimated",
    "predicted",
    "scored",
    "snapshot",
];

/// Words that `at`, `time`, `date` and `on` are written together with, as in
/// `createat` and `timecreated`.
const GLUED: [&str; 55] = [
    "measured",
    "fetched",
    "computed",
    "cached",
    "generated",
    "executed",
    "triggered",
    "refreshed",
    "processed",
    "occurred",
    "rendered",
    "indexed",
    "checked",
    "synced",
    "calculated",
    "scheduled",
    "locked",
    "create",
    "created",
    "update",
    "updated",
    "modified",
    "change",
    "changed",
    "edit",
    "edited",
    "delete",
    "deleted",
    "expire",
    "expires",
    "expired",
    "start",
    "started",
    "end",
    "ended",
    "finish",
    "finished",
    "complete",
    "completed",
    "access",
    "accessed",
    "login",
    "seen",
    "sent",
    "viewed",
    "visit",
    "logged",
    "recorded",
    "closed",
    "published",
    "received",
    "posted",
    "added",
    "inserted",
    "ping",
];

/// The word without the mark of a time that is written together with it, and
/// whether there was one.
fn unglue(word: &str) -> (&str, bool) {
    let verb = ["at", "time", "date", "on"]
        .iter()
        .find_map(|mark| word.strip_suffix(mark))
        .or_else(|| {
            word.strip_prefix("time")
                .or_else(|| word.strip_prefix("date"))
        })
        .filter(|verb| GLUED.contains(verb));
    match verb {
        Some("edit") => ("edited", true),
        Some("inserted" | "posted") => ("created", true),
        Some("access" | "accessed" | "login" | "ping") => ("seen", true),
        Some("sent") => ("logged", true),
        Some("finish") => ("finished", true),
        Some("complete") => ("completed", true),
        Some("visit") => ("visited", true),
        Some(verb) => (verb, true),
        None => (word, false),
    }
}

/// What goes on is overwritten, unless it is the last change.
fn most_recent(is_change: bool) -> Part {
    match is_change {
        true => Part::Updated,
        false => Part::Recent,
    }
}

/// Names of times. A name that ends in `_at` is one whatever else it says.
pub(super) fn time(words: &Words) -> Option<Part> {
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
        return Some(match words.has(&COMPUTING) {
            true => Part::Computed,
            false => most_recent(words.has(&CHANGING)),
        });
    }
    if words.len() == 1
        && let Some(verb) = last.strip_prefix("last")
        && (GLUED.contains(&unglue(verb).0) || verb.ends_with("at"))
    {
        return Some(most_recent(CHANGING.contains(&unglue(verb).0)));
    }
    for word in words.iter() {
        let (word, is_glued) = unglue(word);
        let marked = marked || is_glued;
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
            _ if COMPUTING.contains(&word) => Part::Computed,
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
            | "ingested" | "watched" | "played" | "scanned" | "downloaded" | "requested"
            | "searched" | "streamed" | "called" | "polled" | "checked" | "evaluated"
            | "transferred" | "moved" | "notified" | "raised" | "emitted" | "tracked"
            | "accessed" | "entered" | "exited"
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
            | "heure" | "instant" | "seen" | "logged" | "recorded" | "happened" | "occurred",
        ) => Some(Part::Occurred),
        (1, "validfrom" | "validto" | "validuntil") => Some(Part::Planned),
        (1, "until" | "till") => Some(Part::Expiry),
        (1, "from" | "to") => Some(Part::Planned),
        (1, "finished" | "started") => Some(Part::Ran),
        (_, "lifetime") => Some(Part::Expiry),
        _ if marked && last != "ms" && last != "day" => Some(Part::Time),
        _ => None,
    }
}
