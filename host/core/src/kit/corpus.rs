//! The facts that every plugin of a role is asked about.
//!
//! The corpus is frozen: figures of `birth plugin bench` are comparable as long
//! as its digest is the same. It was made from the cases of this project's own
//! plugins and from the shapes of four applications, without what any plugin
//! answers to them.

mod hostile;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::facts::{Facts, classification, conflict, coverage};
use crate::digest::{Digest, DigestBuilder};
use crate::policy::Role;

/// Facts that belong together: one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// For people.
    pub about: String,
    /// What the plugin is asked.
    pub facts: Facts,
}

/// A role's corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// What a plugin meets on ordinary days.
    pub scenes: Vec<Scene>,
    /// Texts and numbers that nobody expects.
    pub hostile: Vec<Scene>,
    /// Identifies the ordinary scenes.
    pub digest: Digest,
}

const CLASSIFICATION: &str = include_str!("corpus/classification.json");
const CONFLICT: &str = include_str!("corpus/conflict.json");
const COVERAGE: &str = include_str!("corpus/coverage.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<F> {
    about: String,
    facts: F,
}

impl Corpus {
    /// The corpus of a role.
    ///
    /// # Errors
    /// The corpus that is built in is not readable: a fault of the program.
    pub fn of(role: Role) -> Result<Self, serde_json::Error> {
        let (text, scenes) = match role {
            Role::Classification => (
                CLASSIFICATION,
                read::<classification::Facts>(CLASSIFICATION, Facts::Classification)?,
            ),
            Role::Conflict => (
                CONFLICT,
                read::<conflict::Facts>(CONFLICT, Facts::Conflict)?,
            ),
            Role::Coverage => (
                COVERAGE,
                read::<coverage::Facts>(COVERAGE, Facts::Coverage)?,
            ),
        };
        let digest = DigestBuilder::new("birth corpus 1").text(role.name());
        Ok(Self {
            hostile: hostile::scenes(&scenes),
            scenes,
            digest: digest.text(text).finish(),
        })
    }

    /// Every scene, ordinary ones first.
    pub fn all(&self) -> impl Iterator<Item = &Scene> {
        self.scenes.iter().chain(&self.hostile)
    }
}

fn read<F: DeserializeOwned>(
    text: &str,
    role: fn(F) -> Facts,
) -> Result<Vec<Scene>, serde_json::Error> {
    let written: Vec<Written<F>> = serde_json::from_str(text)?;
    let scene = |written: Written<F>| Scene {
        about: written.about,
        facts: role(written.facts),
    };
    Ok(written.into_iter().map(scene).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    #[test]
    fn every_role_has_a_corpus_of_many_subjects() {
        for role in Role::ALL {
            let corpus = Corpus::of(role).unwrap();
            let subjects = |scenes: &[Scene]| -> usize {
                scenes.iter().map(|s| s.facts.batch().subjects()).sum()
            };
            assert!(subjects(&corpus.scenes) > 100, "{role}");
            assert!(subjects(&corpus.hostile) > 100, "{role}");
            for scene in corpus.all() {
                assert_eq!(scene.facts.role(), role);
                let subjects = scene.facts.batch().subjects();
                assert_eq!(scene.facts.names().len(), subjects, "{}", scene.about);
            }
        }
    }

    /// Figures and limits of people out there go by it.
    #[test]
    fn the_corpus_is_frozen() {
        let digests = Role::ALL.map(|role| Corpus::of(role).unwrap().digest.short());
        assert_eq!(digests, ["0e103e0378a0", "47cad8f01d78", "2bc0d0300088"]);
    }

    #[test]
    fn selecting_says_which_subject_each_was() {
        for role in Role::ALL {
            let corpus = Corpus::of(role).unwrap();
            let facts = &corpus.scenes[0].facts;
            let names = facts.names();
            let backwards: Vec<usize> = (0..names.len()).rev().collect();
            let (picked, origin) = facts.select(&backwards);
            let expected: Vec<&String> = origin.iter().map(|&i| &names[i]).collect();
            assert_eq!(
                picked.names().iter().collect::<Vec<_>>(),
                expected,
                "{role}"
            );
            assert_ne!(origin, (0..names.len()).collect::<Vec<_>>());
            let (none, origin) = facts.select(&[]);
            assert_eq!((none.batch().subjects(), origin.len()), (0, 0));
        }
    }
}
