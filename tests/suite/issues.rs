//! Issues in tables of many shapes: written, captured, found again, deleted
//! exactly, and left alone where somebody changed them.

mod refusals;
mod shapes;

use std::collections::BTreeMap;

use birth_core::ident::Identifier;
use birth_core::issue::{self, IssueConcepts, IssueDraft};
use birth_core::profile::Profile;
use birth_core::record::{
    Inserts, Purpose, RecordDelete, RecordInsert, RecordKeys, RecordProblem, RecordRow,
    RecordTable, compile, texts_for,
};
use birth_core::resolve::{self, Column, Relation};
use birth_host::pg::{PgError, ReadTransaction, Reader, Transaction};
use birth_tests::database::Database;
use birth_tests::server;

use self::shapes::{SHAPES, Shape};
use crate::sessions::{TIMEOUTS, within};

/// What names resolved to.
struct Target {
    relation: Relation,
    concepts: IssueConcepts,
}

/// A database with a registry and an issues table, seen as a role.
struct Place {
    db: Database,
    url: String,
    profile: Profile,
}

const REGISTRY: &str = "CREATE TABLE collection_registry (collection_key text PRIMARY KEY);
    INSERT INTO collection_registry VALUES ('cats'), ('it''s \"dogs\"'), ('häuser\\n');";

const COLLECTIONS: [&str; 3] = ["cats", "it's \"dogs\"", "häuser\\n"];

fn drafts(profile: &Profile) -> Vec<IssueDraft> {
    COLLECTIONS
        .iter()
        .map(|collection| IssueDraft {
            category: profile.issue.species_category.clone(),
            collection: Some((*collection).to_owned()),
            condition: None,
            title: format!("{collection} has no species mapping"),
            description: format!("{collection} is governed;\nnobody said of which species it is."),
        })
        .collect()
}

impl Place {
    fn new(server: &'static server::Server, script: &str, profile: &str) -> Self {
        let db = Database::new(server, &format!("{REGISTRY}{script}"));
        let profile = Profile::with_overrides(&format!("format = 1\n{profile}")).unwrap();
        let url = db.url();
        Self { db, url, profile }
    }

    fn drafts(&self) -> Vec<IssueDraft> {
        drafts(&self.profile)
    }

    fn read<T>(&self, work: impl AsyncFnOnce(Reader<'_>) -> Result<T, PgError>) -> T {
        within(&self.url, async |session| {
            let transaction = ReadTransaction::begin(session, TIMEOUTS).await.unwrap();
            let answer = work(transaction.reader()).await.unwrap();
            transaction.end().await.unwrap().close().await;
            answer
        })
    }

    async fn resolve(&self, reader: Reader<'_>) -> Result<Target, PgError> {
        let family = &self.profile.families[issue::FAMILY];
        let names = resolve::names_to_look_for(family);
        let found = reader.relations(&names).await?;
        let family = resolve::family(issue::FAMILY, family, None, &found).unwrap();
        let relation = family.relation;
        let columns: Vec<Column> = reader
            .concept_columns(&[relation.oid])
            .await?
            .into_iter()
            .map(|(_, column)| column)
            .collect();
        let concepts = issue::concepts::resolve(&self.profile, &relation.name, &columns).unwrap();
        Ok(Target { relation, concepts })
    }

    async fn table(&self, reader: Reader<'_>) -> Result<(Target, RecordTable), PgError> {
        let target = self.resolve(reader).await?;
        let mut table = reader.record_table(&target.relation).await?;
        let drafts = self.drafts();
        let rows = issue::rows(&target.concepts, &self.profile.issue, &drafts);
        let wanted = |column: &Identifier| texts_for(&rows, column);
        reader.held_values(&mut table, wanted).await?;
        Ok((target, table))
    }

    fn compile(&self) -> Result<Inserts, Vec<RecordProblem>> {
        let (target, table) = self.read(async |reader| self.table(reader).await);
        let drafts = self.drafts();
        let rows = issue::rows(&target.concepts, &self.profile.issue, &drafts);
        compile(&table, &rows, Purpose::Undone).whole()
    }

    fn open(&self) -> BTreeMap<String, Vec<Vec<String>>> {
        self.read(async |reader| {
            let (target, table) = self.table(reader).await?;
            let values = &self.profile.issue;
            let open = reader
                .open_issues(&table, &target.concepts, values, &self.drafts())
                .await?;
            let by_collection = open.into_iter();
            Ok(by_collection
                .map(|(place, keys)| (COLLECTIONS[place].to_owned(), keys))
                .collect())
        })
    }

    fn collisions(&self) -> Vec<RecordProblem> {
        let inserts = self.compile().unwrap().inserts;
        self.read(async |reader| {
            let (_, table) = self.table(reader).await?;
            let inserts: Vec<&RecordInsert> = inserts.iter().collect();
            let found = reader.collisions(&table, &inserts).await?;
            let taken = found.iter();
            Ok(taken
                .filter_map(|(probe, places)| probe.taken(&table, places))
                .collect())
        })
    }

    /// Writes the issues of all drafts, or says why not.
    fn try_write(&self) -> Result<RecordKeys, String> {
        let inserts = self.compile().unwrap().inserts;
        let oid = self
            .read(async |reader| self.resolve(reader).await)
            .relation
            .oid;
        within(&self.url, async |session| {
            let transaction: Transaction<RecordInsert> =
                Transaction::begin(session, TIMEOUTS).await.unwrap();
            let returned = transaction
                .execute(&inserts, &|_| {})
                .await
                .map_err(|e| e.to_string())?;
            let captured = returned
                .iter()
                .map(|returned| inserts[returned.statement].capture(&returned.rows))
                .collect::<Result<_, _>>()
                .map_err(|e| e.to_string())?;
            let keys = RecordKeys::of(oid, inserts.first(), captured).unwrap();
            let rows = transaction.reader().record_rows(&keys).await.unwrap();
            let keys = keys.settled(&rows).expect("rows that are there");
            transaction.commit().await.unwrap().close().await;
            Ok(keys)
        })
    }

    fn write(&self) -> RecordKeys {
        self.try_write().unwrap()
    }

    fn rows(&self, keys: &RecordKeys) -> Vec<RecordRow> {
        self.read(async |reader| reader.record_rows(keys).await)
    }

    /// Deletes some issues in one transaction, or says why not.
    fn delete(&self, keys: &RecordKeys, which: &[usize]) -> Result<(), String> {
        let table = self
            .read(async |reader| self.resolve(reader).await)
            .relation
            .name;
        let deletes: Vec<RecordDelete> = which
            .iter()
            .map(|i| keys.delete(&keys.rows[*i], &table))
            .collect();
        within(&self.url, async |session| {
            let transaction: Transaction<RecordDelete> =
                Transaction::begin(session, TIMEOUTS).await.unwrap();
            let returned = transaction
                .execute(&deletes, &|_| {})
                .await
                .map_err(|e| e.to_string())?;
            for returned in returned {
                deletes[returned.statement]
                    .confirm(&returned.rows)
                    .map_err(|e| e.to_string())?;
            }
            transaction.commit().await.unwrap().close().await;
            Ok(())
        })
    }
}

fn count(place: &Place, shape: &Shape) -> String {
    place
        .db
        .value(&format!("SELECT count(*) FROM {}", shape.table))
}

#[test]
fn every_shape_is_written_found_and_taken_away() {
    for server in server::all() {
        for shape in &SHAPES {
            walk(&shape.place(server), shape);
        }
    }
}

fn walk(place: &Place, shape: &Shape) {
    let what = shape.what;
    let found = place.compile().unwrap_or_else(|p| panic!("{what}: {p:?}"));
    let codes: Vec<&str> = found.warnings.iter().map(RecordProblem::code).collect();
    assert_eq!(codes, shape.warnings, "{what}");
    assert_eq!(place.open(), BTreeMap::new(), "{what}");
    assert_eq!(place.collisions(), [], "{what}");

    let keys = place.write();
    let captured: Vec<&str> = keys.rows.iter().map(|i| i.about.as_str()).collect();
    assert_eq!(captured, COLLECTIONS, "{what}");
    let expected: BTreeMap<String, Vec<Vec<String>>> = keys
        .rows
        .iter()
        .map(|issue| {
            let key = issue.key.iter().map(|k| k.value.clone()).collect();
            (issue.about.clone(), vec![key])
        })
        .collect();
    assert_eq!(place.open(), expected, "{what}");
    assert_eq!(place.rows(&keys), vec![RecordRow::Unchanged; 3], "{what}");

    // Neither settings of the session nor a new column make a row another.
    let name = place.db.name();
    place.db.execute(&format!(
        "ALTER DATABASE {name} SET TimeZone = 'Asia/Ho_Chi_Minh'; ALTER DATABASE {name} SET DateStyle = 'SQL, DMY';
         ALTER DATABASE {name} SET extra_float_digits = 0; ALTER DATABASE {name} SET IntervalStyle = 'sql_standard';
         ALTER TABLE {} ADD COLUMN added_since text DEFAULT 'x'",
        shape.table
    ));
    assert_eq!(place.rows(&keys), vec![RecordRow::Unchanged; 3], "{what}");
    assert_eq!(place.open(), expected_here(place, &keys), "{what}");

    if !shape.close.is_empty() {
        shape.apply(place, shape.close, &keys, 1);
        assert_eq!(place.open().len(), 2, "{what}");
        assert!(!place.open().contains_key(COLLECTIONS[1]), "{what}");
    }
    shape.apply(place, shape.change, &keys, 1);
    let rows = place.rows(&keys);
    assert!(
        matches!(rows[1], RecordRow::Changed { now: Some(now) } if now != keys.rows[1].row),
        "{what}: {rows:?}"
    );
    assert_eq!(
        (&rows[0], &rows[2]),
        (&RecordRow::Unchanged, &RecordRow::Unchanged),
        "{what}"
    );

    // One that was changed stops the whole deletion, and what is left is left.
    let error = place.delete(&keys, &[0, 1, 2]).unwrap_err();
    assert!(error.contains("was changed before"), "{what}: {error}");
    assert_eq!(count(place, shape), "3", "{what}");
    place.delete(&keys, &[0, 2]).unwrap();
    assert_eq!(count(place, shape), "1", "{what}");
    let rows = place.rows(&keys);
    assert_eq!(
        (&rows[0], &rows[2]),
        (&RecordRow::Gone, &RecordRow::Gone),
        "{what}"
    );
    let error = place.delete(&keys, &[0]).unwrap_err();
    assert!(error.contains("met 0 rows"), "{what}: {error}");

    place.db.execute(&format!(
        "ALTER TABLE {} DROP COLUMN added_since",
        shape.table
    ));
    assert!(matches!(
        place.rows(&keys)[1],
        RecordRow::Changed { now: Some(_) }
    ));
    place
        .db
        .execute(&format!("DROP TABLE {} CASCADE", shape.table));
    let gone = within(&place.url, async |session| {
        let transaction = ReadTransaction::begin(session, TIMEOUTS).await.unwrap();
        transaction.reader().record_rows(&keys).await.unwrap()
    });
    assert_eq!(gone, vec![RecordRow::Gone; 3], "{what}");
}

/// The open issues whose keys are the captured ones; times are shown in the
/// time zone of the session, and are the same.
fn expected_here(place: &Place, keys: &RecordKeys) -> BTreeMap<String, Vec<Vec<String>>> {
    let open = place.open();
    for (issue, open) in keys
        .rows
        .iter()
        .filter_map(|i| Some((i, open.get(&i.about)?)))
    {
        for (key, shown) in issue.key.iter().zip(&open[0]) {
            let same = format!(
                "SELECT '{}'::{t} = '{}'::{t}",
                key.value.replace('\'', "''"),
                shown.replace('\'', "''"),
                t = key.r#type
            );
            assert_eq!(place.db.value(&same), "t");
        }
    }
    assert_eq!(open.len(), keys.rows.len());
    open
}

#[test]
fn a_row_that_a_trigger_drops_is_told() {
    for server in server::all() {
        let place = Place::new(
            server,
            "CREATE TABLE system_issues (id serial PRIMARY KEY, category text, collection text);
             CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
             CREATE TRIGGER drop_it BEFORE INSERT ON system_issues FOR EACH ROW EXECUTE FUNCTION drop_it()",
            "",
        );
        let error = place.try_write().unwrap_err();
        assert!(
            error.ends_with("stored 0 rows: a trigger may have dropped it"),
            "{error}"
        );
        place.db.execute(
            "CREATE OR REPLACE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               NEW.collection := upper(NEW.collection); RETURN NEW; END $$",
        );
        let error = place.try_write().unwrap_err();
        assert!(error.contains("would not be recognised again"), "{error}");
        assert_eq!(place.db.value("SELECT count(*) FROM system_issues"), "0");
    }
}

/// `RETURNING` sees a row before AFTER triggers do.
#[test]
fn a_trigger_that_changes_a_row_afterwards() {
    for server in server::all() {
        let place = Place::new(
            server,
            "CREATE TABLE system_issues (id serial PRIMARY KEY, category text, collection text, number text);
             CREATE FUNCTION label() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               UPDATE public.system_issues SET number = 'ISSUE-' || id WHERE id = NEW.id; RETURN NULL; END $$;
             CREATE TRIGGER label AFTER INSERT ON system_issues FOR EACH ROW EXECUTE FUNCTION label()",
            "",
        );
        let keys = place.write();
        assert_eq!(place.rows(&keys), vec![RecordRow::Unchanged; 3]);
        place.delete(&keys, &[0, 1, 2]).unwrap();
    }
}

#[test]
fn what_refers_to_an_issue_is_seen() {
    for server in server::all() {
        let shape = &SHAPES[1];
        let place = shape.place(server);
        let keys = place.write();
        let only = shape.only(&keys, 2);
        place.db.execute(&format!(
            "INSERT INTO desk.comments SELECT id FROM desk.system_issues WHERE {only}"
        ));
        let rows = place.rows(&keys);
        let by = vec!["desk.comments".to_owned()];
        assert_eq!(rows[2], RecordRow::ReferredTo { by });
        assert_eq!(rows[..2], [RecordRow::Unchanged, RecordRow::Unchanged]);
    }
}

/// Columns that the digest covers are gone: what the rows were cannot be told.
#[test]
fn a_column_that_was_dropped_since() {
    let shape = &SHAPES[0];
    let place = shape.place(server::one());
    let keys = place.write();
    place
        .db
        .execute("ALTER TABLE system_issues DROP COLUMN details");
    assert_eq!(place.rows(&keys), vec![RecordRow::Changed { now: None }; 3]);
    place
        .db
        .execute("ALTER TABLE system_issues RENAME TO moved");
    place
        .db
        .execute("ALTER TABLE moved ADD COLUMN details jsonb DEFAULT '{}'");
    assert_eq!(
        place.read(async |reader| reader.record_rows(&keys).await),
        vec![RecordRow::Unchanged; 3]
    );
}
