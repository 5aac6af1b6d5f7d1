//! Three estates with different names for everything, and what it takes to
//! work on each. None of them needs a change of code.

/// An estate.
pub(crate) struct Estate {
    /// For messages.
    pub(crate) name: &'static str,
    /// Makes it.
    pub(crate) script: &'static str,
    /// The registry, quoted.
    pub(crate) registry: &'static str,
    /// The profile it needs; none where the built-in one serves.
    pub(crate) profile: Option<&'static str>,
    /// Inserts a row with a coverage status into the registry, `{}` is the
    /// status.
    pub(crate) insert: &'static str,
}

/// Names as the built-in profile likes them best.
pub(crate) const PLAIN: Estate = Estate {
    name: "plain",
    script: "CREATE SCHEMA inventory;
        CREATE TABLE inventory.collection_registry (
          collection_key text PRIMARY KEY, governance_role varchar(40));",
    registry: "inventory.collection_registry",
    profile: None,
    insert: "INSERT INTO inventory.collection_registry (collection_key, coverage_status) VALUES ('x', '{}')",
};

/// Other spellings, mixed case, two keys in the table.
pub(crate) const MIXED_CASE: Estate = Estate {
    name: "mixed case",
    script: r#"CREATE SCHEMA "App Data";
        CREATE TABLE "App Data"."CollectionRegistry" (
          "Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          "CollectionName" varchar(63) NOT NULL UNIQUE, "GovernanceRole" text);"#,
    registry: r#""App Data"."CollectionRegistry""#,
    profile: None,
    insert: r#"INSERT INTO "App Data"."CollectionRegistry" ("CollectionName", coverage_status) VALUES ('x', '{}')"#,
};

/// Names that nothing could guess, and hostile ones: the profile names them.
pub(crate) const FOREIGN: Estate = Estate {
    name: "foreign",
    script: r#"CREATE SCHEMA "müll;--";
        CREATE TABLE "müll;--"."drop""table" (
          "Kürzel ''" text PRIMARY KEY, "Rolle" text);"#,
    registry: r#""müll;--"."drop""table""#,
    profile: Some(
        "format = 1\n[family.collection_registry]\nschema = \"müll;--\"\ntable = 'drop\"table'\n[concept.collection_key]\ncolumn = \"Kürzel ''\"\n",
    ),
    insert: r#"INSERT INTO "müll;--"."drop""table" ("Kürzel ''", coverage_status) VALUES ('x', '{}')"#,
};

/// All three.
pub(crate) const ALL: [&Estate; 3] = [&PLAIN, &MIXED_CASE, &FOREIGN];
