//! Lists of approvals that were made by hand, with signatures that are good where
//! they say so.
#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use super::*;
use crate::policy::approved::{Approvals, Signature};
use crate::policy::ledger::{Finding, Said};
use crate::policy::trust::Trust;

fn set(revision: u32) -> PolicySet {
    let pin = Digest::of(b"component");
    PolicySet::parse(&format!(
        "format = 1\nname = \"p\"\nrevision = {revision}\nwit = \"0.1.0\"\n\
         [plugin.conflict]\nfile = \"c.wasm\"\nsha256 = \"{pin}\"\n"
    ))
    .unwrap()
}

/// Signatures of these, each with a key: `ada/1`.
fn signatures(all: &[&str]) -> Vec<Signature> {
    let signature = |text: &&str| Signature {
        by: text.split('/').next().unwrap().to_owned(),
        armored: (*text).to_owned(),
    };
    all.iter().map(signature).collect()
}

fn approval(revision: u32, signed: &[&str]) -> Approval {
    Approval {
        digest: set(revision).digest(),
        name: "p".into(),
        revision,
        wit: Some("0.1.0".into()),
        previous: (revision > 1).then(|| set(revision - 1).digest()),
        diff: None,
        by: "ada".into(),
        at: "2026-11-22T10:00:00Z".into(),
        why: "why".into(),
        builder: None,
        signatures: signatures(signed),
    }
}

fn back(to: u32, from: u32, signed: &[&str]) -> RollbackDecision {
    RollbackDecision {
        digest: set(to).digest(),
        name: "p".into(),
        revision: to,
        from: set(from).digest(),
        by: "bob".into(),
        at: "2026-11-22T11:00:00Z".into(),
        why: "why".into(),
        signatures: signatures(signed),
    }
}

/// Two of three. A signature is good, with the key after the slash, unless that is
/// `bad`.
fn signed(approved: Vec<Approval>, rollbacks: Vec<RollbackDecision>) -> Ledger {
    let trust = Trust::parse(
        "format = 1\nallowed-signers = \"x\"\n[role.r]\nmembers = [\"ada\", \"bob\", \"cyd\"]\n\
         [require]\napprove = { r = 2 }\nrollback = { r = 1 }\n",
    )
    .unwrap();
    let check = |signature: &Signature, _: &Said<'_>| match signature
        .armored
        .split_once('/')
        .map(|(_, key)| key)
    {
        None | Some("bad") => Finding::Bad { why: "bad".into() },
        Some(key) => Finding::Good { key: key.into() },
    };
    let approvals = Approvals {
        approved,
        rollbacks,
    };
    Ledger::signed(approvals, trust, &check)
}

fn code(revision: u32, ledger: &Ledger) -> Result<String, &'static str> {
    let set = set(revision);
    let standing = Standing::of(&set, set.digest(), ledger);
    let leave = standing.leave();
    leave.map(ToString::to_string).map_err(Refusal::code)
}

#[test]
fn people_and_keys_are_counted_once() {
    let rows: [(&[&str], Result<&str, &str>); 8] = [
        (&[], Err("POLICY_UNSIGNED")),
        (&["ada/1"], Err("POLICY_TOO_FEW_SIGNATURES")),
        (&["ada/1", "bob/bad"], Err("POLICY_TOO_FEW_SIGNATURES")),
        (&["ada/1", "ada/2"], Err("POLICY_TOO_FEW_SIGNATURES")),
        (&["ada/1", "bob/1"], Err("POLICY_TOO_FEW_SIGNATURES")),
        (&["ada/1", "eve/2"], Err("POLICY_TOO_FEW_SIGNATURES")),
        (
            &["ada/1", "bob/2"],
            Ok("approved by ada, signed by ada and bob"),
        ),
        (
            &["bob/bad", "bob/2", "ada/1", "cyd/bad"],
            Ok("approved by ada, signed by ada and bob"),
        ),
    ];
    for (who, expected) in rows {
        let found = code(1, &signed(vec![approval(1, who)], vec![]));
        assert_eq!(found.as_deref().map_err(|e| *e), expected, "{who:?}");
    }
}

#[test]
fn what_does_not_count_is_not_the_last_revision() {
    let two = ["ada/1", "bob/2"];
    let pending = signed(vec![approval(1, &two), approval(2, &["cyd/3"])], vec![]);
    assert!(code(1, &pending).is_ok());
    assert_eq!(code(2, &pending), Err("POLICY_TOO_FEW_SIGNATURES"));
    let both = vec![approval(1, &two), approval(2, &two)];
    assert_eq!(
        code(1, &signed(both.clone(), vec![])),
        Err("POLICY_OLDER_REVISION")
    );
    // Unsigned, the pending one counts as well.
    let all = Approvals {
        approved: vec![approval(1, &two), approval(2, &[])],
        rollbacks: vec![],
    };
    let unsigned = Ledger::unsigned(all);
    assert_eq!(code(1, &unsigned), Err("POLICY_OLDER_REVISION"));
    assert_eq!(
        code(2, &unsigned),
        Ok("approved by ada, unsigned".to_owned())
    );
    // A decision counts from the very revision that it leaves.
    let allowed = signed(both.clone(), vec![back(1, 2, &["cyd/3"])]);
    let words = "approved by ada, signed by ada and bob; back from a newer revision by decision of bob, signed by cyd";
    assert_eq!(code(1, &allowed), Ok(words.to_owned()));
    assert!(code(2, &allowed).is_ok());
    for decision in [
        back(1, 2, &[]),
        back(1, 2, &["cyd/bad"]),
        back(1, 3, &["cyd/3"]),
    ] {
        let refused = signed(both.clone(), vec![decision]);
        assert_eq!(code(1, &refused), Err("POLICY_OLDER_REVISION"));
    }
    let three = [both, vec![approval(3, &two)]].concat();
    let lapsed = signed(three, vec![back(1, 2, &["cyd/3"])]);
    assert_eq!(code(1, &lapsed), Err("POLICY_OLDER_REVISION"));
}

/// Somebody leaves, or a letter is changed: what it replaced does not come back.
#[test]
fn an_approval_that_counts_no_more_is_no_leave_for_an_older_one() {
    let two = ["ada/1", "bob/2"];
    for lost in [
        ["ada/1", "eve/4"],
        ["ada/1", "bob/bad"],
        ["cyd/bad", "bob/bad"],
    ] {
        let approved = vec![approval(1, &two), approval(2, &lost)];
        let ledger = signed(approved.clone(), vec![]);
        assert_eq!(
            code(2, &ledger),
            Err("POLICY_TOO_FEW_SIGNATURES"),
            "{lost:?}"
        );
        assert_eq!(code(1, &ledger), Err("POLICY_OLDER_REVISION"), "{lost:?}");
        let back = signed(approved.clone(), vec![back(1, 2, &["cyd/3"])]);
        assert!(code(1, &back).is_ok(), "{lost:?}");
        // The next one follows it all the same, whoever is trusted by then.
        let next = signed([approved, vec![approval(3, &two)]].concat(), vec![]);
        assert!(code(3, &next).is_ok(), "{lost:?}");
    }
}

/// A statement that was begun and never signed by enough is nothing to follow.
#[test]
fn what_was_only_begun_is_passed_over() {
    let two = ["ada/1", "bob/2"];
    let mut third = approval(3, &two);
    third.previous = Some(set(1).digest());
    let approved = |second: &[&str]| vec![approval(1, &two), approval(2, second), third.clone()];
    for begun in [&[][..], &["ada/1"], &["eve/1"]] {
        assert!(
            code(3, &signed(approved(begun), vec![])).is_ok(),
            "{begun:?}"
        );
    }
    let unsigned = Ledger::unsigned(Approvals {
        approved: approved(&[]),
        rollbacks: vec![],
    });
    assert!(code(3, &unsigned).is_ok());
    // What counts later is an older revision, and breaks nothing.
    let later = signed(approved(&two), vec![]);
    assert!(code(3, &later).is_ok());
    assert_eq!(code(2, &later), Err("POLICY_OLDER_REVISION"));
    // The first one may have been only begun as well.
    let mut second = approval(2, &two);
    second.previous = None;
    let first = signed(vec![approval(1, &[]), second.clone()], vec![]);
    assert!(code(2, &first).is_ok());
    let unsigned = Ledger::unsigned(Approvals {
        approved: vec![approval(1, &[]), second],
        rollbacks: vec![],
    });
    assert!(code(2, &unsigned).is_ok());
}

/// Two that were approved side by side and merged: whichever is meant, one of them
/// has to go.
#[test]
fn a_revision_stands_for_one_set() {
    let two = ["ada/1", "bob/2"];
    let mut other = approval(2, &two);
    other.digest = Digest::of(b"another");
    let list = vec![approval(1, &two), other, approval(2, &two)];
    let broken = Err("POLICY_CHAIN_BROKEN");
    assert_eq!(code(2, &signed(list.clone(), vec![])), broken);
    let unsigned = Ledger::unsigned(Approvals {
        approved: list,
        rollbacks: vec![],
    });
    assert_eq!(code(2, &unsigned), broken);
}

/// As many as it takes, where those who count no more are taken for what they may
/// have been.
#[test]
fn what_is_taken_for_approved_once() {
    let trust = "format = 1\nallowed-signers = \"x\"\n\
         [role.owner]\nmembers = [\"ada\", \"bob\"]\n[role.security]\nmembers = [\"cyd\"]\n\
         [role.operator]\nmembers = [\"dan\"]\n\
         [require]\napprove = { owner = 1, security = 1 }\n";
    let was_approved = |signed: &[&str]| {
        let approvals = Approvals {
            approved: vec![approval(1, signed)],
            rollbacks: vec![],
        };
        let check = |signature: &Signature, _: &Said<'_>| match signature.armored.ends_with("bad") {
            true => Finding::Bad { why: "bad".into() },
            false => Finding::Good {
                key: signature.armored.clone(),
            },
        };
        let ledger = Ledger::signed(approvals, Trust::parse(trust).unwrap(), &check);
        ledger.newest("p").is_some()
    };
    for (signed, expected) in [
        (&["ada/1", "cyd/2"][..], true),
        (&["ada/1"], false),
        // A key of a new one: begun all the same.
        (&["ada/bad"], false),
        (&["ada/1", "bob/2"], false),
        (&["ada/1", "cyd/bad"], true),
        // Who has another role today, or none, had one of them.
        (&["ada/1", "dan/2"], true),
        (&["ada/1", "eve/2"], true),
        (&["eve/2"], true),
        (&[], false),
    ] {
        assert_eq!(was_approved(signed), expected, "{signed:?}");
    }
}

#[test]
fn a_chain_has_no_gap_and_goes_up() {
    let two = ["ada/1", "bob/2"];
    let broken = Err("POLICY_CHAIN_BROKEN");
    let gap = signed(vec![approval(1, &two), approval(3, &two)], vec![]);
    assert_eq!(code(3, &gap), broken);
    let cut = signed(vec![approval(2, &two)], vec![]);
    assert_eq!(code(2, &cut), broken);
    let mut down = approval(1, &two);
    down.previous = Some(set(2).digest());
    let mut first = approval(2, &two);
    first.previous = None;
    assert_eq!(code(2, &signed(vec![first, down], vec![])), broken);
    // What is no statement says nothing, and is what the next one follows.
    let mut legacy = approval(1, &[]);
    legacy.wit = None;
    let followed = signed(vec![legacy, approval(2, &two)], vec![]);
    assert!(code(2, &followed).is_ok());
    assert_eq!(code(1, &followed), Err("POLICY_UNSIGNED"));
}
