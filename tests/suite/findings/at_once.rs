//! Many writers at once.

use std::sync::Barrier;
use std::time::Duration;

use birth_core::coverage::{Finding, Standing};
use birth_core::sql::frame::Timeouts;
use birth_host::pg::Transaction;
use birth_tests::server;

use super::{Place, SHAPES, Shape, finding, given, revision};
use crate::sessions::{TIMEOUTS, within};

const WRITERS: usize = 16;

fn many() -> Vec<Finding> {
    let codes = ["TABLE_MISSING", "TRIGGER_MISSING"];
    let keys = 0..25;
    keys.flat_map(|i| codes.map(|code| finding(&format!("c{i}"), code)))
        .collect()
}

/// Each writes all findings in one transaction, all at the same time.
fn write_at_once(place: &Place) -> Vec<u64> {
    let all = many();
    let start = Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (all, start) = (&all, &start);
                scope.spawn(move || {
                    within(&place.url, async |session| {
                        let (target, session) = place.discover(session).await.unwrap();
                        let transaction = Transaction::begin(session, TIMEOUTS).await.unwrap();
                        let mut given: Vec<_> = all.iter().map(|f| given(f, true)).collect();
                        // In another order each.
                        given.rotate_left(writer * 3);
                        start.wait();
                        let written = target.write(&transaction, &given, &revision()).await;
                        transaction.commit().await.unwrap().close().await;
                        let written = written.unwrap();
                        assert_eq!(written.checks, 50);
                        assert!(written.standings.iter().all(|(_, key)| key.is_some()));
                        written.opened
                    })
                })
            })
            .collect();
        writers.into_iter().map(|w| w.join().unwrap()).collect()
    })
}

fn shape_with_collections(shape: &Shape, server: &'static server::Server) -> Place {
    let place = shape.place(server);
    place
        .db
        .execute("INSERT INTO collection_registry SELECT 'c' || i FROM generate_series(0, 24) i");
    place
}

#[test]
fn sixteen_writers_open_each_issue_once() {
    for server in server::all() {
        for shape in &SHAPES[..2] {
            let place = shape_with_collections(shape, server);
            let opened = write_at_once(&place);
            assert_eq!(opened.iter().sum::<u64>(), 50, "{opened:?}");
            assert_eq!(place.count(shape.issue_table), "50", "{}", shape.what);
            assert_eq!(place.count(shape.check_table), (WRITERS * 50).to_string());
            assert_eq!(place.with_open(|open| open.len()), 50);
            // Closed by everybody at once, each is closed once.
            let closed: u64 = std::thread::scope(|scope| {
                let closers: Vec<_> = (0..4)
                    .map(|_| scope.spawn(|| place.close_all_but(&[]).unwrap()))
                    .collect();
                closers.into_iter().map(|c| c.join().unwrap()).sum()
            });
            assert_eq!(closed, 50, "{}", shape.what);
            assert_eq!(write_at_once(&place).iter().sum::<u64>(), 50);
            assert_eq!(place.count(shape.issue_table), "100", "{}", shape.what);
        }
    }
}

/// Who waits for the lock waits no longer than for any lock, and sees what the
/// other one wrote.
#[test]
fn a_writer_waits_for_another() {
    let place = SHAPES[0].place(server::one());
    let one = finding("cats", "TRIGGER_MISSING");
    within(&place.url, async |session| {
        let (target, session) = place.discover(session).await.unwrap();
        let first = Transaction::begin(session, TIMEOUTS).await.unwrap();
        let opened = target
            .write(&first, &[given(&one, true)], &revision())
            .await;
        assert_eq!(opened.unwrap().opened, 1);
        let short = Timeouts {
            statement: Duration::from_secs(1),
            ..TIMEOUTS
        };
        let second = |timeouts| {
            let (url, one, place) = (place.url.clone(), one.clone(), &place);
            std::thread::scope(|scope| {
                let writer = scope.spawn(move || {
                    within(&url, async |session| {
                        let (target, session) = place.discover(session).await.unwrap();
                        let transaction = Transaction::begin(session, timeouts).await.unwrap();
                        let given = [given(&one, true)];
                        let written = target.write(&transaction, &given, &revision()).await;
                        transaction.rollback().await.unwrap().close().await;
                        written
                    })
                });
                writer.join().unwrap()
            })
        };
        assert_eq!(second(short).unwrap_err().code, "LOCK_TIMEOUT");
        first.commit().await.unwrap().close().await;
        let written = second(short).unwrap();
        assert_eq!((written.opened, written.checks), (0, 1));
        assert_eq!(written.standings[0].0, Standing::Persisting);
    });
}
