//! `birth plugin new`: the files of a plugin crate that builds, tests and runs as
//! it is.
//!
//! The SDK and the WIT package are published in no registry, so the crate gets a
//! copy of both, byte for byte as this host was built with. A crate that names
//! them by a path or a repository would build for its author and for nobody else,
//! or need a network; and the sources that a rebuild compares with would be
//! somewhere else.
//!
//! What this module must not do: touch a disk, or know where the crate will be.

mod name;

pub use name::NameError;

use birth_core::kit::{scopes, statuses};
use birth_core::policy::Role;

/// The folder of the copy, within the crate.
const COPY: &str = "birth";

/// The files of this project that a crate gets a copy of.
macro_rules! copied {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../", $path)))),+]
    };
}

/// Paths are those of this project: the bindings find the WIT package by theirs.
const COPIED: &[(&str, &str)] = copied![
    "plugins/sdk/Cargo.toml",
    "plugins/sdk/bindings/classification/Cargo.toml",
    "plugins/sdk/bindings/classification/src/lib.rs",
    "plugins/sdk/bindings/conflict/Cargo.toml",
    "plugins/sdk/bindings/conflict/src/lib.rs",
    "plugins/sdk/bindings/coverage/Cargo.toml",
    "plugins/sdk/bindings/coverage/src/lib.rs",
    "plugins/sdk/src/classification.rs",
    "plugins/sdk/src/classification/layout_check.rs",
    "plugins/sdk/src/classification/words.rs",
    "plugins/sdk/src/conflict.rs",
    "plugins/sdk/src/coverage.rs",
    "plugins/sdk/src/layout.rs",
    "plugins/sdk/src/lib.rs",
    "plugins/sdk/src/plugin.rs",
    "plugins/sdk/src/reasons.rs",
    "plugins/sdk/src/roles.rs",
    "plugins/sdk/src/settings.rs",
    "plugins/sdk/src/testing.rs",
    "plugins/sdk/src/testing/classification.rs",
    "plugins/sdk/src/testing/conflict.rs",
    "plugins/sdk/src/testing/coverage.rs",
    "plugins/sdk/src/text.rs",
    "plugins/sdk/src/verdicts.rs",
    "wit/README.md",
    "wit/birth-policy/0.1/classification.wit",
    "wit/birth-policy/0.1/conflict.wit",
    "wit/birth-policy/0.1/coverage.wit",
    "wit/birth-policy/0.1/types.wit",
    "wit/frozen.sha256",
];

/// Of every role, by the path in the crate.
const COMMON: &[(&str, &str)] = &[
    (
        ".github/workflows/plugin.yml",
        include_str!("scaffold/template/common/plugin.yml"),
    ),
    (
        ".gitignore",
        include_str!("scaffold/template/common/gitignore"),
    ),
    (
        "Cargo.toml",
        include_str!("scaffold/template/common/Cargo.toml"),
    ),
    (
        "README.md",
        include_str!("scaffold/template/common/README.md"),
    ),
    (
        "birth/Cargo.toml",
        include_str!("scaffold/template/common/birth-Cargo.toml"),
    ),
    (
        "birth/README.md",
        include_str!("scaffold/template/common/birth-README.md"),
    ),
    (
        "src/lib.rs",
        include_str!("scaffold/template/common/lib.rs"),
    ),
    (
        "tests/cases.rs",
        include_str!("scaffold/template/common/cases.rs"),
    ),
];

/// What the lock of every crate holds besides the crate itself.
const LOCK: &str = include_str!("scaffold/template/common/Cargo.lock");

/// What differs from role to role.
struct Template {
    rules: &'static str,
    cases: &'static str,
    settings: &'static str,
    /// A line for `policy.toml`.
    setting: &'static str,
    /// The limit on fuel for a subject that the CI file begins with: some room
    /// above what the rules take.
    fuel: u32,
}

fn template(role: Role) -> Template {
    match role {
        Role::Classification => Template {
            rules: include_str!("scaffold/template/classification/rules.rs"),
            cases: include_str!("scaffold/template/classification/cases.json"),
            settings: include_str!("scaffold/template/classification/settings.rs"),
            setting: "log-endings = [\"_log\", \"_history\", \"_events\"]",
            fuel: 8_000,
        },
        Role::Conflict => Template {
            rules: include_str!("scaffold/template/conflict/rules.rs"),
            cases: include_str!("scaffold/template/conflict/cases.json"),
            settings: include_str!("scaffold/template/conflict/settings.rs"),
            setting: "accept-varchar = true",
            fuel: 3_000,
        },
        Role::Coverage => Template {
            rules: include_str!("scaffold/template/coverage/rules.rs"),
            cases: include_str!("scaffold/template/coverage/cases.json"),
            settings: include_str!("scaffold/template/coverage/settings.rs"),
            setting: "exemptions-need-reason = true",
            fuel: 5_000,
        },
    }
}

/// The files of a new crate, by their paths in it, in the order of the paths.
///
/// # Errors
/// The name is none that cargo takes, or a dependency has it.
pub fn files(role: Role, name: &str) -> Result<Vec<(String, String)>, NameError> {
    name::check(name, LOCK)?;
    let template = template(role);
    let words = [
        constant("STATUSES", statuses(role)),
        constant("SCOPES", scopes(role)),
    ];
    let fuel = template.fuel.to_string();
    let replaced = [
        ("PLUGIN_CRATE", name.replace('-', "_")),
        ("PLUGIN_NAME", name.to_owned()),
        ("PLUGIN_ROLE", role.name().to_owned()),
        ("PLUGIN_WORDS", words.join("\n")),
        ("PLUGIN_SETTING", template.setting.to_owned()),
        ("PLUGIN_FUEL", fuel),
        ("BIRTH_VERSION", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let fill = |text: &str| {
        let mut text = text.to_owned();
        for (word, value) in &replaced {
            text = text.replace(word, value);
        }
        text
    };
    let mut files: Vec<(String, String)> = vec![
        ("Cargo.lock".to_owned(), lock(name)),
        ("src/rules.rs".to_owned(), template.rules.to_owned()),
        ("tests/cases.json".to_owned(), template.cases.to_owned()),
        ("tests/settings.rs".to_owned(), fill(template.settings)),
    ];
    let common = COMMON.iter();
    files.extend(common.map(|(path, text)| ((*path).to_owned(), fill(text))));
    let copied = COPIED.iter();
    files.extend(copied.map(|(path, text)| (format!("{COPY}/{path}"), (*text).to_owned())));
    files.sort();
    Ok(files)
}

/// A list of words as rustfmt writes it.
fn constant(name: &str, words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let line = format!("const {name}: &[&str] = &[{}];", quoted.join(", "));
    if line.len() <= 100 && words.iter().map(|w| w.len() + 4).sum::<usize>() <= 62 {
        return line;
    }
    let rows: Vec<String> = quoted.iter().map(|word| format!("    {word},\n")).collect();
    format!("const {name}: &[&str] = &[\n{}];", rows.concat())
}

/// The lock with an entry for the crate, where cargo would put it.
fn lock(name: &str) -> String {
    const ENTRY: &str = "[[package]]\nname = \"";
    let own = format!(
        "{ENTRY}{name}\"\nversion = \"0.1.0\"\ndependencies = [\n \"birth-sdk\",\n \"serde\",\n \"serde_json\",\n]\n\n"
    );
    let comes_after = |at: &usize| {
        let rest = LOCK.get(at + ENTRY.len()..).unwrap_or_default();
        rest.split('"').next().is_some_and(|other| other > name)
    };
    let mut places = LOCK.match_indices(ENTRY).map(|(at, _)| at);
    match places.find(comes_after) {
        Some(at) => {
            let (before, after) = LOCK.split_at(at);
            format!("{before}{own}{after}")
        }
        None => format!("{LOCK}\n{}\n", own.trim_end()),
    }
}

#[cfg(test)]
mod tests;
