//! The reasons, in the order of the conditions.
//!
//! A warning that a setting can make a finding has two codes, because the
//! severity belongs to the code: `WARN_X` and `X`.

birth_sdk::reasons! {
    /// Why a collection has gaps, and what is odd about it.
    pub enum Reason {
        /// Condition 1.
        TableMissing = Finding "TABLE_MISSING"
            "no physical table stands behind {text}",
        /// Nothing at all.
        TableAbsent = Note "TABLE_ABSENT"
            "the live schema has no relation for {text}",
        /// It is not known which one is meant.
        TableAmbiguous = Note "TABLE_AMBIGUOUS"
            "{text} fits more than one relation of the live schema",
        /// Its rows are elsewhere.
        TableIsView = Note "TABLE_IS_VIEW"
            "{text} is a view",
        /// Its rows are copies.
        TableIsMaterializedView = Note "TABLE_IS_MATERIALIZED_VIEW"
            "{text} is a materialized view",
        /// Its rows are elsewhere.
        TableIsForeign = Note "TABLE_IS_FOREIGN_TABLE"
            "{text} is a foreign table",
        /// Its rows are gone with the session.
        TableIsTemporary = Note "TABLE_IS_TEMPORARY"
            "{text} is a temporary table",
        /// A sequence, an index, a composite type.
        TableIsOther = Note "TABLE_IS_OTHER_RELATION"
            "{text} is a relation that holds no rows as tables do",

        /// Nothing is wrong with the collection.
        StorageNotReady = Note "POLICY_STORAGE_NOT_READY"
            "the registry has no policy columns yet, so the conditions that go by the policy were not checked",
        /// A setting leaves it out.
        ScopeNotChecked = Note "SCOPE_NOT_CHECKED"
            "the policy set's settings leave collections of the scope {text} unchecked",

        /// Condition 2.
        PolicyUndecided = Finding "POLICY_UNDECIDED"
            "what coverage {text} needs is not decided",
        /// As good as NULL.
        StatusBlank = Note "STATUS_BLANK"
            "the stored coverage status is blank",
        /// Letter for letter.
        StatusUnknown = Note "STATUS_UNKNOWN"
            "the stored coverage status '{text}' is not a word of the vocabulary",

        /// Condition 3.
        SpeciesUnmapped = Finding "SPECIES_UNMAPPED"
            "births are required, and no species is mapped to {text}",

        /// Condition 4.
        TriggerMissing = Finding "TRIGGER_MISSING"
            "births are required, and no birth trigger registers every new row of {text}",
        /// Only the name is right.
        TriggerOtherFunction = Note "TRIGGER_OTHER_FUNCTION"
            "a trigger that calls {text} holds the birth trigger's name",
        /// Nobody made it.
        TriggerIsInternal = Note "TRIGGER_IS_INTERNAL"
            "the trigger {text} is one of PostgreSQL's own",
        /// The row is not there yet and may be changed or skipped.
        TriggerBefore = Note "TRIGGER_BEFORE"
            "the trigger {text} fires BEFORE, not AFTER",
        /// On views only.
        TriggerInsteadOf = Note "TRIGGER_INSTEAD_OF"
            "the trigger {text} fires INSTEAD OF, not AFTER",
        /// The function would see no row.
        TriggerPerStatement = Note "TRIGGER_PER_STATEMENT"
            "the trigger {text} fires FOR EACH STATEMENT, not FOR EACH ROW",
        /// No birth is seen.
        TriggerNotOnInsert = Note "TRIGGER_NOT_ON_INSERT"
            "the trigger {text} does not fire on INSERT",
        /// No birth.
        TriggerOnUpdate = Note "TRIGGER_ON_UPDATE"
            "the trigger {text} fires on UPDATE",
        /// No birth.
        TriggerOnDelete = Note "TRIGGER_ON_DELETE"
            "the trigger {text} fires on DELETE",
        /// No birth.
        TriggerOnTruncate = Note "TRIGGER_ON_TRUNCATE"
            "the trigger {text} fires on TRUNCATE",
        /// Rows for which it does not hold are not registered.
        TriggerHasWhen = Note "TRIGGER_HAS_WHEN"
            "the trigger {text} has a WHEN condition",
        /// The function may behave differently.
        TriggerHasArguments = Note "TRIGGER_HAS_ARGUMENTS"
            "the trigger {text} passes arguments to the function",
        /// `UPDATE OF …`.
        TriggerHasColumnList = Note "TRIGGER_HAS_COLUMN_LIST"
            "the trigger {text} has a list of columns",
        /// `REFERENCING …`.
        TriggerHasTransitionTables = Note "TRIGGER_HAS_TRANSITION_TABLES"
            "the trigger {text} has transition tables",
        /// `accept-constraint-trigger` is false.
        TriggerIsConstraint = Note "TRIGGER_IS_CONSTRAINT"
            "the trigger {text} is a constraint trigger and may be deferred, which the settings do not accept",
        /// It registers nothing.
        TriggerDisabled = Note "TRIGGER_DISABLED"
            "the trigger {text} is disabled",
        /// It registers nothing that users do.
        TriggerReplicaOnly = Note "TRIGGER_REPLICA_ONLY"
            "the trigger {text} fires in replica mode only, not for ordinary sessions",
        /// `accept-always-enabled` is false.
        TriggerAlways = Note "TRIGGER_ALWAYS"
            "the trigger {text} fires in replica mode too, which the settings do not accept",
        /// `accept-other-trigger-name` is false.
        TriggerUnderOtherName = Note "TRIGGER_UNDER_OTHER_NAME"
            "the trigger that calls the function is named {text}, which the settings do not accept",
        /// One partition of a partitioned table.
        TriggerCloneSilent = Note "TRIGGER_CLONE_DOES_NOT_FIRE"
            "on a partition the clone {text} of the trigger does not fire for ordinary sessions",

        /// Condition 5.
        ExemptionUnexplained = Finding "EXEMPTION_UNEXPLAINED"
            "{text} is stored without an exemption reason, or with one that says nothing",

        /// `require-review-owner` is false.
        WarnDeferredWithoutOwner = Warning "WARN_DEFERRED_WITHOUT_OWNER"
            "the decision is deferred, and nobody is named to review it",
        /// `require-review-owner` is true.
        DeferredWithoutOwner = Finding "DEFERRED_WITHOUT_OWNER"
            "the decision is deferred, and nobody is named to review it",
        /// `refuse-long-deferrals` is false.
        WarnDeferredTooLong = Warning "WARN_DEFERRED_TOO_LONG"
            "the decision has been deferred for {number} days, longer than the settings allow",
        /// `refuse-long-deferrals` is true.
        DeferredTooLong = Finding "DEFERRED_TOO_LONG"
            "the decision has been deferred for {number} days, longer than the settings allow",
        /// `require-decided-by` is false.
        WarnDecidedWithoutActor = Warning "WARN_DECIDED_WITHOUT_ACTOR"
            "nobody is named as having decided {text}",
        /// `require-decided-by` is true.
        DecidedWithoutActor = Finding "DECIDED_WITHOUT_ACTOR"
            "nobody is named as having decided {text}",
        /// `require-decided-at` is false.
        WarnDecidedWithoutDate = Warning "WARN_DECIDED_WITHOUT_DATE"
            "when {text} was decided is not recorded",
        /// `require-decided-at` is true.
        DecidedWithoutDate = Finding "DECIDED_WITHOUT_DATE"
            "when {text} was decided is not recorded",
        /// `refuse-future-decisions` is false.
        WarnDecidedInTheFuture = Warning "WARN_DECIDED_IN_THE_FUTURE"
            "the recorded time of {text} is {number} s in the future",
        /// `refuse-future-decisions` is true.
        DecidedInTheFuture = Finding "DECIDED_IN_THE_FUTURE"
            "the recorded time of {text} is {number} s in the future",

        /// `refuse-trigger-on-exempt` is false.
        WarnTriggerOnExempt = Warning "WARN_TRIGGER_ON_EXEMPT"
            "the collection is exempt, and the trigger {text} calls the birth function all the same",
        /// `refuse-trigger-on-exempt` is true.
        TriggerOnExempt = Finding "TRIGGER_ON_EXEMPT"
            "the collection is exempt, and the trigger {text} calls the birth function all the same",
        /// `refuse-double-registration` is false.
        WarnRegisteredTwice = Warning "WARN_REGISTERED_TWICE"
            "{number} triggers that fire call {text}, so one birth may be registered more than once",
        /// `refuse-double-registration` is true.
        RegisteredTwice = Finding "REGISTERED_TWICE"
            "{number} triggers that fire call {text}, so one birth may be registered more than once",
        /// One of them.
        RegisteredTwiceTrigger = Note "REGISTERED_TWICE_TRIGGER"
            "the trigger {text} calls the function",
        /// `refuse-row-moves` is false.
        WarnTriggerOnPartitioned = Warning "WARN_TRIGGER_ON_PARTITIONED"
            "an UPDATE that moves a row between partitions of {text} registers the row again",
        /// `refuse-row-moves` is true.
        TriggerOnPartitioned = Finding "TRIGGER_ON_PARTITIONED"
            "an UPDATE that moves a row between partitions of {text} registers the row again",
    }
}
