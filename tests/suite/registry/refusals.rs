//! What is refused before a registry is asked, or because it has nothing.

use std::fs;
use std::net::TcpListener;

use birth_tests::cli::Home;

use super::server::{Registry, Setup};
use super::{pull, push, refused, shipped};
use crate::guests;

#[test]
fn what_is_no_plugin_is_not_pushed() {
    let home = Home::new();
    let mut core_module = fs::read(shipped("conflict")).unwrap();
    core_module[4..8].copy_from_slice(&[1, 0, 0, 0]);
    let mut large = fs::read(shipped("conflict")).unwrap();
    large.resize((16 << 20) + 1, 0);
    let mut cut = fs::read(shipped("conflict")).unwrap();
    cut.truncate(1000);
    for (bytes, exit, code, says) in [
        (core_module, 24, "PLUGIN_NOT_A_COMPONENT", "a core module"),
        (
            b"text".to_vec(),
            24,
            "PLUGIN_NOT_A_COMPONENT",
            "another kind",
        ),
        (Vec::new(), 24, "PLUGIN_NOT_A_COMPONENT", "another kind"),
        (large, 24, "PLUGIN_OVER_LIMIT", "more than 16777216 bytes"),
        (cut, 24, "PLUGIN_COMPILE", "could not be read"),
        (
            guests::imports_a_clock(),
            24,
            "PLUGIN_HAS_IMPORTS",
            "imports",
        ),
        (
            guests::speaks_another_version(),
            24,
            "PLUGIN_WRONG_WIT_VERSION",
            "0.2.0",
        ),
        (guests::has_two_memories(), 24, "PLUGIN_COMPILE", "memories"),
        (guests::loops_at_start(), 25, "PLUGIN_OUT_OF_FUEL", "fuel"),
    ] {
        fs::write(home.path().join("plugin.wasm"), bytes).unwrap();
        // Nobody listens there: it is refused before anybody is asked.
        let ran = home
            .birth(&["plugin", "push", "plugin.wasm", "oci://localhost:1/a:1"])
            .run();
        assert_eq!(ran.code, Some(exit), "{code}: {ran:?}");
        let shown = format!("[{code}]");
        assert!(
            ran.stderr.contains(&shown) && ran.stderr.contains(says),
            "{ran:?}"
        );
    }
    let ran = home.birth(&["plugin", "push", "not-there.wasm", "oci://localhost:1/a:1"]);
    let ran = ran.run().expect_code(28);
    assert!(
        ran.stderr.contains("not-there.wasm cannot be read"),
        "{ran:?}"
    );
}

#[test]
fn references_that_are_none() {
    let home = Home::new();
    let digest = format!("oci://r.example/a:1@sha256:{}", "0".repeat(64));
    for (reference, says) in [
        ("r.example/a:1", "begins with oci://"),
        ("oci://r.example", "the repository"),
        ("oci://me:hidden@r.example/a:1", "no user and no password"),
        ("oci://r.example/a", "names no tag"),
        (&digest, "names no tag, or a digest"),
    ] {
        let ran = push(&home, "conflict", reference, &[]);
        refused(&home, &ran, 20, "REGISTRY_REFERENCE", &[says]);
        assert!(!format!("{ran:?}").contains("hidden"), "{ran:?}");
    }
    let ran = pull(&home, "oci://me:hidden@r.example/a:1", &[]);
    refused(&home, &ran, 20, "REGISTRY_REFERENCE", &["no user"]);
    assert!(!format!("{ran:?}").contains("hidden"), "{ran:?}");
    let neither = home.birth(&["plugin", "pull"]).run();
    assert_eq!(neither.code, Some(2), "{neither:?}");
    let both = [
        "plugin",
        "pull",
        "oci://r.example/a",
        "--policy",
        "policy.toml",
    ];
    assert_eq!(home.birth(&both).run().code, Some(2));
}

#[test]
fn what_is_not_there() {
    let (registry, home) = (Registry::start(&Setup::default()), Home::new());
    let http = &["--insecure-http"];
    let there = registry.reference("a/conflict:1");
    let pushed = push(&home, "conflict", &there, http).expect_code(0).json();
    let zeros = format!("a/conflict@sha256:{}", "0".repeat(64));
    for what in ["a/conflict:2", "a/conflict", "b:1", &zeros] {
        let ran = pull(&home, &registry.reference(what), http);
        refused(
            &home,
            &ran,
            31,
            "REGISTRY_NOT_FOUND",
            &["is not in the registry"],
        );
    }
    for (what, says) in [
        ("a/conflict:1", "is a tag, which only the registry knows"),
        (&zeros, "is not in the plugin store"),
    ] {
        let ran = pull(&home, &registry.reference(what), &["--offline"]);
        refused(&home, &ran, 31, "PLUGIN_NOT_IN_STORE", &[says]);
    }
    // The manifest is there, its component is gone.
    let digest = pushed["sha256"].as_str().unwrap();
    fs::remove_file(registry.blob(digest)).unwrap();
    let ran = pull(&home, &there, http);
    refused(&home, &ran, 31, "REGISTRY_COMPONENT_MISSING", &[digest]);
    // Nobody listens.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let ran = pull(&home, &format!("oci://127.0.0.1:{port}/a"), http);
    refused(
        &home,
        &ran,
        31,
        "REGISTRY_UNREACHABLE",
        &[&port.to_string()],
    );
    // Certificates that are none.
    fs::write(home.path().join("ca.crt"), "no certificate").unwrap();
    for ca in ["ca.crt", "not-there.crt"] {
        let ran = pull(&home, &there, &["--ca", ca]);
        refused(&home, &ran, 20, "REGISTRY_CERTIFICATES", &[ca]);
    }
}

#[test]
fn where_the_component_cannot_be_written() {
    let (registry, home) = (Registry::start(&Setup::default()), Home::new());
    let http = &["--insecure-http"];
    let there = registry.reference("conflict:1");
    push(&home, "conflict", &there, http).expect_code(0);
    fs::write(home.path().join("file"), "").unwrap();
    for (options, code) in [
        (["--store", "file"], "PLUGIN_STORE_NOT_WRITTEN"),
        (["--out", "/dev/null"], "COMPONENT_NOT_WRITTEN"),
        (["--out", "not-there/x.wasm"], "COMPONENT_NOT_WRITTEN"),
    ] {
        let ran = pull(&home, &there, &[&http[..], &options].concat());
        assert_eq!(ran.code, Some(28), "{ran:?}");
        assert_eq!(ran.json()["error"]["code"], code, "{ran:?}");
    }
}
