//! Issues of coverage gaps that are open, and closing them.

use std::collections::BTreeMap;
use std::rc::Rc;

use birth_core::coverage::{CoverageStatement, Finding, draft};
use birth_core::digest::Digest;
use birth_core::issue::{IssueDraft, Recognition, recognised_text};

use super::FindingsTarget;
use crate::pg::{FoundIssue, Reader, Transaction};
use crate::run::failure::Failure;

/// An open issue of a coverage gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIssue {
    recognised: Digest,
    met: bool,
    key: Box<[String]>,
    about: About,
    code: Option<Rc<str>>,
}

/// What an issue is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A collection.
    Collection(Box<str>),
    /// The estate as a whole.
    Estate,
    /// It does not say: it has a fingerprint, and its words were cut or edited.
    Unknown,
}

impl OpenIssue {
    /// The condition it tells of, where it says so in the host's own words.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What it is about, by its column or in the host's own words.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The collection it tells of; none where it is about the estate as a whole
    /// or does not say.
    #[must_use]
    pub fn collection(&self) -> Option<&str> {
        match &self.about {
            About::Collection(collection) => Some(collection),
            About::Estate | About::Unknown => None,
        }
    }

    /// Its primary key, for people; none where its table has none.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        (!self.key.is_empty()).then(|| self.key.join(", "))
    }
}

/// The open issues of coverage gaps that are in the host's own words. Of each a
/// few dozen bytes are kept besides its key and its collection.
#[derive(Debug)]
pub struct OpenIssues<'t> {
    target: &'t FindingsTarget,
    /// By what they are recognised by, then by key.
    issues: Vec<OpenIssue>,
    /// How many of them do not say what they are about.
    unknown: usize,
}

impl<'t> OpenIssues<'t> {
    /// Reads all of them. Issues of the category that somebody else worded are
    /// left out, as far as that can be told: they are none of the host's.
    pub async fn load(reader: Reader<'_>, target: &'t FindingsTarget) -> Result<Self, Failure> {
        let (concepts, values) = (&target.issue_concepts, &target.issue_values);
        let recognition = concepts.recognition(&IssueDraft {
            category: values.onboarding_category.clone(),
            collection: Some(String::new()),
            condition: Some(String::new()),
            title: String::new(),
            description: String::new(),
        });
        let mut issues = Vec::new();
        let mut codes: BTreeMap<String, Rc<str>> = BTreeMap::new();
        let category = &values.onboarding_category;
        let take = |found| issues.extend(own(recognition, found, &mut codes));
        reader
            .all_open_issues(
                &target.issues,
                concepts,
                values,
                category,
                recognition,
                take,
            )
            .await?;
        issues.sort_by(|a, b| (a.recognised, &a.key).cmp(&(b.recognised, &b.key)));
        issues.shrink_to_fit();
        let is_unknown = |issue: &&OpenIssue| issue.about == About::Unknown;
        let unknown = issues.iter().filter(is_unknown).count();
        Ok(Self {
            target,
            issues,
            unknown,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.issues.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.issues.is_empty()
    }

    /// The issue that tells of a finding. Remembers that the finding is still
    /// there.
    pub fn meet(&mut self, finding: &Finding) -> Option<&OpenIssue> {
        let range = self.range(finding);
        let issues = self.issues.get_mut(range)?;
        for issue in &mut *issues {
            issue.met = true;
        }
        issues.first()
    }

    /// Tells the issues of a collection that do not say so themselves, by what
    /// each of some conditions would be recognised by.
    pub fn identify<'c>(&mut self, collection: &str, codes: impl Iterator<Item = &'c str>) {
        if self.unknown == 0 {
            return;
        }
        for code in codes {
            let range = self.range(&Finding::of_collection(collection, code));
            for issue in self.issues.get_mut(range).into_iter().flatten() {
                if issue.about == About::Unknown {
                    self.unknown -= 1;
                }
                issue.about = About::Collection(collection.into());
                issue.code.get_or_insert_with(|| code.into());
            }
        }
    }

    /// The issues whose findings were not met: where every finding was, their
    /// gaps are gone.
    pub fn unmet(&self) -> impl Iterator<Item = &OpenIssue> {
        self.issues.iter().filter(|issue| !issue.met)
    }

    /// The places of the issues that tell of a finding.
    fn range(&self, finding: &Finding) -> std::ops::Range<usize> {
        let recognised = self.target.recognised(finding);
        let start = self.issues.partition_point(|i| i.recognised < recognised);
        let end = self.issues.partition_point(|i| i.recognised <= recognised);
        start..end
    }
}

impl FindingsTarget {
    /// What the issue of a finding is recognised by.
    fn recognised(&self, finding: &Finding) -> Digest {
        let sought = draft::sought(&self.issue_values, finding);
        let recognition = self.issue_concepts.recognition(&sought);
        let text = recognised_text(&self.issues, &self.issue_concepts, &sought);
        match recognition {
            Recognition::Category => of_estate(),
            _ => Digest::of(text.as_bytes()),
        }
    }

    /// The open issues of some findings, with a query of their own: for those who
    /// do not need all.
    pub async fn open_issues(
        &self,
        reader: Reader<'_>,
        findings: &[Finding],
    ) -> Result<Vec<OpenIssue>, Failure> {
        let values = &self.issue_values;
        let sought: Vec<IssueDraft> = findings.iter().map(|f| draft::sought(values, f)).collect();
        let open = reader
            .open_issues(&self.issues, &self.issue_concepts, values, &sought)
            .await?;
        let mut issues = Vec::new();
        for (place, keys) in open {
            let Some(finding) = findings.get(place) else {
                continue;
            };
            issues.extend(keys.into_iter().map(|key| OpenIssue {
                recognised: self.recognised(finding),
                met: true,
                key: key.into(),
                about: finding.about().map_or(About::Estate, |collection| {
                    About::Collection(collection.into())
                }),
                code: Some(finding.code.as_str().into()),
            }));
        }
        Ok(issues)
    }

    /// Closes issues in the caller's transaction, each by its exact primary key
    /// and only while it is open. How many it closed.
    ///
    /// # Errors
    ///
    /// `ISSUES_CANNOT_BE_CLOSED` where the table has no way to say so; a statement
    /// that fails.
    pub async fn close(
        &self,
        transaction: &Transaction<CoverageStatement>,
        issues: impl IntoIterator<Item = &OpenIssue>,
    ) -> Result<u64, Failure> {
        let closing = self.closing()?;
        let statements: Vec<CoverageStatement> = issues
            .into_iter()
            .map(|issue| CoverageStatement::CloseIssue(closing.close(&issue.key)))
            .collect();
        let returned = transaction.execute(&statements, &|_| {}).await?;
        Ok(returned
            .iter()
            .map(|returned| returned.rows.len() as u64)
            .sum())
    }
}

/// What an issue about the estate is recognised by where there is nothing but the
/// collection to recognise issues by.
fn of_estate() -> Digest {
    Digest::of(b"the estate\0")
}

/// An issue in the host's own words.
fn own(
    recognition: Recognition,
    found: FoundIssue,
    codes: &mut BTreeMap<String, Rc<str>>,
) -> Option<OpenIssue> {
    let text = found.recognised.as_deref();
    let recognised = match recognition {
        Recognition::Collection | Recognition::Category => {
            text.map_or_else(of_estate, |text| Digest::of(text.as_bytes()))
        }
        Recognition::Fingerprint => {
            let text = text.filter(|text| text.parse::<Digest>().is_ok())?;
            Digest::of(text.as_bytes())
        }
        Recognition::Title | Recognition::Description => {
            let text = text.filter(|text| draft::told(text).is_some())?;
            Digest::of(text.as_bytes())
        }
    };
    let told = found.says.as_deref().and_then(draft::told);
    // Beside a fingerprint the words may be cut, or edited.
    let told = told.filter(|told| match recognition {
        Recognition::Fingerprint => text == Some(&told.fingerprint().to_string()),
        _ => true,
    });
    let of_collection = |collection: &str| About::Collection(collection.into());
    let about = match (&found.collection, told) {
        (Some(collection), _) => of_collection(collection),
        (None, Some(told)) => told.collection.map_or(About::Estate, of_collection),
        (None, None) => match recognition {
            Recognition::Collection | Recognition::Category => About::Estate,
            Recognition::Fingerprint | Recognition::Title | Recognition::Description => {
                About::Unknown
            }
        },
    };
    let code = told.map(|told| {
        let known = codes.entry(told.code.to_owned());
        Rc::clone(known.or_insert_with(|| told.code.into()))
    });
    Some(OpenIssue {
        recognised,
        met: false,
        about,
        code,
        key: found.key.into(),
    })
}
