//! Trigger functions and birth triggers.

use birth_core::catalog::trigger::{BirthTriggers, LiveTrigger};
use birth_core::profile::Profile;
use birth_host::pg::Reader;
use birth_host::run::resolution;
use birth_tests::database::Database;
use birth_tests::server;

use super::{oid, reading};

const NAME: &str = "fn_birth_registry_auto";

const FUNCTIONS: &str = "
    CREATE SCHEMA a; CREATE SCHEMA b; CREATE SCHEMA c;
    CREATE FUNCTION a.fn_birth_registry_auto() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE FUNCTION a.fn_birth_registry_auto(int, text DEFAULT 'x') RETURNS void LANGUAGE sql AS 'SELECT';
    CREATE PROCEDURE b.fn_birth_registry_auto() LANGUAGE sql AS 'SELECT';
    CREATE AGGREGATE c.fn_birth_registry_auto(int) (SFUNC = int4pl, STYPE = int);
    CREATE FUNCTION c.\"FN_birth_registry_auto\"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'";

#[test]
fn every_function_of_a_name() {
    for server in server::all() {
        let db = Database::new(server, FUNCTIONS);
        let functions = |url: &str| {
            reading(url, async |reader: Reader<'_>| {
                reader.trigger_functions(NAME).await.unwrap()
            })
        };
        let found = functions(&db.url());
        let lines: Vec<String> = found
            .iter()
            .map(|f| {
                format!(
                    "{} {} {} {}",
                    f.signature(),
                    f.fits,
                    f.language,
                    f.may_execute
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                "a.fn_birth_registry_auto() true plpgsql true",
                "a.fn_birth_registry_auto(integer, text) false sql true",
                "b.fn_birth_registry_auto() false sql true",
                "c.fn_birth_registry_auto(integer) false internal true",
            ]
        );
        let one = |oid: u32| {
            reading(&db.url(), async |reader: Reader<'_>| {
                reader.trigger_function(oid).await.unwrap()
            })
        };
        assert_eq!(one(found[0].oid).as_ref(), Some(&found[0]));
        assert_eq!(one(4), None);
        // The body, the settings and the name are in the digest.
        let before = found[0].definition;
        assert_eq!(one(found[0].oid).unwrap().definition, before);
        for change in [
            "CREATE OR REPLACE FUNCTION a.fn_birth_registry_auto() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN  RETURN NULL; END'",
            "CREATE OR REPLACE FUNCTION a.fn_birth_registry_auto() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NULL; END'",
        ] {
            db.execute(change);
            assert_ne!(one(found[0].oid).unwrap().definition, before, "{change}");
        }
        // EXECUTE is not enough: the schema must be open too.
        let guest = format!("guest_{}", server.major());
        db.execute(&format!(
            "CREATE ROLE {guest} LOGIN; GRANT USAGE ON SCHEMA a TO {guest};
             REVOKE EXECUTE ON FUNCTION a.fn_birth_registry_auto(int, text) FROM public"
        ));
        let may: Vec<bool> = functions(&db.url_as(&guest))
            .iter()
            .map(|f| f.may_execute)
            .collect();
        assert_eq!(may, [true, false, false, false]);
    }
}

#[test]
fn the_function_is_resolved_or_the_reason_is_given() {
    let db = Database::new(server::one(), FUNCTIONS);
    let resolve = |schema: Option<&str>| {
        let mut naming = Profile::built_in().unwrap().naming;
        naming.trigger_function_schema = schema.map(str::to_owned);
        reading(&db.url(), async |reader: Reader<'_>| {
            resolution::function(reader, &naming)
                .await
                .map(|f| f.signature())
                .map_err(|f| (f.code, f.message, f.hint.unwrap_or_default()))
        })
    };
    assert_eq!(resolve(None).unwrap(), "a.fn_birth_registry_auto()");
    let (code, message, _) = resolve(Some("b")).unwrap_err();
    assert_eq!(code, "FUNCTION_MISSING");
    assert!(
        message.contains("b.fn_birth_registry_auto(), which returns void"),
        "{message}"
    );
    db.execute("CREATE FUNCTION c.fn_birth_registry_auto() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
    let (code, message, hint) = resolve(None).unwrap_err();
    assert_eq!(code, "FUNCTION_AMBIGUOUS");
    assert!(
        message.ends_with("a.fn_birth_registry_auto(), c.fn_birth_registry_auto()"),
        "{message}"
    );
    assert!(
        hint.contains("`[naming]` `trigger-function-schema = \"…\"`"),
        "{hint}"
    );
    assert_eq!(resolve(Some("c")).unwrap(), "c.fn_birth_registry_auto()");
}

/// Every shape that a trigger can have, and what has the name elsewhere.
const TRIGGERS: &str = r#"
    CREATE FUNCTION birth() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TABLE t (id int PRIMARY KEY, n int REFERENCES t);
    CREATE TRIGGER trg_birth_t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION other();
    CREATE TRIGGER a_right_one AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION birth();
    CREATE TRIGGER b_when AFTER INSERT ON t FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION birth();
    CREATE TRIGGER c_arguments AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION birth('x');
    CREATE TRIGGER d_columns AFTER UPDATE OF n ON t FOR EACH ROW EXECUTE FUNCTION birth();
    CREATE TRIGGER e_transition AFTER INSERT ON t REFERENCING NEW TABLE AS new FOR EACH STATEMENT EXECUTE FUNCTION birth();
    CREATE CONSTRAINT TRIGGER f_constraint AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION birth();
    CREATE TRIGGER g_disabled AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION birth();
    CREATE TRIGGER unrelated AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION other();
    ALTER TABLE t DISABLE TRIGGER g_disabled;
    CREATE TABLE quiet (id int); CREATE TRIGGER trg_birth_t AFTER INSERT ON quiet FOR EACH ROW EXECUTE FUNCTION other();
    CREATE TABLE p (id int) PARTITION BY RANGE (id);
    CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
    CREATE TABLE p_1_1 PARTITION OF p_1 FOR VALUES FROM (0) TO (10);
    CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
    CREATE TRIGGER trg_birth_p AFTER INSERT ON p_1 FOR EACH ROW EXECUTE FUNCTION other();
    CREATE TRIGGER trg_birth_p AFTER INSERT ON p_2 FOR EACH ROW EXECUTE FUNCTION birth();
    CREATE TRIGGER of_parent AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION birth();"#;

fn marks(t: &LiveTrigger) -> String {
    let marks = [
        (t.internal, "internal"),
        (t.clone, "clone"),
        (t.constraint, "constraint"),
        (t.when, "when"),
        (t.arguments, "arguments"),
        (t.columns, "columns"),
        (t.transition_tables, "transition tables"),
    ];
    let marks: Vec<&str> = marks.iter().filter(|m| m.0).map(|m| m.1).collect();
    format!(
        "{} {} {} {:?} {}",
        t.name,
        t.function,
        t.r#type,
        t.enabled,
        marks.join(",")
    )
}

fn birth_triggers(db: &Database, tables: &[(&str, &str)]) -> (BirthTriggers, u32, u64) {
    let tables: Vec<(u32, &str)> = tables.iter().map(|&(t, name)| (oid(db, t), name)).collect();
    let function = db.value("SELECT 'birth'::regproc::oid").parse().unwrap();
    reading(&db.url(), async |reader: Reader<'_>| {
        let found = reader.birth_triggers(&tables, function).await.unwrap();
        let count = reader.birth_trigger_count(function).await.unwrap();
        (found, function, count)
    })
}

#[test]
fn every_shape_of_a_birth_trigger() {
    for server in server::all() {
        let db = Database::new(server, TRIGGERS);
        let tables = [("t", "trg_birth_t"), ("quiet", "trg_birth_quiet")];
        let (found, function, count) = birth_triggers(&db, &tables);
        let lines: Vec<String> = found.live.iter().map(marks).collect();
        assert_eq!(
            lines,
            [
                "a_right_one public.birth() 5 Origin ",
                "b_when public.birth() 5 Origin when",
                "c_arguments public.birth() 5 Origin arguments",
                "d_columns public.birth() 17 Origin columns",
                "e_transition public.birth() 4 Origin transition tables",
                "f_constraint public.birth() 5 Origin constraint",
                "g_disabled public.birth() 5 Disabled ",
                "trg_birth_t public.other() 5 Origin ",
            ],
            "PostgreSQL {}",
            server.major()
        );
        let right: Vec<&str> = found
            .live
            .iter()
            .filter(|t| t.registers_births(function))
            .map(|t| t.name.as_str())
            .collect();
        assert_eq!(right, ["a_right_one"]);
        assert!(found.live.iter().all(|t| t.table_oid == oid(&db, "t")));
        assert!(found.on_partitions.is_empty());
        // Seven on t, one on p and one that p_2 has of its own.
        assert_eq!(count, 9);
    }
}

#[test]
fn partitions_that_hold_the_name() {
    for server in server::all() {
        let db = Database::new(server, TRIGGERS);
        let (found, ..) = birth_triggers(&db, &[("p", "trg_birth_p"), ("p_2", "x")]);
        let live: Vec<(u32, String)> = found.live.iter().map(|t| (t.table_oid, marks(t))).collect();
        let clone = |t: &(u32, String)| t.1.ends_with("clone");
        assert_eq!(
            live[0],
            (
                oid(&db, "p"),
                "of_parent public.birth() 5 Origin ".to_owned()
            )
        );
        assert!(
            live[1].1.starts_with("of_parent public.birth() 5 Origin ") && clone(&live[1]),
            "{live:?}"
        );
        assert_eq!(
            live[2],
            (
                oid(&db, "p_2"),
                "trg_birth_p public.birth() 5 Origin ".to_owned()
            )
        );
        assert_eq!(live.len(), 3);
        let in_the_way: Vec<String> = found
            .on_partitions
            .iter()
            .map(|t| format!("{} {} {}", t.table_oid, t.partition, marks(&t.trigger)))
            .collect();
        let p = oid(&db, "p");
        assert_eq!(
            in_the_way,
            [
                format!("{p} public.p_1 trg_birth_p public.other() 5 Origin "),
                format!("{p} public.p_2 trg_birth_p public.birth() 5 Origin "),
            ]
        );
        // They are in the way indeed.
        let create =
            "CREATE TRIGGER trg_birth_p AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION birth()";
        let refused = db.try_execute(create).unwrap_err();
        assert!(refused.contains("already exists"), "{refused}");
        db.execute("DROP TRIGGER trg_birth_p ON p_1; DROP TRIGGER trg_birth_p ON p_2");
        db.execute(create);
        let (found, ..) = birth_triggers(&db, &[("p", "trg_birth_p")]);
        assert_eq!(found.live.len(), 2);
        assert!(found.on_partitions.is_empty(), "clones are not in the way");
    }
}
