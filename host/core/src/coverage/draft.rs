//! A finding in the words of issues and health checks, and back again.

use serde::Serialize;

use super::finding::{self, Finding};
use crate::digest::Digest;
use crate::health::HealthDraft;
use crate::issue::IssueDraft;
use crate::op::Revision;
use crate::policy::verdict::Reason;
use crate::profile::IssueValues;

/// What every title starts with.
const TITLE: &str = "Birth coverage gap ";

/// What a title tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told<'t> {
    /// The condition's code.
    pub code: &'t str,
    /// The collection; none where the title is about the estate.
    pub collection: Option<&'t str>,
}

impl Told<'_> {
    /// The fingerprint of the finding.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        match self.collection {
            Some(collection) => finding::fingerprint(collection, self.code),
            None => finding::estate_fingerprint(self.code),
        }
    }
}

/// The issue of a finding.
#[must_use]
pub fn issue(values: &IssueValues, finding: &Finding, revision: &Revision) -> IssueDraft {
    IssueDraft {
        description: description(finding, revision),
        ..sought(values, finding)
    }
}

/// The issue of a finding as far as it is recognised: without the sentences.
#[must_use]
pub fn sought(values: &IssueValues, finding: &Finding) -> IssueDraft {
    IssueDraft {
        category: values.onboarding_category.clone(),
        collection: finding.about().map(str::to_owned),
        condition: Some(finding.code.clone()),
        title: title(finding),
        description: String::new(),
    }
}

/// The health check of a finding.
///
/// # Errors
///
/// The detail could not be written as JSON.
pub fn health_check(
    finding: &Finding,
    revision: &Revision,
) -> Result<HealthDraft, serde_json::Error> {
    let fingerprint = finding.fingerprint();
    let detail = Detail {
        collection: finding.about(),
        role: finding.role.as_deref(),
        table: finding.table.as_deref(),
        condition: &finding.code,
        message: storable(&finding.message),
        notes: finding.notes.iter().map(Note::of).collect(),
        fingerprint,
        revision,
    };
    Ok(HealthDraft {
        collection: finding.about().map(str::to_owned),
        fingerprint: fingerprint.to_string(),
        title: title(finding),
        description: description(finding, revision),
        detail: serde_json::to_string(&detail)?,
    })
}

/// The text that names condition and collection and nothing that can change
/// while the condition fails, because issues may be recognised by it.
#[must_use]
pub fn title(finding: &Finding) -> String {
    match finding.about() {
        Some(collection) => format!("{TITLE}{}: {collection}", finding.code),
        None => format!("{TITLE}{}", finding.code),
    }
}

/// Reads a title back; none where it is no title of a finding.
#[must_use]
pub fn told(title: &str) -> Option<Told<'_>> {
    let rest = title.strip_prefix(TITLE)?;
    let (code, collection) = match rest.split_once(": ") {
        Some((code, collection)) => (code, Some(collection)),
        None => (rest, None),
    };
    let is_code = !code.is_empty() && !code.contains(char::is_whitespace);
    is_code.then_some(Told { code, collection })
}

fn description(finding: &Finding, revision: &Revision) -> String {
    let mut text = match finding.about() {
        Some(collection) => format!("Collection {collection:?}"),
        None => "The estate".to_owned(),
    };
    let known = [
        ("governance role", &finding.role),
        ("table", &finding.table),
    ];
    let known: Vec<String> = known
        .iter()
        .filter_map(|(what, value)| Some(format!("{what} {}", value.as_ref()?)))
        .collect();
    if !known.is_empty() {
        text += &format!(" ({})", known.join(", "));
    }
    text += &format!(": {} [{}].", storable(&finding.message), finding.code);
    for note in &finding.notes {
        text += &format!("\n{} [{}].", storable(&note.message), note.code);
    }
    text + &format!(
        "\nDecided by policy {} revision {} ({}).",
        revision.name, revision.revision, revision.digest
    )
}

/// A plugin's words as PostgreSQL can store them: without NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "?")
}

/// Everything that is known of a finding, in this order.
#[derive(Serialize)]
struct Detail<'a> {
    collection: Option<&'a str>,
    role: Option<&'a str>,
    table: Option<&'a str>,
    condition: &'a str,
    message: String,
    notes: Vec<Note<'a>>,
    fingerprint: Digest,
    revision: &'a Revision,
}

#[derive(Serialize)]
struct Note<'a> {
    code: &'a str,
    message: String,
}

impl<'a> Note<'a> {
    fn of(reason: &'a Reason) -> Self {
        Self {
            code: &reason.code,
            message: storable(&reason.message),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::coverage::finding::POLICY_STORAGE_NOT_READY;
    use crate::policy::verdict::Severity;
    use crate::profile::Profile;

    fn revision() -> Revision {
        Revision {
            name: "birth".to_owned(),
            revision: 3,
            digest: Digest::of(b"policy"),
        }
    }

    fn finding(collection: &str) -> Finding {
        Finding {
            estate: false,
            collection: collection.to_owned(),
            role: Some("governed".to_owned()),
            table: Some("shop.orders".to_owned()),
            code: "TRIGGER_MISSING".to_owned(),
            message: "no birth trigger\0".to_owned(),
            notes: vec![Reason {
                code: "TRIGGER_DISABLED".to_owned(),
                severity: Severity::Note,
                message: "one is disabled".to_owned(),
                weight: 0,
            }],
        }
    }

    #[test]
    fn titles_are_read_back() {
        for collection in ["orders", "", ": ", "a: b", "it's \"x\"\n"] {
            let title = title(&finding(collection));
            let collection = Some(collection);
            let code = "TRIGGER_MISSING";
            assert_eq!(told(&title), Some(Told { code, collection }), "{title}");
        }
        let estate = Finding::of_estate(POLICY_STORAGE_NOT_READY, "no columns");
        let expected = Told {
            code: POLICY_STORAGE_NOT_READY,
            collection: None,
        };
        assert_eq!(told(&title(&estate)), Some(expected));
        for other in [
            "",
            "Birth coverage gap ",
            "Birth coverage gap in orders: x",
            "x",
        ] {
            assert_eq!(told(other), None, "{other}");
        }
    }

    #[test]
    fn drafts() {
        let issue = issue(
            &Profile::built_in().unwrap().issue,
            &finding("orders"),
            &revision(),
        );
        assert_eq!(issue.category, "BIRTH_ONBOARDING");
        insta::assert_snapshot!(issue.title, @"Birth coverage gap TRIGGER_MISSING: orders");
        insta::assert_snapshot!(issue.description, @r#"
    Collection "orders" (governance role governed, table shop.orders): no birth trigger? [TRIGGER_MISSING].
    one is disabled [TRIGGER_DISABLED].
    Decided by policy birth revision 3 (823412d1eacb67956220e532959f0104603057c88704863ca38e7cd188fda812).
    "#);
        let check = health_check(&finding("orders"), &revision()).unwrap();
        assert_eq!(check.fingerprint, issue.fingerprint());
        insta::assert_snapshot!(check.detail, @r#"{"collection":"orders","role":"governed","table":"shop.orders","condition":"TRIGGER_MISSING","message":"no birth trigger?","notes":[{"code":"TRIGGER_DISABLED","message":"one is disabled"}],"fingerprint":"87c5106de17ef5f55835b24ccbe4f4224b4291f3644b4941f4a2f9372a691055","revision":{"name":"birth","revision":3,"digest":"823412d1eacb67956220e532959f0104603057c88704863ca38e7cd188fda812"}}"#);
    }

    /// One finding has one fingerprint, wherever it is told. It is stored: it must
    /// not change from one version to the next.
    #[test]
    fn fingerprints() {
        let values = Profile::built_in().unwrap().issue;
        let estate = Finding::of_estate("TRIGGER_MISSING", "x");
        let nameless = finding("");
        let all = [finding("orders"), nameless, estate];
        let prints: Vec<String> = all.iter().map(|f| f.fingerprint().to_string()).collect();
        for (finding, print) in all.iter().zip(&prints) {
            assert_eq!(issue(&values, finding, &revision()).fingerprint(), *print);
        }
        insta::assert_snapshot!(prints.join("\n"), @r"
    87c5106de17ef5f55835b24ccbe4f4224b4291f3644b4941f4a2f9372a691055
    ed026f6a5f01f615dab81e87b8917bb8a56b04505b2d52bf5c73488fd4ae22fe
    a886b6c0543feab13721a6b42ea07d8e7daf13aefafc24e676f23b59b954d90c
    ");
    }

    #[test]
    fn findings_of_collections_are_written_as_before() {
        let written = serde_json::to_value(finding("orders")).unwrap();
        assert!(written.get("estate").is_none());
        assert_eq!(
            serde_json::from_value::<Finding>(written).unwrap(),
            finding("orders")
        );
        let estate = Finding::of_estate("X", "y");
        let written = serde_json::to_value(&estate).unwrap();
        assert_eq!(serde_json::from_value::<Finding>(written).unwrap(), estate);
    }
}
