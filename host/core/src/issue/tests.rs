//! Which columns are what, by name and by profile; what issues are recognised by;
//! how they are closed.
#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use std::collections::BTreeSet;

use super::concepts::resolve;
use super::*;
use crate::profile::Profile;
use crate::record::tests::{draft, id, plain};
use crate::resolve::Column;

#[test]
fn concepts_by_name_and_by_profile() {
    let columns = |names: &[&str]| -> Vec<Column> {
        let text = |name: &&str| Column {
            name: (*name).to_owned(),
            r#type: "text".to_owned(),
            category: 'S',
            unique: false,
        };
        names.iter().map(text).collect()
    };
    let with = |toml: &str, names: &[&str]| {
        let profile = Profile::with_overrides(&format!("format = 1\n{toml}")).unwrap();
        resolve(&profile, &plain().relation.name, &columns(names))
    };
    let found = with("", &["Issue Type", "Summary", "State", "Fingerprint"]).unwrap();
    assert_eq!(found.category.as_str(), "Issue Type");
    assert_eq!(found.title, Some(id("Summary")));
    let recognition = |found: &IssueConcepts| found.recognition(&draft("cats"));
    assert_eq!(recognition(&found), Recognition::Fingerprint);
    let by = found.recognised_by(Recognition::Fingerprint);
    assert_eq!(by, (Some(&id("Fingerprint")), None));
    for (names, expected) in [
        (["type", "collection", "title"], Recognition::Collection),
        (["type", "body", "title"], Recognition::Title),
        (["type", "body", "x"], Recognition::Description),
    ] {
        assert_eq!(recognition(&with("", &names).unwrap()), expected);
    }
    let code = |toml: &str, names: &[&str]| with(toml, names).unwrap_err().code();
    assert_eq!(code("", &["title"]), "CONCEPT_MISSING");
    let nothing = with("", &["type", "x"]).unwrap_err();
    assert!(
        nothing.to_string().contains("tell which collection"),
        "{nothing}"
    );
    assert!(nothing.hint().contains("[concept.issue_fingerprint]"));
    // What the profile names is not guessed to be another, and has to be there.
    let names = ["type", "title", "x"];
    let named = with("[concept.issue_collection]\ncolumn = 'title'", &names).unwrap();
    assert_eq!((named.collection, named.title), (Some(id("title")), None));
    let absent = "[concept.issue_collection]\ncolumn = 'y'";
    assert_eq!(code(absent, &names), "CONCEPT_MISSING");
    let twice = "[concept.issue_collection]\ncolumn = 'x'\n[concept.issue_title]\ncolumn = 'x'";
    assert_eq!(code(twice, &names), "CONCEPTS_SHARE_COLUMN");
    let none = with(
        "[concept.issue_fingerprint]\nhints = []",
        &["type", "title", "fingerprint"],
    );
    assert_eq!(recognition(&none.unwrap()), Recognition::Title);
}

#[test]
fn fingerprints() {
    let one = draft("cats");
    let other = IssueDraft {
        title: "another".to_owned(),
        ..draft("cats")
    };
    assert_eq!(one.fingerprint(), other.fingerprint());
    let kind = IssueDraft {
        category: "BIRTH_ONBOARDING".to_owned(),
        ..draft("cats")
    };
    let all = [one, kind, draft("Cats")].map(|d| d.fingerprint());
    assert_eq!(BTreeSet::from(all.clone()).len(), 3);
    // It is stored: it must not change from one version to the next.
    insta::assert_snapshot!(all[0], @"83ab90b9a3e3602095418ff4ca886457dd9c872f5c9dbd6bd8645690972a256a");
}
