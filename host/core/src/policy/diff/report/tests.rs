#![expect(clippy::unwrap_used, reason = "tests state what they expect")]
use super::*;
use crate::policy::verdict::Reason;

fn set(roles: &[(&str, &str)]) -> PolicySet {
    let mut text = "format = 1\nname = \"p\"\nrevision = 1\nwit = \"0.1.0\"\n".to_owned();
    for (role, settings) in roles {
        let pin = Digest::of(role.as_bytes());
        text += &format!(
            "[plugin.{role}]\nfile = \"x.wasm\"\nsha256 = \"{pin}\"\n[plugin.{role}.settings]\n{settings}\n"
        );
    }
    PolicySet::parse(&text).unwrap()
}

fn gap(code: &str) -> Answer {
    Answer {
        status: 2,
        scope: 0,
        score: 0,
        reasons: vec![Reason {
            code: code.to_owned(),
            severity: Severity::Finding,
            message: "m".to_owned(),
            weight: 0,
        }],
    }
}

fn subject(key: &str) -> Subject<'_> {
    Subject {
        kind: "collection",
        key,
        role: Some("governed"),
    }
}

#[test]
fn roles_and_settings_are_told_apart() {
    let old = set(&[("conflict", "a = 1\nb = 2"), ("classification", "")]);
    let new = set(&[("conflict", "a = 1\nc = 2"), ("coverage", "")]);
    let diff = PolicyDiff::new(&old, &new, |_| true);
    assert_eq!(diff.only_old, [Role::Classification].into());
    assert_eq!(diff.only_new, [Role::Coverage].into());
    assert!(!diff.is_same());
    let conflict = &diff.roles[&Role::Conflict];
    assert_eq!(conflict.compared, Compared::Asked);
    let keys: Vec<&str> = conflict.settings.iter().map(|s| s.key.as_str()).collect();
    assert_eq!(keys, ["b", "c"]);
    let same = PolicyDiff::new(&old, &old, |role| role == Role::Conflict);
    assert_eq!(same.roles[&Role::Conflict].compared, Compared::Identical);
    assert_eq!(same.roles.len(), 1);
    assert!(same.is_same());
}

#[test]
fn changes_are_counted_by_class_and_role_and_are_in_the_digest() {
    let (old, new) = (set(&[("coverage", "a = 1")]), set(&[("coverage", "a = 2")]));
    let facts = Digest::of(b"facts");
    let empty = PolicyDiff::new(&old, &new, |_| true);
    let mut diff = empty.clone();
    diff.add_subjects(Role::Coverage, 3);
    let covered = Answer {
        status: 1,
        reasons: vec![],
        ..gap("A")
    };
    diff.add(Role::Coverage, subject("x"), covered, gap("A"));
    diff.add(Role::Coverage, subject("y"), gap("A"), gap("B"));
    let mut reworded = gap("A");
    reworded.reasons[0].message = "n".to_owned();
    diff.add(Role::Coverage, subject("z"), gap("A"), reworded);
    let role = &diff.roles[&Role::Coverage];
    assert_eq!(
        (role.subjects, role.verdicts_changed, role.reasons_changed),
        (3, 2, 1)
    );
    assert_eq!(role.moves["COVERED"]["GAPS"]["governed"], 1);
    assert_eq!(role.moves["GAPS"]["GAPS"]["governed"], 1);
    let counts = role.findings["A"];
    assert_eq!((counts.appears, counts.disappears), (1, 1));
    assert_eq!(role.findings["B"].appears, 1);
    let digests = [
        empty.digest(facts),
        diff.digest(facts),
        diff.digest(Digest::of(b"others")),
    ];
    assert!(digests[0] != digests[1] && digests[1] != digests[2]);
    assert_eq!(diff.clone().digest(facts), digests[1]);
}
