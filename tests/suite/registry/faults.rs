//! Registries that lie, or are something else: each has its own error, and
//! nothing of what came is kept.

use birth_core::digest::Digest;
use birth_tests::cli::Home;

use super::faulty::{
    Faulty, MANIFEST, Step, answer, component, manifest, ok, pull_from, right, serving,
};
use super::{PASSWORD, USER, pull, push, refused, sha256, shipped};

/// Everything right, so that what follows fails for its own reason.
#[test]
fn nothing_is_wrong() {
    let faulty = serving(ok(MANIFEST, right().as_bytes()), ok("x", &component()));
    let ran = pull_from(&faulty, &Home::new(), &[]).expect_code(0);
    let digest = sha256(&shipped("conflict")).to_string();
    assert_eq!(ran.json()["sha256"], digest.as_str());
    let lines: Vec<String> = faulty.asked().into_iter().map(|a| a.line).collect();
    let blob = format!("GET /v2/a/blobs/sha256:{digest}");
    assert_eq!(lines, ["GET /v2/a/manifests/1".to_owned(), blob]);
}

#[test]
fn a_component_that_is_not_the_one_of_the_manifest() {
    let mut tampered = component();
    *tampered.last_mut().unwrap() ^= 1;
    let short = component()[..1000].to_vec();
    let long = [component(), vec![0]].concat();
    let mut chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    chunked.extend_from_slice(format!("{:x}\r\n", long.len()).as_bytes());
    chunked.extend_from_slice(&long);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    for (blob, code, says) in [
        (
            ok("x", &tampered),
            "REGISTRY_WRONG_DIGEST",
            "the component from",
        ),
        (ok("x", &short), "REGISTRY_WRONG_SIZE", "has 1000 bytes"),
        (ok("x", b""), "REGISTRY_WRONG_SIZE", "has 0 bytes"),
        (ok("x", &long), "REGISTRY_TOO_LARGE", "the component from"),
        (vec![Step::Send(chunked)], "REGISTRY_TOO_LARGE", "has more"),
    ] {
        let home = Home::new();
        let faulty = serving(ok(MANIFEST, right().as_bytes()), blob);
        refused(&home, &pull_from(&faulty, &home, &[]), 24, code, &[says]);
    }
}

/// Refused by what the manifest says, before a byte of it is asked for.
#[test]
fn a_component_that_is_too_large() {
    let home = Home::new();
    let faulty = serving(
        ok(
            MANIFEST,
            manifest(&"0".repeat(64), (16 << 20) + 1).as_bytes(),
        ),
        ok("x", b""),
    );
    let ran = pull_from(&faulty, &home, &[]);
    let says = ["16777217 bytes by its manifest", "the limit is 16777216"];
    refused(&home, &ran, 24, "REGISTRY_TOO_LARGE", &says);
    assert_eq!(faulty.asked().len(), 1);
}

#[test]
fn a_manifest_that_is_not_the_one_that_was_named() {
    let home = Home::new();
    let faulty = serving(ok(MANIFEST, right().as_bytes()), ok("x", &component()));
    let other = format!("a@sha256:{}", "0".repeat(64));
    let ran = pull(&home, &faulty.reference(&other), &["--insecure-http"]);
    refused(
        &home,
        &ran,
        24,
        "REGISTRY_WRONG_DIGEST",
        &["the manifest from"],
    );
    // By a tag, it has to be the one that the registry says it is.
    for (said, exit, code) in [
        (
            format!("sha256:{}", "0".repeat(64)),
            24,
            "REGISTRY_WRONG_DIGEST",
        ),
        ("sha512:00".to_owned(), 31, "REGISTRY_NOT_A_REGISTRY"),
    ] {
        let headers = [("docker-content-digest", said.as_str())];
        let faulty = serving(answer("200 OK", &headers, right().as_bytes()), vec![]);
        refused(&home, &pull_from(&faulty, &home, &[]), exit, code, &[]);
    }
}

#[test]
fn a_manifest_of_something_else() {
    let index = "application/vnd.oci.image.index.v1+json";
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    let image = "application/vnd.oci.image.config.v1+json";
    for (body, says) in [
        (right().replace(MANIFEST, index), index),
        (right().replace(MANIFEST, docker), docker),
        (right().replace(super::faulty::CONFIG, image), image),
        (
            right().replace("application/wasm", "text/plain"),
            "its layer is text/plain",
        ),
        (r#"{"errors": []}"#.to_owned(), "cannot be read"),
        (String::new(), "cannot be read"),
    ] {
        let home = Home::new();
        let faulty = serving(ok(MANIFEST, body.as_bytes()), vec![]);
        let ran = pull_from(&faulty, &home, &[]);
        refused(&home, &ran, 24, "REGISTRY_NOT_WASM", &[says]);
    }
    let home = Home::new();
    let faulty = serving(ok(MANIFEST, &vec![b' '; 300 << 10]), vec![]);
    let ran = pull_from(&faulty, &home, &[]);
    refused(
        &home,
        &ran,
        24,
        "REGISTRY_TOO_LARGE",
        &["the manifest from"],
    );
}

/// Both hash to what they should, and it may not run all the same.
#[test]
fn a_component_that_is_no_plugin() {
    let clock = crate::guests::imports_a_clock();
    let other = crate::guests::speaks_another_version();
    for (bytes, code) in [
        (clock, "PLUGIN_HAS_IMPORTS"),
        (other, "PLUGIN_WRONG_WIT_VERSION"),
        (b"text".to_vec(), "PLUGIN_NOT_A_COMPONENT"),
    ] {
        let home = Home::new();
        let body = manifest(&Digest::of(&bytes).to_string(), bytes.len() as u64);
        let faulty = serving(ok(MANIFEST, body.as_bytes()), ok("x", &bytes));
        let ran = pull_from(&faulty, &home, &[]);
        assert_eq!(ran.code, Some(24), "{ran:?}");
        assert_eq!(ran.json()["error"]["code"], code, "{ran:?}");
        assert_eq!(super::stored(&home), [""; 0]);
    }
}

#[test]
fn something_that_is_no_registry() {
    let page = b"<html><body>Log in to the airport's network</body></html>";
    let html = |status: &str| {
        answer(
            status,
            &[("content-type", "text/html; charset=utf-8")],
            page,
        )
    };
    let garbage = vec![Step::Send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec())];
    for manifest in [
        html("200 OK"),
        html("404 Not Found"),
        html("502 Bad Gateway"),
        garbage,
    ] {
        let home = Home::new();
        let faulty = serving(manifest, vec![]);
        let ran = pull_from(&faulty, &home, &[]);
        refused(&home, &ran, 31, "REGISTRY_NOT_A_REGISTRY", &[faulty.name()]);
    }
}

#[test]
fn a_registry_that_says_why() {
    let json = [("content-type", "application/json")];
    let says = b"{\"errors\": [{\"code\": \"TOOMANY\\u001b[31m\", \"message\": \"slow\\ndown\"}]}";
    let long = format!(
        r#"{{"errors": [{{"code": "X", "message": "{}"}}]}}"#,
        "y".repeat(9000)
    );
    for (answered, exit, code, expected) in [
        (
            answer("429 Too Many Requests", &json, says),
            31,
            "REGISTRY_REFUSED",
            "TOOMANY\u{fffd}[31m slow\u{fffd}down",
        ),
        (
            answer("500 No", &json, long.as_bytes()),
            31,
            "REGISTRY_REFUSED",
            "answered 500",
        ),
        (
            answer("500 No", &[], &[0xff; 100]),
            31,
            "REGISTRY_REFUSED",
            "answered 500",
        ),
        (
            answer("403 No", &json, says),
            31,
            "REGISTRY_UNAUTHORIZED",
            "TOOMANY",
        ),
        (
            answer("401 No", &json, says),
            31,
            "REGISTRY_UNAUTHORIZED",
            "how to log in",
        ),
        (
            answer("418 No", &[], &vec![b'x'; 1 << 20]),
            31,
            "REGISTRY_REFUSED",
            "answered 418",
        ),
    ] {
        let home = Home::new();
        let faulty = serving(answered, vec![]);
        let ran = pull_from(&faulty, &home, &[]);
        refused(&home, &ran, exit, code, &[expected]);
        let message = ran.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.len() < 400, "{message}");
    }
}

/// What a registry answers in its own way, by the line of a request.
type Different = fn(&str) -> Option<Vec<Step>>;

#[test]
fn a_push_that_is_not_kept() {
    let created = || answer("201 Created", &[], b"");
    let upload = || answer("202 Accepted", &[("location", "/v2/a/up?s=1")], b"");
    let missing = || answer("404 Not Found", &[], b"");
    let nothing = |_: &str| None;
    let refusing: Different = |line| {
        line.starts_with("PUT /v2/a/up")
            .then(|| answer("507 Full", &[], b""))
    };
    let another: Different = |line| {
        let kept = line.starts_with("GET /v2/a/manifests/");
        kept.then(|| ok(MANIFEST, manifest(&"0".repeat(64), 1).as_bytes()))
    };
    let cases: [(Different, i32, &str); 3] = [
        (refusing, 31, "REGISTRY_REFUSED"),
        (another, 24, "REGISTRY_WRONG_DIGEST"),
        (nothing, 31, "REGISTRY_NOT_FOUND"),
    ];
    for (different, exit, code) in cases {
        let faulty = Faulty::start(move |_, asked| {
            let line = asked.line.as_str();
            different(line).unwrap_or_else(|| match line.split(' ').next().unwrap() {
                "HEAD" | "GET" => missing(),
                "POST" => upload(),
                _ => created(),
            })
        });
        let home = Home::new();
        let ran = push(
            &home,
            "conflict",
            &faulty.reference("a:1"),
            &["--insecure-http"],
        );
        refused(&home, &ran, exit, code, &[]);
        let put = faulty.asked();
        let put = put.iter().find(|a| a.line.starts_with("PUT")).unwrap();
        let digest = sha256(&shipped("conflict"));
        assert_eq!(
            put.line,
            format!("PUT /v2/a/up?s=1&digest=sha256%3A{digest}")
        );
    }
}

/// A registry that repeats what it was told, in the hope that it is printed.
#[test]
fn a_registry_that_repeats_a_password() {
    let faulty = Faulty::start(|_, asked| match asked.headers.get("authorization") {
        None => answer("401 No", &[("www-authenticate", "Basic realm=\"r\"")], b""),
        Some(proof) => {
            let said = format!("{proof} and {PASSWORD}");
            let body = serde_json::json!({"errors": [{"code": "DENIED", "message": said}]});
            answer("403 No", &[], body.to_string().as_bytes())
        }
    });
    let home = Home::new();
    let arguments = [
        "plugin",
        "pull",
        &faulty.reference("a:1"),
        "--insecure-http",
    ];
    let ran = home
        .birth(&[&arguments[..], &["--format", "json"]].concat())
        .env("BIRTH_REGISTRY_USER", USER)
        .env("BIRTH_REGISTRY_PASSWORD", PASSWORD)
        .run();
    refused(
        &home,
        &ran,
        31,
        "REGISTRY_UNAUTHORIZED",
        &["DENIED Basic … and …"],
    );
}
