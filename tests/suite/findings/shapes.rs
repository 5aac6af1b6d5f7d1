//! The shapes that tables of issues and health checks come in.

use birth_tests::server;

use super::Place;

/// One way the two tables can look.
pub(super) struct Shape {
    pub(super) what: &'static str,
    pub(super) script: &'static str,
    pub(super) profile: &'static str,
    pub(super) issue_table: &'static str,
    pub(super) check_table: &'static str,
    /// How many issues the five findings are, and how many of them are of cats.
    pub(super) issues: u64,
    pub(super) issues_of_cats: u64,
    /// Whether issues have a primary key.
    pub(super) has_key: bool,
    /// A table demands a collection, which the estate has not.
    pub(super) collection_needed: bool,
    /// True where what was written is what should be.
    pub(super) says: &'static str,
    /// Closes an issue by hand; nothing where issues cannot be closed.
    pub(super) close: &'static str,
    /// The findings it told of, by place.
    pub(super) closed: &'static [usize],
}

pub(super) const SHAPES: [Shape; 8] = [
    Shape {
        what: "the demo's estate: a title, and a document",
        script: "CREATE TABLE system_issues (issue_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                   category text NOT NULL, title text NOT NULL, status text NOT NULL DEFAULT 'open',
                   created_at timestamptz NOT NULL DEFAULT now());
                 CREATE TABLE system_health_checks (check_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                   type text NOT NULL, detail jsonb, checked_at timestamptz NOT NULL DEFAULT now())",
        profile: "",
        issue_table: "system_issues",
        check_table: "system_health_checks",
        issues: 5,
        issues_of_cats: 2,
        has_key: true,
        collection_needed: false,
        says: "SELECT bool_and(type = 'BIRTH_COVERAGE_GAP' AND detail #>> '{revision,name}' = 'birth')
               FROM system_health_checks",
        close: "UPDATE system_issues SET status = 'WontFix' WHERE title = 'Birth coverage gap SPECIES_UNMAPPED: cats'",
        closed: &[1],
    },
    Shape {
        what: "fingerprints, uuid keys, enums, foreign keys on the registry",
        script: "CREATE SCHEMA desk;
                 CREATE TYPE desk.\"Kind\" AS ENUM ('OTHER', 'BIRTH_ONBOARDING');
                 CREATE TYPE desk.state AS ENUM ('new', 'Resolved');
                 CREATE TABLE desk.system_issues (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                   category desk.\"Kind\" NOT NULL, state desk.state NOT NULL, fingerprint char(64) NOT NULL,
                   collection_key text NOT NULL REFERENCES collection_registry, title varchar(30),
                   closed_at timestamptz, updated_at timestamptz);
                 CREATE TABLE desk.health_checks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), check_type text NOT NULL,
                   collection text REFERENCES collection_registry, fingerprint varchar(64), status text DEFAULT 'passed',
                   severity text NOT NULL, payload json, checked_at timestamptz)",
        profile: "[issue]\nopen-status = 'new'",
        issue_table: "desk.system_issues",
        check_table: "desk.health_checks",
        issues: 5,
        issues_of_cats: 2,
        has_key: true,
        collection_needed: true,
        says: "SELECT bool_and(c.status = 'failed' AND c.checked_at IS NOT NULL AND i.title LIKE 'Birth coverage gap%')
                 AND count(*) = 5 FROM desk.health_checks c JOIN desk.system_issues i USING (fingerprint)",
        close: "UPDATE desk.system_issues SET closed_at = now() WHERE collection_key = 'it''s \"dogs\"'",
        closed: &[2],
    },
    Shape {
        what: "a collection and a status: one issue for each collection",
        script: "CREATE TYPE state AS ENUM ('open', 'done');
                 CREATE TABLE issues (no serial PRIMARY KEY, issue_type text NOT NULL, collection varchar(40),
                   status state NOT NULL DEFAULT 'open');
                 CREATE TABLE health_checks (no serial PRIMARY KEY, kind text, collection text NOT NULL DEFAULT '',
                   summary text, details text)",
        profile: "",
        issue_table: "issues",
        check_table: "health_checks",
        issues: 4,
        issues_of_cats: 1,
        has_key: true,
        collection_needed: false,
        says: "SELECT bool_and(details LIKE 'Collection %SPECIES_UNMAPPED%' AND summary LIKE '%cats') FROM health_checks
               WHERE summary LIKE '%SPECIES_UNMAPPED%'",
        close: "UPDATE issues SET status = 'done' WHERE collection = 'cats'",
        closed: &[0, 1],
    },
    Shape {
        what: "short columns",
        script: "CREATE TABLE system_issues (id serial PRIMARY KEY, category varchar(16) NOT NULL, title varchar(50) NOT NULL,
                   description varchar(20) NOT NULL, status varchar(6) DEFAULT 'open');
                 CREATE TABLE system_health_checks (id serial PRIMARY KEY, type varchar(18) NOT NULL, title varchar(20),
                   message varchar(10) NOT NULL, detail varchar(30), status varchar(6) NOT NULL, name char(8))",
        profile: "",
        issue_table: "system_issues",
        check_table: "system_health_checks",
        issues: 5,
        issues_of_cats: 2,
        has_key: true,
        collection_needed: false,
        says: "SELECT bool_and(length(message) <= 10 AND message LIKE '%...' AND length(detail) <= 30) FROM system_health_checks",
        close: "UPDATE system_issues SET status = 'Closed' WHERE title LIKE '%dogs%'",
        closed: &[2],
    },
    Shape {
        what: "closed lists, and much that is NOT NULL",
        script: "CREATE TABLE kinds (code text PRIMARY KEY); INSERT INTO kinds VALUES ('BIRTH_ONBOARDING');
                 CREATE DOMAIN level AS text CHECK (VALUE IN ('low', 'high')) NOT NULL;
                 CREATE TABLE system_issues (id bigserial PRIMARY KEY, category text NOT NULL REFERENCES kinds,
                   fingerprint text UNIQUE NOT NULL, state text NOT NULL CHECK (state = ANY (ARRAY['todo', 'fixed'])),
                   priority level, created_by text NOT NULL, created_on date NOT NULL, last_modified timestamp NOT NULL);
                 ALTER TABLE system_issues DROP CONSTRAINT system_issues_fingerprint_key;
                 CREATE TABLE system_health_checks (id bigserial PRIMARY KEY,
                   type text NOT NULL CHECK (type IN ('BIRTH_COVERAGE_GAP', 'OTHER')),
                   result text NOT NULL CHECK (result IN ('green', 'red')), level level, source text NOT NULL,
                   performed_at date NOT NULL, evidence jsonb NOT NULL CHECK (jsonb_typeof(evidence) = 'object'))",
        profile: "[issue]\nopen-status = 'todo'\nseverity = 'low'\n[health]\nstatus = 'red'\nseverity = 'high'",
        issue_table: "system_issues",
        check_table: "system_health_checks",
        issues: 5,
        issues_of_cats: 2,
        has_key: true,
        collection_needed: false,
        says: "SELECT bool_and(level = 'high' AND result = 'red' AND source = 'birth' AND performed_at IS NOT NULL)
               FROM system_health_checks",
        close: "UPDATE system_issues SET state = 'fixed' WHERE id = 4",
        closed: &[3],
    },
    Shape {
        what: "names with capitals, spaces and quotes; told by the description",
        script: "CREATE SCHEMA \"Front Office\"; CREATE DOMAIN \"Front Office\".\"Text\" AS text CHECK (length(VALUE) > 1);
                 CREATE TABLE \"Front Office\".\"System Issues\" (\"The \"\"Id\"\"\" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                   \"Issue Type\" \"Front Office\".\"Text\" NOT NULL, \"Body\" text, \"Status\" text, \"$1\" text);
                 CREATE TABLE \"Front Office\".\"System Health Checks\" (\"Check Type\" \"Front Office\".\"Text\",
                   \"Über's \"\"was\"\"\" text, \"Detail\" text, \"Created\" timestamptz DEFAULT now())",
        profile: "[concept.health_collection]\ncolumn = \"Über's \\\"was\\\"\"",
        issue_table: "\"Front Office\".\"System Issues\"",
        check_table: "\"Front Office\".\"System Health Checks\"",
        issues: 5,
        issues_of_cats: 2,
        has_key: true,
        collection_needed: false,
        says: "SELECT count(*) = 2 FROM \"Front Office\".\"System Health Checks\" WHERE \"Über's \"\"was\"\"\" = 'cats'",
        close: "UPDATE \"Front Office\".\"System Issues\" SET \"Status\" = 'Won''t Fix' WHERE \"Body\" LIKE '%UNMAPPED: cats'",
        closed: &[1],
    },
    Shape {
        what: "partitioned by time, which is part of the key",
        script: "CREATE TABLE system_issues (id bigserial, kind varchar(40) NOT NULL, subject text, collection varchar(80),
                   created_at timestamptz NOT NULL DEFAULT now(), resolved_at timestamptz,
                   PRIMARY KEY (created_at, id)) PARTITION BY RANGE (created_at);
                 CREATE TABLE early PARTITION OF system_issues FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
                 CREATE TABLE late PARTITION OF system_issues DEFAULT;
                 CREATE TABLE system_health_checks (type text, title text, at date NOT NULL DEFAULT now())
                   PARTITION BY RANGE (at);
                 CREATE TABLE checks PARTITION OF system_health_checks DEFAULT",
        profile: "",
        issue_table: "system_issues",
        check_table: "system_health_checks",
        issues: 5,
        issues_of_cats: 2,
        has_key: true,
        collection_needed: false,
        says: "SELECT bool_and(title LIKE 'Birth coverage gap %') FROM system_health_checks",
        close: "UPDATE system_issues SET resolved_at = now() WHERE collection = ''",
        closed: &[4],
    },
    Shape {
        what: "no key, and no end",
        script: "CREATE TABLE system_issues (category text, title text);
                 CREATE TABLE system_health_checks (type text)",
        profile: "",
        issue_table: "system_issues",
        check_table: "system_health_checks",
        issues: 5,
        issues_of_cats: 2,
        has_key: false,
        collection_needed: false,
        says: "SELECT bool_and(type = 'BIRTH_COVERAGE_GAP') FROM system_health_checks",
        close: "",
        closed: &[],
    },
];

impl Shape {
    pub(super) fn place(&self, server: &'static server::Server) -> Place {
        Place::new(server, self.script, self.profile)
    }
}
