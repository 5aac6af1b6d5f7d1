//! What a policy set may decide, and what it decides where it is silent.

use birth_sdk::classification::Status;
use birth_sdk::{Reason as _, SettingsReader};

use super::reason::{EVIDENCE, Reason};
use super::table::{Hint, Hints};

/// The heaviest a piece of evidence can be, in points.
const HEAVIEST: i64 = 200;

/// What a policy set may decide.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `governed-roles`: roles whose collections are judged by their shape.
    pub(super) governed_roles: Vec<String>,
    /// `excluded-roles`: roles whose collections a person has excluded.
    pub(super) excluded_roles: Vec<String>,
    /// `bookkeeping-tables`: names of tables that belong to a framework.
    pub(super) bookkeeping: Vec<String>,
    /// `minimum`: points that a class needs to win.
    pub(super) minimum: i32,
    /// `margin`: points that it needs above the second.
    pub(super) margin: i32,
    /// `queue-status`: what a work queue is.
    pub(super) queue_status: Status,
    /// `names.…`: words that hint at a class.
    pub(super) hints: Hints,
    weights: [i32; EVIDENCE.len()],
}

impl Settings {
    /// Reads every setting; all have defaults.
    pub(super) fn read(reader: &mut SettingsReader<'_>) -> Self {
        let governed_roles = roles(reader, "governed-roles", &GOVERNED);
        let excluded_roles = roles(reader, "excluded-roles", &EXCLUDED);
        for role in governed_roles
            .iter()
            .filter(|role| excluded_roles.contains(role))
        {
            reader.problem(
                "excluded-roles",
                format!("{role:?} is in governed-roles too"),
            );
        }
        Self {
            governed_roles,
            excluded_roles,
            bookkeeping: reader.texts("bookkeeping-tables", &BOOKKEEPING),
            minimum: points(reader.integer("minimum", 1..=1000, 30)),
            margin: points(reader.integer("margin", 1..=1000, 10)),
            queue_status: reader.choice("queue-status", &QUEUE, Status::Deferred),
            hints: hints(reader),
            weights: EVIDENCE.map(|evidence| {
                let range = match evidence.weight < 0 {
                    true => -HEAVIEST..=0,
                    false => 0..=HEAVIEST,
                };
                points(reader.integer(evidence.setting, range, i64::from(evidence.weight)))
            }),
        }
    }

    /// What a piece of evidence weighs; 0 for a reason that is none.
    pub(super) fn weight(&self, reason: Reason) -> i32 {
        self.weights
            .get(usize::from(reason.id()))
            .copied()
            .unwrap_or(0)
    }
}

/// Within the range of every setting that holds points.
fn points(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(0)
}

/// Roles are compared in lower case and without space around them.
fn roles(reader: &mut SettingsReader<'_>, key: &'static str, default: &[&str]) -> Vec<String> {
    let roles = reader.texts(key, default);
    for role in &roles {
        if role.trim() != role || role.is_empty() || role.to_lowercase() != *role {
            reader.problem(
                key,
                format!("{role:?} must be in lower case, without space around it, and not empty"),
            );
        }
    }
    roles
}

/// Each list of words replaces the default list; no word is in two.
fn hints(reader: &mut SettingsReader<'_>) -> Hints {
    let lists: [(&'static str, &[&str], Hint); 5] = [
        ("names.required", &REQUIRED, Hint::Required),
        ("names.junction", &JUNCTION, Hint::Junction),
        ("names.log", &LOG, Hint::Log),
        ("names.cache", &CACHE, Hint::Cache),
        ("names.queue", &QUEUES, Hint::Queue),
    ];
    let mut hints = Hints::default();
    for (key, default, hint) in lists {
        let words = reader.texts(key, default);
        for word in &words {
            let is_word = !word.is_empty()
                && word
                    .chars()
                    .all(|letter| letter.is_alphanumeric() && !letter.is_uppercase());
            if !is_word {
                reader.problem(key, format!("{word:?} must be one word in lower case"));
            } else if let Some(other) = hints.exact(word).filter(|&other| other != hint) {
                reader.problem(key, format!("{word:?} hints at {} too", other.word()));
            }
        }
        hints.add(&words, hint);
    }
    hints
}

const GOVERNED: [&str; 4] = ["governed", "locked", "law_artifact", "observed"];
const EXCLUDED: [&str; 3] = ["excluded", "ignored", "user_excluded"];

const QUEUE: [(&str, Status); 4] = [
    ("deferred", Status::Deferred),
    ("required", Status::Required),
    ("log", Status::ExemptLog),
    ("cache", Status::ExemptCache),
];

const BOOKKEEPING: [&str; 19] = [
    "schema_migrations",
    "schema_migration",
    "schema_version",
    "schema_info",
    "flyway_schema_history",
    "databasechangelog",
    "django_migrations",
    "alembic_version",
    "migrations",
    "__diesel_schema_migrations",
    "_sqlx_migrations",
    "_prisma_migrations",
    "knex_migrations",
    "goose_db_version",
    "sequelizemeta",
    "doctrine_migration_versions",
    "__efmigrationshistory",
    "db_migrations",
    "gorp_migrations",
];

const REQUIRED: [&str; 111] = [
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
    "role",
    "profile",
    "property",
    "attribute",
    "parameter",
    "translation",
    "schedule",
    "webhook",
    "client",
    "application",
    "integration",
    "credential",
    "invitation",
    "invite",
    "address",
    "field",
    "schema",
    "plan",
    "product",
    "account",
    "contact",
    "einstellung",
    "parametre",
    "ajuste",
    "regla",
    "vorlage",
    "kategorie",
    "categoria",
    "categorie",
    "cauhinh",
    "user",
    "customer",
    "person",
    "company",
    "organization",
    "team",
    "group",
    "project",
    "order",
    "invoice",
    "payment",
    "page",
    "post",
    "article",
    "comment",
    "document",
    "file",
    "image",
    "attachment",
    "task",
    "issue",
    "ticket",
    "message",
    "question",
    "answer",
    "review",
    "course",
    "lesson",
    "book",
    "author",
    "game",
    "player",
    "device",
    "campaign",
    "channel",
    "coupon",
    "label",
    "tag",
    "theme",
    "menu",
    "board",
    "note",
    "photo",
    "video",
    "album",
    "artist",
    "provider",
    "domain",
    "key",
    "ban",
    "sanction",
    "warning",
    "regel",
    "art",
    "typ",
    "konto",
    "benutzer",
    "kunde",
    "artikel",
    "usuario",
    "cliente",
    "producto",
    "utilisateur",
    "produit",
    "hook",
    "report",
    "dashboard",
    "permission",
];
const JUNCTION: [&str; 71] = [
    "member",
    "membership",
    "follower",
    "follow",
    "following",
    "like",
    "favorite",
    "favourite",
    "bookmark",
    "star",
    "vote",
    "watcher",
    "watch",
    "block",
    "mute",
    "participant",
    "participation",
    "assignee",
    "assignment",
    "link",
    "relation",
    "relationship",
    "mapping",
    "map",
    "rel",
    "xref",
    "assoc",
    "association",
    "join",
    "junction",
    "share",
    "reaction",
    "subscriber",
    "grant",
    "tagging",
    "attendee",
    "contributor",
    "collaborator",
    "friend",
    "friendship",
    "connection",
    "edge",
    "dislike",
    "upvote",
    "downvote",
    "pin",
    "ignore",
    "enrollment",
    "zuordnung",
    "verknuepfung",
    "mitgliedschaft",
    "relacion",
    "lien",
    "vinculo",
    "lienket",
    "reader",
    "moderator",
    "admin",
    "mitglied",
    "teilnehmer",
    "berechtigung",
    "abonnement",
    "recipient",
    "involvement",
    "placement",
    "inclusion",
    "categorisation",
    "categorization",
    "suscriptor",
    "seguidor",
    "miembro",
];
const LOG: [&str; 85] = [
    "log",
    "audit",
    "trail",
    "history",
    "activity",
    "journal",
    "event",
    "visit",
    "view",
    "click",
    "impression",
    "hit",
    "metric",
    "measurement",
    "reading",
    "sample",
    "transition",
    "movement",
    "change",
    "changelog",
    "delivery",
    "attempt",
    "login",
    "access",
    "ping",
    "tracking",
    "execution",
    "run",
    "invocation",
    "telemetry",
    "trace",
    "timeline",
    "ledger",
    "protokoll",
    "verlauf",
    "historique",
    "historial",
    "bitacora",
    "lichsu",
    "historie",
    "nhatky",
    "usage",
    "download",
    "logging",
    "logline",
    "delta",
    "occurrence",
    "pageview",
    "failure",
    "crash",
    "mouvement",
    "movimiento",
    "bewegung",
    "biendong",
    "registro",
    "error",
    "exception",
    "checkin",
    "modification",
    "action",
    "observation",
    "scan",
    "sync",
    "probe",
    "detection",
    "datapoint",
    "tick",
    "bounce",
    "dispatch",
    "transmission",
    "span",
    "sighting",
    "swipe",
    "playback",
    "import",
    "export",
    "messung",
    "messwert",
    "zugriff",
    "besuch",
    "aenderung",
    "ereignis",
    "buchung",
    "transaction",
    "posting",
];
const CACHE: [&str; 90] = [
    "cache",
    "session",
    "token",
    "nonce",
    "lock",
    "lease",
    "heartbeat",
    "tmp",
    "temp",
    "staging",
    "stat",
    "statistic",
    "counter",
    "count",
    "summary",
    "aggregate",
    "rollup",
    "snapshot",
    "thumbnail",
    "preview",
    "otp",
    "captcha",
    "throttle",
    "bucket",
    "presence",
    "index",
    "challenge",
    "projection",
    "semaphore",
    "mutex",
    "memo",
    "typing",
    "ranking",
    "leaderboard",
    "tally",
    "denormalized",
    "materialized",
    "precomputed",
    "computed",
    "zwischenspeicher",
    "sitzung",
    "sesion",
    "temporary",
    "reset",
    "tsv",
    "total",
    "buffer",
    "rendition",
    "ratelimit",
    "limiter",
    "online",
    "mview",
    "searchindex",
    "aggregation",
    "idempotency",
    "verification",
    "rendered",
    "cached",
    "tonghop",
    "resumen",
    "zusammenfassung",
    "resume",
    "autocomplete",
    "suggestion",
    "scratch",
    "copy",
    "autosave",
    "checkpoint",
    "cursor",
    "watermark",
    "offset",
    "chunk",
    "trending",
    "popular",
    "recommendation",
    "facet",
    "mirror",
    "activation",
    "authcode",
    "devicecode",
    "oauthstate",
    "magiclink",
    "loginlink",
    "statistik",
    "zaehler",
    "puffer",
    "sperre",
    "vorschau",
    "lastseen",
    "unread",
];
const QUEUES: [&str; 19] = [
    "queue",
    "job",
    "outbox",
    "inbox",
    "pending",
    "warteschlange",
    "backlog",
    "cola",
    "spool",
    "hangdoi",
    "deadletter",
    "dlq",
    "todo",
    "retry",
    "waiting",
    "spooler",
    "worklist",
    "postausgang",
    "dispatcher",
];
