//! The approved policy sets that are built into this binary, by revision: the one
//! that decides, and those before it, for replays and comparisons.

use std::path::Path;

use birth_core::outcome::FailureClass;
use birth_core::policy::approved::Approvals;
use birth_core::policy::set::PolicySet;

use super::policies::{PolicyFiles, refused};
use crate::plugin::set::PluginFiles;
use crate::run::failure::Failure;

/// A policy set with its files.
struct BuiltIn {
    revision: u32,
    set: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

const APPROVED: &str = include_str!("../../../plugins/approved/approved.toml");

/// The newest is the one that decides.
const SETS: [BuiltIn; 4] = [
    BuiltIn {
        revision: 1,
        set: include_str!("../../../plugins/approved/1/policy.toml"),
        files: &[(
            "conflict.wasm",
            include_bytes!("../../../plugins/approved/1/conflict.wasm"),
        )],
    },
    BuiltIn {
        revision: 2,
        set: include_str!("../../../plugins/approved/2/policy.toml"),
        files: &[
            (
                "classification.wasm",
                include_bytes!("../../../plugins/approved/2/classification.wasm"),
            ),
            (
                "conflict.wasm",
                include_bytes!("../../../plugins/approved/2/conflict.wasm"),
            ),
        ],
    },
    BuiltIn {
        revision: 3,
        set: include_str!("../../../plugins/approved/3/policy.toml"),
        files: &[
            (
                "classification.wasm",
                include_bytes!("../../../plugins/approved/3/classification.wasm"),
            ),
            (
                "conflict.wasm",
                include_bytes!("../../../plugins/approved/3/conflict.wasm"),
            ),
            (
                "coverage.wasm",
                include_bytes!("../../../plugins/approved/3/coverage.wasm"),
            ),
        ],
    },
    NEWEST,
];

const NEWEST: BuiltIn = BuiltIn {
    revision: 4,
    set: include_str!("../../../plugins/approved/policy.toml"),
    files: &[
        (
            "classification.wasm",
            include_bytes!("../../../plugins/approved/classification.wasm"),
        ),
        (
            "conflict.wasm",
            include_bytes!("../../../plugins/approved/conflict.wasm"),
        ),
        (
            "coverage.wasm",
            include_bytes!("../../../plugins/approved/coverage.wasm"),
        ),
    ],
};

/// The set that decides where no other is named.
pub(super) fn newest() -> Result<PolicyFiles, Failure> {
    open(&NEWEST)
}

/// Every revision, oldest first.
pub(super) fn revisions() -> impl Iterator<Item = u32> {
    SETS.iter().map(|set| set.revision)
}

/// One revision.
pub(super) fn revision(number: u32) -> Result<PolicyFiles, Failure> {
    let Some(set) = SETS.iter().find(|set| set.revision == number) else {
        let known: Vec<String> = revisions().map(|number| number.to_string()).collect();
        return Err(Failure::new(
            FailureClass::Configuration,
            "NO_SUCH_REVISION",
            format!("no approved revision {number} is built into this binary"),
        )
        .with_hint(format!(
            "the built-in revisions are {}; name any other set by its file",
            known.join(", ")
        )));
    };
    open(set)
}

fn open(built_in: &BuiltIn) -> Result<PolicyFiles, Failure> {
    let name = Path::new("the built-in policy set");
    let set =
        PolicySet::parse(built_in.set).map_err(|e| refused(name, "POLICY_SET_NOT_USABLE", e))?;
    let approvals =
        Approvals::parse(APPROVED).map_err(|e| refused(name, "APPROVALS_NOT_USABLE", e))?;
    Ok(PolicyFiles {
        files: PluginFiles::Embedded(built_in.files),
        set,
        approvals,
        trust: None,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use birth_core::digest::Digest;

    use super::*;

    #[test]
    fn every_approved_revision_is_built_in_with_its_plugins() {
        let newest = newest().unwrap();
        let approved = newest.approvals.approved.iter().map(|a| a.revision);
        let approved: Vec<u32> = approved.collect();
        assert_eq!(revisions().collect::<Vec<_>>(), approved);
        assert_eq!(Some(newest.set.revision), revisions().last());
        for number in revisions() {
            let PolicyFiles {
                files,
                set,
                approvals,
                ..
            } = revision(number).unwrap();
            assert_eq!(set.revision, number);
            let mut approved = approvals.approved.iter();
            assert!(approved.any(|a| a.digest == set.digest()), "{number}");
            let PluginFiles::Embedded(files) = files else {
                unreachable!("they are built in");
            };
            assert_eq!(files.len(), set.plugins.len());
            for pin in set.plugins.values() {
                let (_, bytes) = files.iter().find(|(name, _)| *name == pin.file).unwrap();
                assert_eq!(Digest::of(bytes), pin.sha256, "{number} {}", pin.file);
            }
        }
        assert_eq!(revision(99).err().map(|e| e.code), Some("NO_SUCH_REVISION"));
    }
}
