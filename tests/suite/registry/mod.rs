//! Components in registries: real ones (Debian's `docker-registry` on
//! loopback, plain, with TLS, with passwords), and servers that do what no
//! registry should.

mod authentication;
mod connections;
mod faults;
mod faulty;
mod redirects;
mod refusals;
mod server;
mod sets;
mod walk;

use std::path::{Path, PathBuf};

use birth_core::digest::Digest;
use birth_tests::cli::{Home, Ran, workspace};

pub(crate) const USER: &str = "me";
pub(crate) const PASSWORD: &str = "se:cret word";

/// One of the plugins that ship with the binary.
fn shipped(role: &str) -> PathBuf {
    workspace().join(format!("plugins/approved/{role}.wasm"))
}

fn sha256(path: &Path) -> Digest {
    Digest::of(&std::fs::read(path).unwrap())
}

/// `birth plugin push` of a plugin that ships with the binary.
fn push(home: &Home, role: &str, to: &str, options: &[&str]) -> Ran {
    let file = shipped(role);
    let arguments = [
        &[
            "plugin",
            "push",
            file.to_str().unwrap(),
            to,
            "--format",
            "json",
        ],
        options,
    ];
    home.birth(&arguments.concat()).run()
}

/// `birth plugin pull`.
fn pull(home: &Home, reference: &str, options: &[&str]) -> Ran {
    let arguments = [&["plugin", "pull", reference, "--format", "json"], options];
    home.birth(&arguments.concat()).run()
}

/// Where components are kept by default.
fn store(home: &Home) -> PathBuf {
    home.path().join(".local/share/birth/plugins")
}

/// The names in the store; none where there is none.
fn stored(home: &Home) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(store(home)) else {
        return vec![];
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Demands a failure: its exit code, its code, words of its message, and that it
/// neither panics, nor shows a password, nor leaves anything in the store.
#[track_caller]
fn refused(home: &Home, ran: &Ran, exit: i32, code: &str, says: &[&str]) {
    assert_eq!(ran.code, Some(exit), "{ran:?}");
    let error = &ran.json()["error"];
    assert_eq!(error["code"], code, "{ran:?}");
    let message = error["message"].as_str().unwrap();
    for text in says {
        assert!(message.contains(text), "no {text:?} in: {message}");
    }
    assert!(error["next"].is_string(), "no next step: {ran:?}");
    let all = format!("{}{}", ran.stdout, ran.stderr);
    for never in ["panicked", "fault of birth itself", PASSWORD, "cret word"] {
        assert!(!all.contains(never), "{never:?} in: {all}");
    }
    assert_eq!(stored(home), [""; 0], "something was kept");
}
