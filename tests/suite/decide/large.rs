//! Ten thousand decisions in one transaction.

use std::fmt::Write as _;

use super::{REGISTRY, Scene};
use crate::triggers_scene::expect;

#[test]
fn ten_thousand_decisions_are_one_transaction() {
    let scene = Scene::after(&format!(
        "INSERT INTO {REGISTRY} (collection_key, governance_role) SELECT 'log_' || i, 'governed' FROM generate_series(1, 10000) i;
         ANALYZE {REGISTRY}"
    ));
    let before = scene.bytes();
    let mut decisions = String::new();
    for i in 1..=10_000 {
        let _ = writeln!(
            decisions,
            "[[decision]]\ncollection = 'log_{i}'\nstatus = 'BIRTH_EXEMPT_LOG'\nreason = 'log {i}'"
        );
    }
    let ran = scene.decide_all(&decisions).run().expect_code(0);
    expect(&ran, &[("decisions_written", "10000")]);
    let moments = format!(
        "SELECT count(*) || ' ' || count(DISTINCT coverage_decided_at) || ' ' || count(DISTINCT xmin::text) || ' ' ||
           bool_and(coverage_exemption_reason = replace(collection_key, '_', ' '))
         FROM {REGISTRY} WHERE coverage_status = 'BIRTH_EXEMPT_LOG'"
    );
    assert_eq!(scene.db.value(&moments), "10000 1 1 true");
    let undone = scene.rollback(&ran.run_id()).run().expect_code(0);
    expect(&undone, &[("decisions_restored", "10000")]);
    assert_eq!(scene.bytes(), before);
}
