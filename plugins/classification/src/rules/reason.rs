//! Every reason the policy can give, and what each piece of evidence weighs.
//!
//! The pieces of evidence come first, so that the id of one is also its place
//! in [`EVIDENCE`], its weight's place in the settings and its place in a tally.

use birth_sdk::classification::Status;

birth_sdk::reasons! {
    /// Why a collection is classified as it is.
    pub enum Reason {
        /// A name, title, code or number.
        RowIsNamed = Note "ROW_IS_NAMED"
            "{text} names the row: speaks for required",
        /// A body, description or comment.
        HoldsProse = Note "HOLDS_PROSE"
            "{text} is text that people wrote: speaks for required",
        /// A price or a quantity.
        HoldsAmount = Note "HOLDS_AMOUNT"
            "{text} is an amount or a quantity: speaks for required",
        /// For each column, up to four.
        HoldsContent = Note "HOLDS_CONTENT"
            "columns with content of their own: {number}; speaks for required",
        /// Settings, attributes.
        HoldsKeyAndValue = Note "HOLDS_KEY_AND_VALUE"
            "{text} is a value kept under a key: speaks for required",
        /// Text beside a language.
        HoldsTranslation = Note "HOLDS_TRANSLATION"
            "{text} is text in one of several languages: speaks for required",
        /// The primary key is not a reference, and no references tell rows apart.
        HasOwnIdentity = Note "HAS_OWN_IDENTITY"
            "the row has an identifier of its own: speaks for required",
        /// Unique over something that people know.
        HasBusinessKey = Note "HAS_BUSINESS_KEY"
            "{text} tells rows apart: speaks for required",
        /// The primary key is one reference.
        Extends = Note "EXTENDS_A_ROW"
            "one reference tells rows apart, so the row extends another: speaks for required",
        /// Others depend on it.
        IsReferredTo = Note "IS_REFERRED_TO"
            "foreign keys that point here: {number}; speaks for required",
        /// A state, a period, retirement.
        HasLife = Note "HAS_LIFE"
            "{text} is a state or a period that the row goes through: speaks for required",
        /// A time of the last change.
        RowChanges = Note "ROW_CHANGES"
            "{text} says when the row last changed: speaks for required",
        /// `log_settings` holds settings.
        NamedRequired = Note "NAMED_REQUIRED"
            "{text} is named like something that people keep: speaks for required",
        /// What a record holds is no content of its own.
        TellsOfEvent = Note "TELLS_OF_AN_EVENT"
            "what the row holds is told of an event: speaks against required",
        /// What a copy holds is no content of its own.
        CanBeMadeAgain = Note "CAN_BE_MADE_AGAIN"
            "{text} is named or marked like a copy, and nothing shows that people keep it: speaks against required",

        /// The textbook.
        KeyIsReferences = Note "KEY_IS_REFERENCES"
            "{number} references form the primary key: speaks for a junction",
        /// The same beside a surrogate key.
        ReferencesAreUnique = Note "REFERENCES_ARE_UNIQUE"
            "{number} references are unique together: speaks for a junction",
        /// The rest describes the link.
        OnlyReferences = Note "ONLY_REFERENCES"
            "{number} references and nothing that a link would not have: speaks for a junction",
        /// No row can lack one.
        HasTwoSides = Note "HAS_TWO_SIDES"
            "{number} references, none of them optional: speaks for a junction",
        /// `post_tags` has a post and a tag.
        NamesItsSides = Note "NAMES_ITS_SIDES"
            "{text} is named after what it refers to: speaks for a junction",
        /// `memberships`.
        NamedJunction = Note "NAMED_JUNCTION"
            "{text} is named like a link: speaks for a junction",
        /// For each column, up to four.
        LinkHoldsContent = Note "LINK_HOLDS_CONTENT"
            "columns that hold more than a link: {number}; speaks against a junction",
        /// A name, prose, an amount, a value, a language.
        LinkIsThing = Note "LINK_IS_A_THING"
            "{text} is what a thing has and a link has not: speaks against a junction",
        /// The same two may meet again.
        LinkRepeats = Note "LINK_REPEATS"
            "{text} is a time and nothing keeps the references unique: speaks against a junction",
        /// Nobody said that the two belong together.
        LinkIsComputed = Note "LINK_IS_COMPUTED"
            "{text} says when the link was worked out: speaks against a junction",
        /// Counts for two things at once are no link between them.
        LinkIsCopy = Note "LINK_IS_A_COPY"
            "{text} is named or marked like a copy or a count: speaks against a junction",

        /// Written once.
        SaysWhenOnly = Note "SAYS_WHEN_ONLY"
            "{text} says when, and nothing says when the row changed: speaks for a log",
        /// A fact: nothing names it, nothing changes it.
        WrittenOnce = Note "WRITTEN_ONCE"
            "the row refers to others at a time, and nothing in it has a name or a state: speaks for a log",
        /// Occurred, measured, seen.
        TimeOfEvent = Note "TIME_OF_EVENT"
            "{text} is the time of an event: speaks for a log",
        /// What was done.
        RecordsAction = Note "RECORDS_ACTION"
            "{text} says what was done: speaks for a log",
        /// Of which kind the event was.
        RecordsKind = Note "RECORDS_KIND"
            "{text} says of which kind it was: speaks for a log",
        /// From one and to another.
        RecordsMove = Note "RECORDS_MOVE"
            "two references say from where and to where: speaks for a log",
        /// Who did it.
        RecordsActor = Note "RECORDS_ACTOR"
            "{text} says who did it: speaks for a log",
        /// Address, browser, request.
        RecordsTrace = Note "RECORDS_TRACE"
            "{text} is a trace of where it came from: speaks for a log",
        /// Before and after.
        RecordsChange = Note "RECORDS_CHANGE"
            "{text} says what was before or after: speaks for a log",
        /// Duration, error, response.
        RecordsOutcome = Note "RECORDS_OUTCOME"
            "{text} says how it went: speaks for a log",
        /// Began and ended.
        RecordsRun = Note "RECORDS_RUN"
            "{text} says when something ran: speaks for a log",
        /// A document beside a time.
        RecordsPayload = Note "RECORDS_PAYLOAD"
            "{text} is a document beside a time: speaks for a log",
        /// Measurements over time.
        IsSeries = Note "IS_SERIES"
            "measured values beside a time: {number}; speaks for a log",
        /// An index that only serves rows in order of time.
        InOrderOfTime = Note "IN_ORDER_OF_TIME"
            "an index serves rows in the order of time: speaks for a log",
        /// Read like a stream.
        IndexedByTime = Note "INDEXED_BY_TIME"
            "an index ends in the time of the row: speaks for a log",
        /// Old partitions are dropped.
        PartitionedByTime = Note "PARTITIONED_BY_TIME"
            "the table is partitioned and {text} is a time: speaks for a log",
        /// Append-only by force.
        ForbidsUpdate = Note "FORBIDS_UPDATE"
            "the trigger {text} forbids change: speaks for a log",
        /// Inserts far above updates and deletes.
        IsAppendedTo = Note "IS_APPENDED_TO"
            "rows were inserted, hardly any changed: speaks for a log",
        /// No business key, no reference here.
        NothingToFindBy = Note "NOTHING_TO_FIND_BY"
            "nothing but the identifier is unique and nothing points here: speaks for a log",
        /// Only beside a time; twice where the noun means nothing else.
        NamedLog = Note "NAMED_LOG"
            "{text} is named like a log: speaks for a log",
        /// `log_visitors`.
        NamedLogInPart = Note "NAMED_LOG_IN_PART"
            "{text} has a word of a log in its name: speaks for a log",
        /// Frameworks add the pair to every table.
        ChangesLikeAll = Note "CHANGES_LIKE_ALL"
            "{text} stands beside a time of creation: speaks against a log",
        /// A log is written once.
        LogChanges = Note "LOG_CHANGES"
            "{text} says that the row changes: speaks against a log",
        /// Sessions have a time and an address too.
        LogIsCopy = Note "LOG_IS_A_COPY"
            "{text} is named or marked like a copy: speaks against a log",
        /// Logs rarely are.
        LogIsReferredTo = Note "LOG_IS_REFERRED_TO"
            "foreign keys that point here: {number}; speaks against a log",
        /// Updates or deletes near the inserts.
        LogIsRewritten = Note "LOG_IS_REWRITTEN"
            "as many rows were changed as were inserted: speaks against a log",

        /// By itself; twice where hardly anything else is here.
        Expires = Note "EXPIRES"
            "{text} says when the row expires: speaks for a cache",
        /// Used once.
        HoldsToken = Note "HOLDS_TOKEN"
            "{text} proves something for a while: speaks for a cache",
        /// May be lost in a crash.
        IsUnlogged = Note "IS_UNLOGGED"
            "the table is unlogged, so its rows may be lost: speaks for a cache",
        /// A rendered copy under a key.
        KeyAndBlob = Note "KEY_AND_BLOB"
            "{text} is a copy kept under a key: speaks for a cache",
        /// Counted from other tables.
        IsAggregate = Note "IS_AGGREGATE"
            "counters, and nothing that was not counted: {number}; speaks for a cache",
        /// Rebuilt from other tables.
        IsSearchIndex = Note "IS_SEARCH_INDEX"
            "{text} is a prepared search and nothing else is here: speaks for a cache",
        /// Held for a while.
        IsLease = Note "IS_LEASE"
            "{text} says who holds it or until when: speaks for a cache",
        /// The last time of something.
        IsPresence = Note "IS_PRESENCE"
            "{text} is all that is kept, and it is overwritten: speaks for a cache",
        /// `sessions`, `page_cache`; twice where nothing shows that people keep it.
        NamedCache = Note "NAMED_CACHE"
            "{text} is named like something that can be thrown away: speaks for a cache",
        /// `cache_pages`, `rendered_pages`.
        NamedCacheInPart = Note "NAMED_CACHE_IN_PART"
            "{text} has a word of a copy in its name: speaks for a cache",
        /// Worked out or fetched; twice where nothing names the row.
        SaysWhenComputed = Note "SAYS_WHEN_COMPUTED"
            "{text} says when it was worked out or fetched: speaks for a cache",
        /// A counter or the last of something.
        IsOverwritten = Note "IS_OVERWRITTEN"
            "rows were changed far more often than inserted: speaks for a cache",
        /// Almost all that was inserted is gone.
        RowsPassThrough = Note "ROWS_PASS_THROUGH"
            "almost as many rows were deleted as were inserted: speaks for a cache",
        /// People named it.
        CacheHoldsThing = Note "CACHE_HOLDS_A_THING"
            "{text} is what people keep: speaks against a cache",
        /// It cannot be thrown away.
        CacheIsReferredTo = Note "CACHE_IS_REFERRED_TO"
            "foreign keys that point here: {number}; speaks against a cache",

        /// It is read as if it were written properly.
        RoleNormalised = Warning "ROLE_NORMALISED"
            "the role '{text}' is padded or not in lower case",
        /// NULL or blank.
        RoleMissing = Finding "ROLE_MISSING"
            "the registry gives no governance role",
        /// Neither governed nor excluded.
        RoleUnknown = Finding "ROLE_UNKNOWN"
            "the governance role '{text}' is in no list of the settings",
        /// By the settings.
        RoleExcluded = Note "ROLE_EXCLUDED"
            "the governance role '{text}' excludes the collection",
        /// The registry's row is an orphan.
        NoTable = Finding "NO_TABLE"
            "there is no table for '{text}'",
        /// Nothing is guessed.
        Ambiguous = Finding "AMBIGUOUS"
            "'{text}' fits more than one relation",
        /// A view, a foreign or temporary table, or something else.
        NotAPhysicalTable = Finding "NOT_A_PHYSICAL_TABLE"
            "{text} is neither a table nor a partitioned table",
        /// Rows of a partition are rows of its parent.
        IsPartition = Finding "IS_A_PARTITION"
            "{text} is a partition, which its parent covers",
        /// Whoever wrote the extension governs it.
        OwnedByExtension = Note "OWNED_BY_EXTENSION"
            "{text} belongs to an extension",
        /// Migrations and their like.
        Bookkeeping = Note "BOOKKEEPING"
            "{text} is where a framework records its own steps",
        /// A person decides.
        WorkQueue = Warning "WORK_QUEUE"
            "{text} is what a work queue has: rows wait to be worked on, which is neither a record nor a copy",
        /// None or one.
        OneColumn = Warning "TOO_FEW_COLUMNS"
            "columns to judge by: {number}",
        /// See the points that follow.
        TooWeak = Warning "EVIDENCE_TOO_WEAK"
            "no class reaches the minimum of {number} points",
        /// See the points that follow.
        TooClose = Warning "EVIDENCE_TOO_CLOSE"
            "the two strongest classes are {number} points apart",
        /// Points of a contender.
        StandsRequired = Note "REQUIRED_HAS"
            "required has {number} points",
        /// Points of a contender.
        StandsJunction = Note "JUNCTION_HAS"
            "junction has {number} points",
        /// Points of a contender.
        StandsLog = Note "LOG_HAS"
            "log has {number} points",
        /// Points of a contender.
        StandsCache = Note "CACHE_HAS"
            "cache has {number} points",
    }
}

/// What evidence can speak for or against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Things and content.
    Required,
    /// Links.
    Junction,
    /// Records of what happened.
    Log,
    /// What can be thrown away.
    Cache,
}

impl Class {
    /// In the order in which a tie would be resolved, if ties were.
    pub(super) const ALL: [Self; 4] = [Self::Required, Self::Junction, Self::Log, Self::Cache];

    /// The status that it means.
    pub(super) fn status(self) -> Status {
        match self {
            Self::Required => Status::Required,
            Self::Junction => Status::ExemptJunction,
            Self::Log => Status::ExemptLog,
            Self::Cache => Status::ExemptCache,
        }
    }

    /// The reason that tells how many points it has.
    pub(super) fn standing(self) -> Reason {
        match self {
            Self::Required => Reason::StandsRequired,
            Self::Junction => Reason::StandsJunction,
            Self::Log => Reason::StandsLog,
            Self::Cache => Reason::StandsCache,
        }
    }
}

/// A piece of evidence: what it speaks for, and its weight unless the setting
/// says otherwise. A negative weight speaks against.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// What is given when it is found.
    pub reason: Reason,
    /// What it speaks for or against.
    pub class: Class,
    /// The setting that holds its weight.
    pub setting: &'static str,
    /// Points.
    pub weight: i32,
}

const fn evidence(reason: Reason, class: Class, setting: &'static str, weight: i32) -> Evidence {
    Evidence {
        reason,
        class,
        setting,
        weight,
    }
}

/// Every piece of evidence, in the order of the reasons.
pub const EVIDENCE: [Evidence; 67] = {
    use Class::{Cache, Junction, Log, Required};
    use Reason as R;
    [
        evidence(R::RowIsNamed, Required, "weights.row-is-named", 35),
        evidence(R::HoldsProse, Required, "weights.holds-prose", 30),
        evidence(R::HoldsAmount, Required, "weights.holds-amount", 30),
        evidence(R::HoldsContent, Required, "weights.holds-content", 10),
        evidence(
            R::HoldsKeyAndValue,
            Required,
            "weights.holds-key-and-value",
            40,
        ),
        evidence(
            R::HoldsTranslation,
            Required,
            "weights.holds-translation",
            40,
        ),
        evidence(R::HasOwnIdentity, Required, "weights.has-own-identity", 20),
        evidence(R::HasBusinessKey, Required, "weights.has-business-key", 15),
        evidence(R::Extends, Required, "weights.extends-a-row", 20),
        evidence(R::IsReferredTo, Required, "weights.is-referred-to", 20),
        evidence(R::HasLife, Required, "weights.has-life", 10),
        evidence(R::RowChanges, Required, "weights.row-changes", 10),
        evidence(R::NamedRequired, Required, "weights.named-required", 30),
        evidence(R::TellsOfEvent, Required, "weights.tells-of-an-event", -30),
        evidence(
            R::CanBeMadeAgain,
            Required,
            "weights.can-be-made-again",
            -90,
        ),
        evidence(
            R::KeyIsReferences,
            Junction,
            "weights.key-is-references",
            60,
        ),
        evidence(
            R::ReferencesAreUnique,
            Junction,
            "weights.references-are-unique",
            50,
        ),
        evidence(R::OnlyReferences, Junction, "weights.only-references", 35),
        evidence(R::HasTwoSides, Junction, "weights.has-two-sides", 15),
        evidence(R::NamesItsSides, Junction, "weights.names-its-sides", 25),
        evidence(R::NamedJunction, Junction, "weights.named-junction", 25),
        evidence(
            R::LinkHoldsContent,
            Junction,
            "weights.link-holds-content",
            -15,
        ),
        evidence(R::LinkIsThing, Junction, "weights.link-is-a-thing", -60),
        evidence(R::LinkRepeats, Junction, "weights.link-repeats", -30),
        evidence(R::LinkIsComputed, Junction, "weights.link-is-computed", -40),
        evidence(R::LinkIsCopy, Junction, "weights.link-is-a-copy", -80),
        evidence(R::SaysWhenOnly, Log, "weights.says-when-only", 15),
        evidence(R::WrittenOnce, Log, "weights.written-once", 15),
        evidence(R::TimeOfEvent, Log, "weights.time-of-event", 15),
        evidence(R::RecordsAction, Log, "weights.records-action", 25),
        evidence(R::RecordsKind, Log, "weights.records-kind", 10),
        evidence(R::RecordsMove, Log, "weights.records-move", 30),
        evidence(R::RecordsActor, Log, "weights.records-actor", 10),
        evidence(R::RecordsTrace, Log, "weights.records-trace", 20),
        evidence(R::RecordsChange, Log, "weights.records-change", 30),
        evidence(R::RecordsOutcome, Log, "weights.records-outcome", 20),
        evidence(R::RecordsRun, Log, "weights.records-run", 15),
        evidence(R::RecordsPayload, Log, "weights.records-payload", 10),
        evidence(R::IsSeries, Log, "weights.is-series", 35),
        evidence(R::InOrderOfTime, Log, "weights.in-order-of-time", 30),
        evidence(R::IndexedByTime, Log, "weights.indexed-by-time", 10),
        evidence(R::PartitionedByTime, Log, "weights.partitioned-by-time", 20),
        evidence(R::ForbidsUpdate, Log, "weights.forbids-update", 60),
        evidence(R::IsAppendedTo, Log, "weights.is-appended-to", 35),
        evidence(R::NothingToFindBy, Log, "weights.nothing-to-find-by", 5),
        evidence(R::NamedLog, Log, "weights.named-log", 35),
        evidence(R::NamedLogInPart, Log, "weights.named-log-in-part", 15),
        evidence(R::ChangesLikeAll, Log, "weights.changes-like-all", -10),
        evidence(R::LogChanges, Log, "weights.log-changes", -30),
        evidence(R::LogIsCopy, Log, "weights.log-is-a-copy", -40),
        evidence(R::LogIsReferredTo, Log, "weights.log-is-referred-to", -15),
        evidence(R::LogIsRewritten, Log, "weights.log-is-rewritten", -30),
        evidence(R::Expires, Cache, "weights.expires", 18),
        evidence(R::HoldsToken, Cache, "weights.holds-token", 30),
        evidence(R::IsUnlogged, Cache, "weights.is-unlogged", 110),
        evidence(R::KeyAndBlob, Cache, "weights.key-and-blob", 40),
        evidence(R::IsAggregate, Cache, "weights.is-aggregate", 45),
        evidence(R::IsSearchIndex, Cache, "weights.is-search-index", 45),
        evidence(R::IsLease, Cache, "weights.is-lease", 40),
        evidence(R::IsPresence, Cache, "weights.is-presence", 30),
        evidence(R::NamedCache, Cache, "weights.named-cache", 20),
        evidence(
            R::NamedCacheInPart,
            Cache,
            "weights.named-cache-in-part",
            20,
        ),
        evidence(R::SaysWhenComputed, Cache, "weights.says-when-computed", 25),
        evidence(R::IsOverwritten, Cache, "weights.is-overwritten", 20),
        evidence(R::RowsPassThrough, Cache, "weights.rows-pass-through", 35),
        evidence(
            R::CacheHoldsThing,
            Cache,
            "weights.cache-holds-a-thing",
            -20,
        ),
        evidence(
            R::CacheIsReferredTo,
            Cache,
            "weights.cache-is-referred-to",
            -20,
        ),
    ]
};
