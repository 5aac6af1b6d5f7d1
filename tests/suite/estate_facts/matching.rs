//! Which relation a key stands for.

use std::collections::BTreeSet;

use birth_core::estate::{Collection, Estate, EstateColumns, MappedKeys};
use birth_core::profile::CollectionRules;
use birth_host::pg::{PgErrorKind, Reader};
use birth_tests::database::Database;
use birth_tests::server;

use super::{identifier, plain_columns, reading, relation};

/// Everything that a key can meet. The registry has no primary key, as one that
/// grew by hand has none.
const SCRIPT: &str = r#"
    CREATE SCHEMA inventory; CREATE SCHEMA shop; CREATE SCHEMA stock; CREATE SCHEMA "a.b"; CREATE SCHEMA a;
    CREATE TABLE inventory.collection_registry (collection_key text, governance_role text);
    CREATE TABLE shop.orders (id int); CREATE TABLE stock.orders (id int);
    CREATE TABLE shop.only (id int);
    CREATE VIEW shop.seen AS SELECT 1; CREATE MATERIALIZED VIEW shop.kept AS SELECT 1;
    CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;
    CREATE FOREIGN TABLE shop.far (id int) SERVER elsewhere;
    CREATE TABLE shop.parted (id int, day int) PARTITION BY RANGE (id);
    CREATE TABLE shop.part PARTITION OF shop.parted FOR VALUES FROM (1) TO (9) PARTITION BY RANGE (day);
    CREATE TABLE stock.leaf PARTITION OF shop.part FOR VALUES FROM (1) TO (9);
    CREATE SEQUENCE shop.numbers; CREATE TYPE shop.pair AS (a int, b int);
    CREATE TABLE shop."say ""hi"", 'you'" (id int); CREATE TABLE shop."two
lines" (id int);
    CREATE TABLE shop."drop""table;--" (id int); CREATE TABLE shop."Mixed Case" (id int);
    CREATE TABLE shop.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx (id int);
    CREATE TABLE shop."dotted.name" (id int);
    CREATE TABLE "a.b".c (id int); CREATE TABLE a."b.c" (id int); CREATE TABLE "a.b"."d.e" (id int);"#;

fn estate(db: &Database, registry: &str, columns: &EstateColumns, schemas: &[&str]) -> Estate {
    let registry = relation(db, registry);
    let rules = CollectionRules {
        schemas: schemas.iter().map(|&s| s.to_owned()).collect(),
        ..CollectionRules::default()
    };
    reading(&db.url(), async |reader: Reader<'_>| {
        reader.estate(&registry, columns, &rules).await.unwrap()
    })
}

/// A collection in one line: kind, then the relation or the candidates.
fn line(collection: &Collection) -> String {
    let names: Vec<String> = match &collection.table {
        Some(table) => vec![table.name.quoted()],
        None => collection.candidates.iter().map(|c| c.quoted()).collect(),
    };
    format!("{:?} {}", collection.kind, names.join(", "))
}

#[test]
fn every_kind_of_key() {
    let long = "x".repeat(63);
    let too_long = "x".repeat(64);
    let long_expected = format!("Table \"shop\".\"{long}\"");
    let rows: [(&str, &str); 34] = [
        ("only", r#"Table "shop"."only""#),
        ("shop.only", r#"Table "shop"."only""#),
        ("stock.only", "None "),
        ("Only", "None "),
        (" only", "None "),
        ("missing", "None "),
        ("orders", r#"Ambiguous "shop"."orders", "stock"."orders""#),
        ("stock.orders", r#"Table "stock"."orders""#),
        ("seen", r#"View "shop"."seen""#),
        ("kept", r#"MaterializedView "shop"."kept""#),
        ("far", r#"ForeignTable "shop"."far""#),
        ("parted", r#"PartitionedTable "shop"."parted""#),
        ("part", r#"Partition "shop"."part""#),
        ("leaf", r#"Partition "stock"."leaf""#),
        ("numbers", "None "),
        ("pair", "None "),
        ("pg_class", "None "),
        ("pg_catalog.pg_class", "None "),
        ("information_schema.tables", "None "),
        (r#"say "hi", 'you'"#, r#"Table "shop"."say ""hi"", 'you'""#),
        ("two\nlines", "Table \"shop\".\"two\nlines\""),
        (r#"drop"table;--"#, r#"Table "shop"."drop""table;--""#),
        (r#""only""#, "None "),
        ("Mixed Case", r#"Table "shop"."Mixed Case""#),
        ("mixed case", "None "),
        (&long, &long_expected),
        (&too_long, "None "),
        ("dotted.name", r#"Table "shop"."dotted.name""#),
        ("a.b.c", r#"Ambiguous "a"."b.c", "a.b"."c""#),
        ("a.b.d.e", r#"Table "a.b"."d.e""#),
        (".only", "None "),
        ("shop.", "None "),
        // Somebody's temporary table counts only where nothing lasting fits.
        ("scratch", "TemporaryTable "),
        ("part_of_one_session", "TemporaryTable "),
    ];
    for server in server::all() {
        let db = Database::new(server, SCRIPT);
        let session = db.session();
        session.execute(
            "CREATE TEMP TABLE scratch (id int); CREATE TEMP TABLE \"only\" (id int);
             CREATE TEMP VIEW part_of_one_session AS SELECT 1",
        );
        for (key, _) in rows {
            let key = key.replace('\'', "''");
            db.execute(&format!(
                "INSERT INTO inventory.collection_registry VALUES ('{key}', 'governed')"
            ));
        }
        let found = estate(&db, "inventory.collection_registry", &plain_columns(), &[]);
        for (key, expected) in rows {
            let line = line(found.find(key).unwrap());
            let fits = if expected == "TemporaryTable " {
                line.starts_with("TemporaryTable \"pg_temp_") && line.contains(key)
            } else {
                line == expected
            };
            assert!(fits, "PostgreSQL {}, {key:?}: {line}", server.major());
        }
        let keys: Vec<&str> = found.collections.iter().map(|c| c.key.as_str()).collect();
        let sorted: BTreeSet<&str> = rows.iter().map(|(key, _)| *key).collect();
        assert!(keys.iter().eq(sorted.iter()), "{keys:?}");
    }
}

#[test]
fn searched_schemas_hold_for_bare_names_alone() {
    let db = Database::new(
        server::one(),
        &format!(
            "{SCRIPT} INSERT INTO inventory.collection_registry VALUES ('orders'), ('only'), ('shop.only')"
        ),
    );
    let found = estate(
        &db,
        "inventory.collection_registry",
        &plain_columns(),
        &["stock"],
    );
    let lines: Vec<String> = found.collections.iter().map(line).collect();
    let expected = [
        "None ",
        r#"Table "stock"."orders""#,
        r#"Table "shop"."only""#,
    ];
    assert_eq!(lines, expected);
}

#[test]
fn rows_without_a_key_and_keys_of_several_rows_are_counted() {
    let db = Database::new(
        server::one(),
        &format!(
            "{SCRIPT} INSERT INTO inventory.collection_registry VALUES
               ('only', ' Governed '), ('far', NULL), ('', 'governed'), (NULL, NULL), (NULL, 'governed'),
               ('orders', 'a'), ('orders', 'a'), ('seen', 'a'), ('seen', 'b'), ('seen', 'c')"
        ),
    );
    let found = estate(&db, "inventory.collection_registry", &plain_columns(), &[]);
    let collections: Vec<(&str, Option<&str>)> = found
        .collections
        .iter()
        .map(|c| (c.key.as_str(), c.role.as_deref()))
        .collect();
    assert_eq!(collections, [("far", None), ("only", Some(" Governed "))]);
    assert_eq!(found.rows_without_key, 3);
    assert_eq!(found.duplicate_keys, ["orders", "seen"]);
}

#[test]
fn columns_that_locate_the_table_win_over_the_key() {
    let db = Database::new(
        server::one(),
        &format!(
            r#"{SCRIPT} CREATE TABLE inventory."Located" ("Key ""1""" text, role text, "Schema" name, "Table" varchar(200));
               INSERT INTO inventory."Located" VALUES
                 ('1', NULL, 'shop', 'orders'), ('2', NULL, NULL, 'only'), ('3', NULL, '', 'stock.orders'),
                 ('4', NULL, 'shop', 'stock.orders'), ('5', NULL, 'nowhere', 'only'), ('only', NULL, NULL, NULL),
                 ('orders', NULL, 'stock', ''), ('stock.orders', NULL, 'stock', NULL), ('6', NULL, 'Shop', 'only')"#
        ),
    );
    let columns = EstateColumns {
        key: identifier("Key \"1\""),
        role: identifier("role"),
        schema: Some(identifier("Schema")),
        table: Some(identifier("Table")),
    };
    let lines = |columns: &EstateColumns| -> Vec<String> {
        let found = estate(&db, "inventory.\"Located\"", columns, &["a"]);
        let line = |c: &Collection| format!("{}: {}", c.key, line(c));
        found.collections.iter().map(line).collect()
    };
    assert_eq!(
        lines(&columns),
        [
            r#"1: Table "shop"."orders""#,
            // The searched schemas hold where the row names no schema.
            "2: None ",
            r#"3: Table "stock"."orders""#,
            "4: None ",
            "5: None ",
            "6: None ",
            "only: None ",
            r#"orders: Table "stock"."orders""#,
            r#"stock.orders: Table "stock"."orders""#,
        ]
    );
    let schema_alone = EstateColumns {
        table: None,
        ..columns
    };
    let found = lines(&schema_alone);
    assert_eq!(found[0], "1: None ");
    assert_eq!(found[7], r#"orders: Table "stock"."orders""#);
}

/// A key is whatever prints as a name.
#[test]
fn keys_of_any_type() {
    let uuid = "7f3f2c9e-6f1a-4c43-9d55-0123456789ab";
    for r#type in ["inventory.word", "uuid", "varchar(63)", "char(40)", "name"] {
        let key = if r#type == "uuid" { uuid } else { "only" };
        let db = Database::new(
            server::one(),
            &format!(
                r#"{SCRIPT} CREATE TABLE shop."{uuid}" (id int); CREATE TYPE inventory.word AS ENUM ('only');
                   CREATE TABLE inventory.r (collection_key {type} PRIMARY KEY, governance_role inventory.word);
                   INSERT INTO inventory.r VALUES ('{key}', 'only')"#
            ),
        );
        let found = estate(&db, "inventory.r", &plain_columns(), &[]);
        let collection = found.find(key).unwrap();
        assert_eq!(
            line(collection),
            format!("Table \"shop\".\"{key}\""),
            "{type}"
        );
        assert_eq!(collection.role.as_deref(), Some("only"));
    }
}

#[test]
fn owners_partitions_and_rights() {
    for server in server::all() {
        let clerk = format!("clerk_{}", server.major());
        let db = Database::new(server, &format!("{SCRIPT}
            CREATE ROLE {clerk} LOGIN;
            GRANT USAGE ON SCHEMA inventory, shop TO {clerk}; GRANT SELECT ON inventory.collection_registry TO {clerk};
            GRANT TRIGGER ON shop.only, shop.parted, shop.part, stock.leaf, stock.orders TO {clerk};
            CREATE TABLE shop.half (id int) PARTITION BY LIST (id);
            CREATE TABLE shop.half_2 PARTITION OF shop.half FOR VALUES IN (2);
            CREATE TABLE shop.half_1 PARTITION OF shop.half FOR VALUES IN (1);
            GRANT TRIGGER ON shop.half TO {clerk};
            CREATE TABLE shop.own (id int); ALTER TABLE shop.own OWNER TO {clerk};
            CREATE FUNCTION shop.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            INSERT INTO inventory.collection_registry VALUES
              ('only'), ('parted'), ('part'), ('leaf'), ('stock.orders'), ('half'), ('own'), ('far')"));
        let registry = relation(&db, "inventory.collection_registry");
        let rules = CollectionRules::default();
        let rights = |url: &str| -> Vec<String> {
            let found = reading(url, async |reader: Reader<'_>| {
                reader
                    .estate(&registry, &plain_columns(), &rules)
                    .await
                    .unwrap()
            });
            let tables = found
                .collections
                .iter()
                .map(|c| (&c.key, c.table.as_ref().unwrap()));
            tables
                .map(|(key, t)| {
                    let denied = t.making.may_not_create.as_deref().unwrap_or("-");
                    format!(
                        "{key} {} {} {denied} {}",
                        t.making.owner, t.making.partitions, t.making.may_drop
                    )
                })
                .collect()
        };
        assert_eq!(
            rights(&db.url_as(&clerk)),
            [
                "far postgres 0 shop.far false",
                "half postgres 2 shop.half_1 false",
                "leaf postgres 0 stock.leaf false",
                "only postgres 0 - false",
                &format!("own {clerk} 0 - true"),
                "part postgres 1 - false",
                "parted postgres 2 - false",
                "stock.orders postgres 0 stock.orders false",
            ]
        );
        assert!(
            rights(&db.url())
                .iter()
                .all(|line| line.ends_with(" - true"))
        );
        // The server judges the same.
        for (table, may) in [
            ("only", true),
            ("parted", true),
            ("half", false),
            ("far", false),
        ] {
            let create = format!(
                "SET ROLE {clerk}; CREATE TRIGGER t AFTER INSERT ON shop.{table} FOR EACH ROW EXECUTE FUNCTION shop.nothing()"
            );
            assert_eq!(db.try_execute(&create).is_ok(), may, "{table}");
        }
    }
}

#[test]
fn rows_that_a_policy_would_hide_are_an_error() {
    let db = Database::new(
        server::one(),
        &format!(
            "{SCRIPT} CREATE ROLE watched LOGIN; GRANT USAGE ON SCHEMA inventory TO watched;
             GRANT SELECT ON inventory.collection_registry TO watched;
             ALTER TABLE inventory.collection_registry ENABLE ROW LEVEL SECURITY"
        ),
    );
    let registry = relation(&db, "inventory.collection_registry");
    let rules = CollectionRules::default();
    let read = async |reader: Reader<'_>| reader.estate(&registry, &plain_columns(), &rules).await;
    let kind = reading(&db.url_as("watched"), async |reader| {
        read(reader).await.unwrap_err().kind
    });
    assert_eq!(kind, PgErrorKind::Privilege);
}

#[test]
fn keys_of_a_mapping() {
    let db = Database::new(
        server::one(),
        r#"CREATE TABLE "Map" ("Col ""l""" varchar(80));
           INSERT INTO "Map" VALUES ('b'), ('a'), ('b'), (NULL), (NULL), (''), ('drop"table;--')"#,
    );
    let map = relation(&db, "\"Map\"");
    let column = identifier("Col \"l\"");
    let mapped = reading(&db.url(), async |reader: Reader<'_>| {
        reader.mapped_keys(&map, &column).await.unwrap()
    });
    let keys = ["a", "b", "drop\"table;--"];
    let expected = MappedKeys {
        keys: keys.iter().map(|&k| k.to_owned()).collect(),
        rows: 7,
        nulls: 3,
    };
    assert_eq!(mapped, expected);
}
