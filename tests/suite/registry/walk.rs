//! What works, on a real registry.

use birth_tests::cli::Home;

use super::server::{Registry, Setup};
use super::{pull, push, refused, sha256, shipped, store, stored};

const PLAIN: &[&str] = &["--insecure-http"];

#[test]
fn what_was_pushed_comes_back() {
    let (registry, home) = (Registry::start(&Setup::default()), Home::new());
    let tagged = registry.reference("policies/conflict:3");
    let pushed = push(&home, "conflict", &tagged, PLAIN)
        .expect_code(0)
        .json();
    let digest = sha256(&shipped("conflict")).to_string();
    assert_eq!(pushed["role"], "conflict");
    assert_eq!(pushed["name"], "birth-conflict");
    assert_eq!(pushed["sha256"], digest.as_str());
    assert_eq!(pushed["pushed"], tagged.as_str());
    let manifest = pushed["manifest"].as_str().unwrap();
    let pinned = registry.reference(&format!("policies/conflict@{manifest}"));
    assert_eq!(pushed["reference"], pinned.as_str());
    // The same component is the same manifest, under whatever tag.
    let again = push(
        &home,
        "conflict",
        &registry.reference("policies/conflict:x"),
        PLAIN,
    );
    assert_eq!(again.expect_code(0).json()["manifest"], manifest);
    assert_eq!(stored(&home), [""; 0], "pushing keeps nothing");

    let by_tag = pull(&home, &tagged, PLAIN).expect_code(0).json();
    assert_eq!(by_tag["reference"], pinned.as_str());
    assert_eq!(by_tag["from"], "registry");
    for key in ["role", "wit", "name", "version", "sha256", "bytes"] {
        assert_eq!(by_tag[key], pushed[key], "{key}");
    }
    let mut kept = vec![digest.clone(), manifest["sha256:".len()..].to_owned()];
    kept.sort();
    assert_eq!(stored(&home), kept);

    let out = home.path().join("out.wasm");
    let options = ["--offline", "--out", out.to_str().unwrap()];
    let offline = pull(&home, &pinned, &options).expect_code(0).json();
    assert_eq!(offline["from"], "store");
    assert_eq!(sha256(&out).to_string(), digest);
    assert_eq!(sha256(&store(&home).join(&digest)).to_string(), digest);
}

/// The lines that people see.
#[test]
fn what_people_see() {
    let (registry, home) = (Registry::start(&Setup::default()), Home::new());
    let to = registry.reference("coverage:1");
    let file = shipped("coverage");
    let file = file.to_str().unwrap();
    let pushed = home.birth(&["plugin", "push", file, &to, "--insecure-http"]);
    let pulled = home.birth(&["plugin", "pull", &to, "--insecure-http"]);
    let shown = |ran: birth_tests::cli::Ran| {
        let ran = ran.expect_code(0);
        format!("{}---\n{}", ran.stdout, ran.stderr)
    };
    let shown = format!("{}===\n{}", shown(pushed.run()), shown(pulled.run()));
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    // What the plugin is may change with its revision.
    for (pattern, replacement) in [
        (r"localhost:\d+", "[REGISTRY]"),
        (r"[0-9a-f]{64}", "[SHA256]"),
        (r"\d+ bytes", "[SIZE] bytes"),
        (r"birth-coverage \d+\.\d+\.\d+", "birth-coverage [VERSION]"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings.bind(|| insta::assert_snapshot!("registry_push_and_pull", shown));
}

#[test]
fn tls_is_verified() {
    let setup = Setup {
        tls: true,
        ..Setup::default()
    };
    let (registry, other) = (Registry::start(&setup), Registry::start(&setup));
    let home = Home::new();
    let to = registry.reference("conflict:1");
    let (ca, wrong) = (registry.ca(), other.ca());
    let says = &["could not be reached with TLS"];
    let ran = push(&home, "conflict", &to, &[]);
    refused(&home, &ran, 31, "REGISTRY_TLS", says);
    let ran = push(&home, "conflict", &to, &["--ca", &wrong]);
    refused(&home, &ran, 31, "REGISTRY_TLS", says);
    // The certificate is for the name, not for the address.
    let address = to.replace("localhost", "127.0.0.1");
    let ran = push(&home, "conflict", &address, &["--ca", &ca]);
    refused(&home, &ran, 31, "REGISTRY_TLS", says);
    // Plain HTTP is no way around.
    let ran = push(&home, "conflict", &to, PLAIN);
    assert_eq!(ran.code, Some(31), "{ran:?}");
    push(&home, "conflict", &to, &["--ca", &ca]).expect_code(0);
    let pulled = home
        .birth(&["plugin", "pull", &to, "--format", "json"])
        .env("BIRTH_REGISTRY_CA", &ca)
        .run();
    assert_eq!(pulled.expect_code(0).json()["role"], "conflict");
}

/// Without being asked nothing is sent in clear, not even to this machine.
#[test]
fn plain_http_has_to_be_asked_for() {
    let (registry, home) = (Registry::start(&Setup::default()), Home::new());
    let to = registry.reference("conflict:1");
    let ran = push(&home, "conflict", &to, &[]);
    refused(&home, &ran, 31, "REGISTRY_TLS", &[&registry.name()]);
    let ran = push(&home, "conflict", &to, &["--insecure-http=localhost:1"]);
    refused(&home, &ran, 31, "REGISTRY_TLS", &[&registry.name()]);
    let named = format!("--insecure-http={}", registry.name());
    push(&home, "conflict", &to, &[&named]).expect_code(0);
}
