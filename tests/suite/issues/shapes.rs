//! The shapes that issues tables come in.

use birth_core::record::RecordKeys;
use birth_tests::server;

use super::Place;

/// One way an issues table can look. `{i}` in `change` and `close` is the
/// condition that meets one issue.
pub(super) struct Shape {
    pub(super) what: &'static str,
    pub(super) script: &'static str,
    pub(super) profile: &'static str,
    pub(super) table: &'static str,
    pub(super) change: &'static str,
    /// Nothing where every issue is open.
    pub(super) close: &'static str,
    /// The codes of what is warned of.
    pub(super) warnings: &'static [&'static str],
}

pub(super) const SHAPES: [Shape; 9] = [
    Shape {
        what: "a bigserial key, recognised by its title",
        script: "CREATE TABLE system_issues (id bigserial PRIMARY KEY, issue_type text NOT NULL,
                   title text NOT NULL, status text DEFAULT 'open', details jsonb DEFAULT '{}')",
        profile: "",
        table: "system_issues",
        change: "UPDATE system_issues SET details = '{\"seen\": true}' WHERE {i}",
        close: "UPDATE system_issues SET status = 'WontFix' WHERE {i}",
        warnings: &[],
    },
    Shape {
        what: "a uuid key, enums, a foreign key on the registry, a comment below",
        script: "CREATE SCHEMA desk;
                 CREATE TYPE desk.\"Kind\" AS ENUM ('OTHER', 'BIRTH_SPECIES_MAPPING');
                 CREATE TYPE desk.state AS ENUM ('new', 'Resolved');
                 CREATE TABLE desk.system_issues (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                   category desk.\"Kind\" NOT NULL, state desk.state NOT NULL,
                   collection_key text NOT NULL REFERENCES collection_registry, reporter uuid, tags text[]);
                 CREATE TABLE desk.comments (issue uuid REFERENCES desk.system_issues ON DELETE CASCADE)",
        profile: "[issue]\nopen-status = 'new'",
        table: "desk.system_issues",
        change: "UPDATE desk.system_issues SET tags = '{a}' WHERE {i}",
        close: "UPDATE desk.system_issues SET state = 'Resolved' WHERE {i}",
        warnings: &[],
    },
    Shape {
        what: "partitioned by its time, which is part of the key",
        script: "CREATE TABLE system_issues (id bigint GENERATED ALWAYS AS IDENTITY, kind varchar(40) NOT NULL,
                   collection varchar(80), created_at timestamptz(3) NOT NULL DEFAULT now(), closed_at timestamptz,
                   PRIMARY KEY (created_at, id)) PARTITION BY RANGE (created_at);
                 CREATE TABLE early PARTITION OF system_issues FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
                 CREATE TABLE late PARTITION OF system_issues DEFAULT",
        // Identity columns of partitioned tables came with PostgreSQL 17.
        profile: "",
        table: "system_issues",
        change: "UPDATE system_issues SET kind = 'x' WHERE {i}",
        close: "UPDATE system_issues SET closed_at = now() WHERE {i}",
        warnings: &[],
    },
    Shape {
        what: "short columns, closed lists, much that is NOT NULL",
        script: "CREATE TABLE issues (issue_no serial PRIMARY KEY,
                   type varchar(30) NOT NULL CHECK (type IN ('BIRTH_SPECIES_MAPPING', 'BIRTH_ONBOARDING')),
                   fingerprint char(64) NOT NULL UNIQUE,
                   summary varchar(20) NOT NULL, message varchar(10), state text NOT NULL CHECK (state = 'open' OR state = 'done'),
                   priority varchar(10) NOT NULL CHECK (priority IN ('low', 'high')),
                   created_by text NOT NULL, created_on date NOT NULL, last_modified timestamp NOT NULL,
                   closed boolean NOT NULL DEFAULT false)",
        profile: "[issue]\nseverity = 'low'",
        table: "issues",
        change: "UPDATE issues SET priority = 'high' WHERE {i}",
        close: "UPDATE issues SET state = 'done' WHERE {i}",
        warnings: &[],
    },
    Shape {
        what: "names with capitals, spaces and quotes",
        script: "CREATE SCHEMA \"Front Office\"; CREATE DOMAIN \"Front Office\".\"Short Text\" AS varchar(60) CHECK (length(VALUE) > 1);
                 CREATE TABLE \"Front Office\".\"System Issues\" (\"The \"\"Id\"\"\" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                   \"Issue Type\" \"Front Office\".\"Short Text\" NOT NULL, \"Über's \"\"was\"\"\" text, \"Status\" text)",
        profile: "[concept.issue_collection]\ncolumn = \"Über's \\\"was\\\"\"",
        table: "\"Front Office\".\"System Issues\"",
        change: "UPDATE \"Front Office\".\"System Issues\" SET \"Status\" = 'seen' WHERE {i}",
        close: "UPDATE \"Front Office\".\"System Issues\" SET \"Status\" = 'Won''t Fix' WHERE {i}",
        warnings: &["RECORD_CHECK_UNPROVED"],
    },
    Shape {
        what: "generated columns and domains",
        script: "CREATE DOMAIN kind AS text CHECK (VALUE IN ('A', 'BIRTH_SPECIES_MAPPING')) NOT NULL;
                 CREATE DOMAIN label AS varchar(90) DEFAULT 'none' NOT NULL;
                 CREATE TABLE system_issues (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, category kind,
                   description text, label label, severity label,
                   upper_case text GENERATED ALWAYS AS (upper(description)) STORED NOT NULL)",
        profile: "",
        table: "system_issues",
        change: "UPDATE system_issues SET label = 'seen' WHERE {i}",
        close: "",
        warnings: &[],
    },
    Shape {
        what: "a trigger that rewrites rows and fills what is NOT NULL",
        script: "CREATE TABLE system_issues (id bigint PRIMARY KEY, category text, collection_name text, title text,
                   owner text NOT NULL, resolution_status text);
                 CREATE SEQUENCE numbers;
                 CREATE FUNCTION complete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   NEW.id := nextval('public.numbers') * 10; NEW.title := upper(NEW.title); NEW.owner := 'desk';
                   RETURN NEW; END $$;
                 CREATE TRIGGER complete BEFORE INSERT ON system_issues FOR EACH ROW EXECUTE FUNCTION complete()",
        profile: "",
        table: "system_issues",
        change: "UPDATE system_issues SET owner = 'me' WHERE {i}",
        close: "UPDATE system_issues SET resolution_status = 'closed' WHERE {i}",
        warnings: &["RECORD_COLUMN_LEFT_TO_TRIGGER", "RECORD_COLUMN_LEFT_TO_TRIGGER"],
    },
    Shape {
        what: "a key of what is written, and a unique index on a part",
        script: "CREATE TABLE system_issues (category text, collection text, opened_at time, state char(3) DEFAULT 'o',
                   PRIMARY KEY (collection, category));
                 CREATE UNIQUE INDEX one_open ON system_issues (collection) WHERE state = 'o'",
        profile: "[issue]\nclosed = ['x']",
        table: "system_issues",
        change: "UPDATE system_issues SET opened_at = '10:00' WHERE {i}",
        close: "UPDATE system_issues SET state = 'x' WHERE {i}",
        warnings: &["RECORD_UNIQUE_UNPROVED"],
    },
    Shape {
        what: "a lookup table for the category, columns without a binary form",
        script: "CREATE TABLE kinds (code text PRIMARY KEY); INSERT INTO kinds VALUES ('BIRTH_SPECIES_MAPPING');
                 CREATE TABLE system_issues (id numeric(20, 2) PRIMARY KEY DEFAULT random() * 100000,
                   category text NOT NULL REFERENCES kinds, subject name, body text, access aclitem, amount money,
                   at timestamptz DEFAULT now(), ratio float8 DEFAULT random(), plan interval DEFAULT '1 day 2 hours')",
        profile: "",
        table: "system_issues",
        change: "UPDATE system_issues SET access = 'postgres=r/postgres' WHERE {i}",
        close: "",
        warnings: &[],
    },
];

impl Shape {
    pub(super) fn place(&self, server: &'static server::Server) -> Place {
        let script = match server.major() {
            ..17 => self.script.replace(
                "id bigint GENERATED ALWAYS AS IDENTITY, kind",
                "id bigserial, kind",
            ),
            _ => self.script.to_owned(),
        };
        Place::new(server, &script, self.profile)
    }

    /// The condition that meets one issue.
    pub(super) fn only(&self, keys: &RecordKeys, issue: usize) -> String {
        let conditions: Vec<String> = keys.rows[issue]
            .key
            .iter()
            .map(|k| {
                let value = k.value.replace('\'', "''");
                format!("{} = '{value}'::{}", k.column.quoted(), k.r#type)
            })
            .collect();
        conditions.join(" AND ")
    }

    pub(super) fn apply(&self, place: &Place, what: &str, keys: &RecordKeys, issue: usize) {
        place
            .db
            .execute(&what.replace("{i}", &self.only(keys, issue)));
    }
}
