//! The findings writer on tables of many shapes: opened once, found again, closed
//! and opened again, by many writers at once.

mod at_once;
mod refusals;
mod shapes;

use birth_core::coverage::{CoverageStatement, Finding, Standing};
use birth_core::digest::Digest;
use birth_core::op::Revision;
use birth_core::policy::verdict::{Reason, Severity};
use birth_core::profile::Profile;
use birth_host::pg::{ReadTransaction, Session, Transaction};
use birth_host::run::failure::Failure;
use birth_host::run::findings::{Check, FindingsTarget, Given, OpenIssues, Written};
use birth_host::run::resolution::Candidates;
use birth_tests::database::Database;
use birth_tests::server;

use self::shapes::{SHAPES, Shape};
use crate::sessions::{TIMEOUTS, within};

const REGISTRY: &str = "CREATE TABLE collection_registry (collection_key text PRIMARY KEY);
    INSERT INTO collection_registry VALUES ('cats'), ('it''s \"dogs\"'), (E'häuser\\n'), ('');";

fn revision() -> Revision {
    Revision {
        name: "birth".to_owned(),
        revision: 3,
        digest: Digest::of(b"policy"),
    }
}

fn finding(collection: &str, code: &str) -> Finding {
    Finding {
        estate: false,
        collection: collection.to_owned(),
        role: Some("governed".to_owned()),
        table: None,
        code: code.to_owned(),
        message: format!("{code}, says \\ the plugin's \"rule\""),
        notes: vec![Reason {
            code: "NOTE".to_owned(),
            severity: Severity::Note,
            message: "beside it".to_owned(),
            weight: 0,
        }],
    }
}

/// Two of one collection, three of collections with odd names.
fn findings() -> Vec<Finding> {
    vec![
        finding("cats", "TRIGGER_MISSING"),
        finding("cats", "SPECIES_UNMAPPED"),
        finding("it's \"dogs\"", "TRIGGER_MISSING"),
        finding("häuser\n", "TRIGGER_MISSING"),
        finding("", "TRIGGER_MISSING"),
    ]
}

/// A database with a registry and the two tables, seen as a role.
struct Place {
    db: Database,
    url: String,
    profile: Profile,
}

impl Place {
    fn new(server: &'static server::Server, script: &str, profile: &str) -> Self {
        let db = Database::new(server, &format!("{REGISTRY}{script}"));
        let profile = Profile::with_overrides(&format!("format = 1\n{profile}")).unwrap();
        let url = db.url();
        Self { db, url, profile }
    }

    /// Works in a transaction and commits it, unless the work failed.
    fn transact<T>(
        &self,
        work: impl AsyncFnOnce(&FindingsTarget, &Transaction<CoverageStatement>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        within(&self.url, async |session| {
            let (target, session) = self.discover(session).await?;
            let transaction = Transaction::begin(session, TIMEOUTS).await.unwrap();
            let done = work(&target, &transaction).await;
            match &done {
                Ok(_) => transaction.commit().await.unwrap().close().await,
                Err(_) => transaction.rollback().await.unwrap().close().await,
            }
            done
        })
    }

    async fn discover(&self, session: Session) -> Result<(FindingsTarget, Session), Failure> {
        let reading = ReadTransaction::begin(session, TIMEOUTS).await.unwrap();
        let (reader, profile) = (reading.reader(), &self.profile);
        let families = FindingsTarget::FAMILIES;
        let candidates = Candidates::read(reader, profile, None, &families).await?;
        let target = FindingsTarget::discover(reader, profile, &candidates).await;
        let session = reading.end().await.unwrap();
        target.map(|target| (target, session))
    }

    fn try_write(&self, findings: &[Finding], check: bool) -> Result<Written, Failure> {
        self.transact(async |target, transaction| {
            let given: Vec<Given<'_>> = findings.iter().map(|f| given(f, check)).collect();
            target.write(transaction, &given, &revision()).await
        })
    }

    fn write(&self, findings: &[Finding], check: bool) -> Written {
        self.try_write(findings, check).unwrap()
    }

    /// Loads the open issues and asks something about them.
    fn with_open<T>(&self, ask: impl FnOnce(OpenIssues<'_>) -> T) -> T {
        within(&self.url, async |session| {
            let (target, session) = self.discover(session).await.unwrap();
            let reading = ReadTransaction::begin(session, TIMEOUTS).await.unwrap();
            let open = OpenIssues::load(reading.reader(), &target).await.unwrap();
            let answer = ask(open);
            reading.end().await.unwrap().close().await;
            answer
        })
    }

    /// Closes the open issues of what is no finding any more.
    fn close_all_but(&self, still: &[Finding]) -> Result<u64, Failure> {
        self.transact(async |target, transaction| {
            let mut open = OpenIssues::load(transaction.reader(), target).await?;
            for finding in still {
                open.meet(finding);
            }
            target.close(transaction, open.unmet()).await
        })
    }

    fn count(&self, table: &str) -> String {
        self.db.value(&format!("SELECT count(*) FROM {table}"))
    }
}

fn given(finding: &Finding, check: bool) -> Given<'_> {
    let check = if check { Check::Always } else { Check::Never };
    Given { finding, check }
}

fn standings(written: &Written) -> Vec<Standing> {
    written.standings.iter().map(|(s, _)| *s).collect()
}

#[test]
fn every_shape_takes_findings() {
    for server in server::all() {
        for shape in &SHAPES {
            walk(&shape.place(server), shape);
        }
    }
}

fn walk(place: &Place, shape: &Shape) {
    let what = shape.what;
    let all = findings();
    assert!(place.with_open(|open| open.is_empty()), "{what}");

    // The first time everything is new.
    let written = place.write(&all, true);
    assert_eq!(written.unrecorded, [], "{what}");
    assert_eq!(standings(&written), [Standing::New; 5], "{what}");
    assert_eq!(
        (written.opened, written.checks),
        (shape.issues, 5),
        "{what}"
    );
    assert_eq!(place.count(shape.issue_table), shape.issues.to_string());
    assert_eq!(place.count(shape.check_table), "5", "{what}");
    let keys: Vec<_> = written
        .standings
        .iter()
        .map(|(_, key)| key.clone())
        .collect();
    assert!(
        keys.iter().all(|key| key.is_some() == shape.has_key),
        "{what}: {keys:?}"
    );
    assert_eq!(place.db.value(shape.says), "t", "{what}");

    // The second time nothing is, and nobody waits for a lock that is held.
    let busy = place.db.session();
    busy.execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('birth_findings_writer'))");
    let again = place.write(&all, false);
    let persisting: Vec<_> = keys
        .iter()
        .map(|k| (Standing::Persisting, k.clone()))
        .collect();
    assert_eq!(again.standings, persisting, "{what}");
    assert_eq!((again.opened, again.checks), (0, 0), "{what}");
    let checked = place.write(&all[..2], true);
    assert_eq!((checked.opened, checked.checks), (0, 2), "{what}");
    busy.execute("ROLLBACK");
    assert_eq!(place.count(shape.issue_table), shape.issues.to_string());

    // They are found among all that are open.
    place.with_open(|mut open| {
        assert_eq!(open.len() as u64, shape.issues, "{what}");
        for (finding, key) in all.iter().zip(&keys) {
            let issue = open
                .meet(finding)
                .unwrap_or_else(|| panic!("{what}: {finding:?}"));
            assert_eq!(issue.shown(), *key, "{what}");
            if let Some(collection) = issue.collection() {
                assert_eq!(collection, finding.collection, "{what}");
            }
            if let Some(code) = issue.code() {
                assert_eq!(code, finding.code, "{what}");
            }
        }
        assert!(
            open.meet(&finding("mice", "TRIGGER_MISSING")).is_none(),
            "{what}"
        );
        assert!(
            open.meet(&Finding::of_estate("TRIGGER_MISSING", "x"))
                .is_none(),
            "{what}"
        );
        assert_eq!(open.unmet().count(), 0, "{what}");
    });
    place.with_open(|mut open| {
        open.meet(&all[4]);
        assert_eq!(open.unmet().count() as u64, shape.issues - 1, "{what}");
    });

    if shape.close.is_empty() {
        let failure = place.close_all_but(&[]).unwrap_err();
        assert_eq!(failure.code, "ISSUES_CANNOT_BE_CLOSED", "{what}: {failure}");
        return;
    }
    // Somebody closed one, and the gap is still there.
    place.db.execute(shape.close);
    let reopened = place.write(&all, false);
    let new: Vec<usize> = (0..5)
        .filter(|i| reopened.standings[*i].0 == Standing::New)
        .collect();
    assert_eq!(new, shape.closed, "{what}");
    assert_eq!(reopened.opened, 1, "{what}");
    assert_eq!(
        place.count(shape.issue_table),
        (shape.issues + 1).to_string()
    );

    if shape.issues_of_cats < 2 {
        // Issues by collection alone may be anybody's.
        let error = place.close_all_but(&all[2..]).unwrap_err();
        assert_eq!(error.code, "ISSUES_CANNOT_BE_CLOSED", "{what}");
        return;
    }
    // The host closes those whose gaps are gone, each once.
    assert_eq!(
        place.close_all_but(&all[2..]),
        Ok(shape.issues_of_cats),
        "{what}"
    );
    assert_eq!(place.close_all_but(&all[2..]), Ok(0), "{what}");
    assert_eq!(place.with_open(|open| open.len() as u64), 3, "{what}");
    let last = place.write(&all, false);
    assert_eq!(last.opened, shape.issues_of_cats, "{what}");
    assert_eq!(standings(&last)[2..], [Standing::Persisting; 3], "{what}");
}

/// What a check of the demo's estate says, in whole.
#[test]
fn the_detail_of_a_check() {
    let place = SHAPES[0].place(server::one());
    let mut one = finding("cats", "TRIGGER_MISSING");
    one.table = Some("shop.cats".to_owned());
    let estate = Finding::of_estate("POLICY_STORAGE_NOT_READY", "no policy columns");
    let written = place.write(&[one.clone(), estate.clone()], true);
    assert_eq!((written.opened, written.checks), (2, 2));
    let detail = |collection: &str| -> serde_json::Value {
        let row = place.db.value(&format!(
            "SELECT detail FROM system_health_checks WHERE detail ->> 'collection' {collection}"
        ));
        serde_json::from_str(&row).unwrap()
    };
    let expected = serde_json::json!({
        "collection": "cats",
        "role": "governed",
        "table": "shop.cats",
        "condition": "TRIGGER_MISSING",
        "message": one.message,
        "notes": [{"code": "NOTE", "message": "beside it"}],
        "fingerprint": one.fingerprint().to_string(),
        "revision": revision(),
    });
    assert_eq!(detail("= 'cats'"), expected);
    let of_estate = detail("IS NULL");
    assert_eq!(of_estate["fingerprint"], estate.fingerprint().to_string());
    let titles = place
        .db
        .rows("SELECT title FROM system_issues ORDER BY issue_id");
    assert_eq!(
        titles.concat(),
        [
            "Birth coverage gap TRIGGER_MISSING: cats",
            "Birth coverage gap POLICY_STORAGE_NOT_READY"
        ]
    );
}

/// The estate as a whole: recorded once in every shape that can hold it, and ended
/// when it is over.
#[test]
fn findings_about_the_estate() {
    let estate = [Finding::of_estate(
        "POLICY_STORAGE_NOT_READY",
        "no policy columns",
    )];
    for shape in &SHAPES {
        let place = shape.place(server::one());
        let written = place.write(&estate, true);
        if shape.collection_needed {
            let (_, why) = &written.unrecorded[0];
            assert!(why.contains("NOT NULL"), "{}: {why}", shape.what);
            continue;
        }
        assert_eq!((written.opened, written.checks), (1, 1), "{}", shape.what);
        // A collection's issue of the same condition is another one.
        let other = place.write(&[finding("cats", "POLICY_STORAGE_NOT_READY")], false);
        assert_eq!(other.opened, 1, "{}", shape.what);
        let again = place.write(&estate, false);
        assert_eq!(standings(&again), [Standing::Persisting], "{}", shape.what);
        if shape.close.is_empty() || shape.issues_of_cats < 2 {
            continue;
        }
        let closed = place.transact(async |target, transaction| {
            let open = target.open_issues(transaction.reader(), &estate).await?;
            target.close(transaction, &open).await
        });
        assert_eq!(closed, Ok(1), "{}", shape.what);
        assert_eq!(place.with_open(|open| open.len()), 1, "{}", shape.what);
    }
}

/// Issues that somebody else filed under the category are none of the host's.
#[test]
fn issues_of_other_people() {
    for (shape, insert) in [
        (
            &SHAPES[0],
            "INSERT INTO system_issues (category, title) VALUES ('BIRTH_ONBOARDING', 'Please look'),
             ('OTHER', 'Birth coverage gap TRIGGER_MISSING: mice')",
        ),
        (
            &SHAPES[1],
            "INSERT INTO desk.system_issues (category, state, fingerprint, collection_key)
             VALUES ('BIRTH_ONBOARDING', 'new', 'by hand', 'cats')",
        ),
    ] {
        let place = shape.place(server::one());
        place.db.execute(insert);
        place.write(&findings(), false);
        assert_eq!(place.with_open(|open| open.len()), 5, "{}", shape.what);
        assert_eq!(place.close_all_but(&[]), Ok(5), "{}", shape.what);
    }
}

#[test]
fn a_transaction_that_rolls_back_leaves_nothing() {
    for shape in &SHAPES {
        let place = shape.place(server::one());
        let all = findings();
        let given: Vec<Given<'_>> = all.iter().map(|f| given(f, true)).collect();
        let written = within(&place.url, async |session| {
            let (target, session) = place.discover(session).await.unwrap();
            let transaction = Transaction::begin(session, TIMEOUTS).await.unwrap();
            let written = target.write(&transaction, &given, &revision()).await;
            transaction.rollback().await.unwrap().close().await;
            written.unwrap()
        });
        assert_eq!(written.checks, 5, "{}", shape.what);
        assert_eq!(place.count(shape.issue_table), "0", "{}", shape.what);
        assert_eq!(place.count(shape.check_table), "0", "{}", shape.what);
    }
}

#[test]
fn the_same_finding_twice_and_none_at_all() {
    let place = SHAPES[0].place(server::one());
    assert_eq!(place.write(&[], true), Written::default());
    let twice = [
        finding("cats", "A"),
        finding("cats", "B"),
        finding("cats", "A"),
    ];
    let written = place.write(&twice, true);
    assert_eq!((written.opened, written.checks), (2, 3));
    assert_eq!(written.standings[0], written.standings[2]);
    assert_ne!(written.standings[0], written.standings[1]);
}
