//! Where registries send us, for a blob or for a token: how far that is
//! followed, and who gets to see a password.

use birth_tests::cli::{Birth, Home};

use super::faulty::{Asked, Faulty, MANIFEST, Step, answer, component, ok, right};
use super::server::{Registry, Setup};
use super::{PASSWORD, USER, pull, push, refused, sha256, shipped};

fn to(location: &str) -> Vec<Step> {
    answer("307 Temporary Redirect", &[("location", location)], b"")
}

fn blob() -> String {
    format!("blobs/sha256:{}", sha256(&shipped("conflict")))
}

fn as_user(birth: Birth) -> Birth {
    birth
        .env("BIRTH_REGISTRY_USER", USER)
        .env("BIRTH_REGISTRY_PASSWORD", PASSWORD)
}

/// A registry that asks for the password, and then sends whoever wants a blob
/// to another address.
fn sends_to(location: String) -> Faulty {
    Faulty::start(move |_, asked: &Asked| {
        if !asked.headers.contains_key("authorization") {
            return answer("401 No", &[("www-authenticate", "Basic realm=\"r\"")], b"");
        }
        match asked.line.contains("/manifests/") {
            true => ok(MANIFEST, right().as_bytes()),
            false => to(&location),
        }
    })
}

/// To a place with TLS, as registries do whose blobs are in an object store; but
/// the password does not go there, although it is the right one there too.
#[test]
fn elsewhere_without_the_password() {
    let open = Registry::start(&Setup {
        tls: true,
        ..Setup::default()
    });
    let closed = Registry::start(&Setup {
        tls: true,
        password: true,
        ..Setup::default()
    });
    let home = Home::new();
    for registry in [&open, &closed] {
        let file = shipped("conflict");
        let (there, ca) = (registry.reference("a:1"), registry.ca());
        let arguments = [
            "plugin",
            "push",
            file.to_str().unwrap(),
            &there,
            "--ca",
            &ca,
        ];
        as_user(home.birth(&arguments)).run().expect_code(0);
    }
    let pull = |registry: &Registry| {
        let faulty = sends_to(format!("https://{}/v2/a/{}", registry.name(), blob()));
        let (from, ca) = (faulty.reference("a:1"), registry.ca());
        let arguments = [
            "plugin",
            "pull",
            &from,
            "--insecure-http",
            "--ca",
            &ca,
            "--format",
            "json",
        ];
        as_user(home.birth(&arguments)).run()
    };
    let ran = pull(&closed);
    refused(&home, &ran, 31, "REGISTRY_UNAUTHORIZED", &["pull a"]);
    pull(&open).expect_code(0);
}

#[test]
fn where_nobody_goes() {
    let listener = Faulty::start(|_, _| answer("200 OK", &[], b""));
    let elsewhere = format!("http://{}/x", listener.name());
    let plain = "over plain HTTP to another address";
    for (location, says) in [
        (elsewhere.as_str(), plain),
        ("http://10.1.2.3/x", plain),
        ("//10.1.2.3/x", plain),
        ("ftp://localhost/x", "it is no address"),
        ("https://a:b@localhost/x", "it is no address"),
        ("/a b", "it is no address"),
        ("", "it was sent on too often"),
        ("/v2/a/blobs/again", "it was sent on too often"),
    ] {
        let faulty = sends_to(location.to_owned());
        let home = Home::new();
        let from = faulty.reference("a:1");
        let arguments = [
            "plugin",
            "pull",
            &from,
            "--insecure-http",
            "--format",
            "json",
        ];
        let ran = as_user(home.birth(&arguments)).run();
        refused(&home, &ran, 31, "REGISTRY_REDIRECT", &[says]);
    }
    assert_eq!(listener.asked().len(), 0);
}

/// A real registry with TLS whose blobs are said to be where there is none.
#[test]
fn never_from_tls_to_plain_http() {
    let listener = Faulty::start(|_, _| answer("200 OK", &[], b""));
    let registry = Registry::start(&Setup {
        tls: true,
        elsewhere: Some(format!("http://{}", listener.name())),
        ..Setup::default()
    });
    let (home, there) = (Home::new(), registry.reference("a:1"));
    let ca = registry.ca();
    push(&home, "conflict", &there, &["--ca", &ca]).expect_code(0);
    let ran = pull(&home, &there, &["--ca", &ca, "--insecure-http=elsewhere"]);
    let says = ["it leads from TLS to plain HTTP"];
    refused(&home, &ran, 31, "REGISTRY_REDIRECT", &says);
    assert_eq!(listener.asked().len(), 0);
}

/// What is sent goes to whom was named.
#[test]
fn an_upload_goes_nowhere_else() {
    let listener = Faulty::start(|_, _| answer("201 Created", &[], b""));
    let elsewhere = format!("http://{}/up", listener.name());
    for (location, status, says) in [
        (
            elsewhere.clone(),
            "202 Accepted",
            "an upload goes to the registry",
        ),
        (
            elsewhere,
            "307 Elsewhere",
            "only what is fetched may be elsewhere",
        ),
        (
            "https://localhost/up".to_owned(),
            "202 Accepted",
            "an upload goes to the registry",
        ),
        ("ftp://x/".to_owned(), "202 Accepted", "it is no address"),
    ] {
        let faulty = Faulty::start(move |_, asked| match asked.line.starts_with("HEAD") {
            true => answer("404 No", &[], b""),
            false => answer(status, &[("location", &location)], b""),
        });
        let home = Home::new();
        let ran = push(
            &home,
            "conflict",
            &faulty.reference("a:1"),
            &["--insecure-http"],
        );
        refused(&home, &ran, 31, "REGISTRY_REDIRECT", &[says]);
    }
    assert_eq!(listener.asked().len(), 0);
}

/// A registry with tokens: it says where they are, that place gets the password,
/// and the registry gets the token only.
fn with_tokens(realm: &'static str, token: &'static str) -> Faulty {
    Faulty::start(move |own, asked: &Asked| {
        let proof = asked.headers.get("authorization").map(String::as_str);
        if asked.line.starts_with("GET /token") {
            return ok("application/json", token.as_bytes());
        }
        if proof != Some("Bearer right") {
            let realm = realm.replace("OWN", own);
            let challenge = format!(
                "Bearer realm=\"{realm}\",service=\"a registry\",scope=\"repository:other:push\""
            );
            return answer("401 No", &[("www-authenticate", &challenge)], b"");
        }
        match asked.line.contains("/manifests/") {
            true => ok(MANIFEST, right().as_bytes()),
            false => ok("x", &component()),
        }
    })
}

#[test]
fn a_token_for_what_is_wanted() {
    for token in [
        r#"{"token": "right"}"#,
        r#"{"access_token": "right", "expires_in": 60}"#,
    ] {
        let faulty = with_tokens("http://OWN/token?x=1", token);
        let home = Home::new();
        let from = faulty.reference("team/a:1");
        let arguments = ["plugin", "pull", &from, "--insecure-http"];
        as_user(home.birth(&arguments)).run().expect_code(0);
        let asked = faulty.asked();
        let of = |a: &Asked| {
            let proof = a.headers.get("authorization").map(String::as_str);
            (a.line.clone(), proof.unwrap_or("").to_owned())
        };
        let asked: Vec<(String, String)> = asked.iter().map(of).collect();
        let expected = [
            ("GET /v2/team/a/manifests/1", ""),
            // What we want, and not what the registry would have us ask for.
            (
                "GET /token?x=1&service=a%20registry&scope=repository%3Ateam%2Fa%3Apull",
                "Basic bWU6c2U6Y3JldCB3b3Jk",
            ),
            ("GET /v2/team/a/manifests/1", "Bearer right"),
            (&format!("GET /v2/team/a/{}", blob()), "Bearer right"),
        ];
        let expected = expected.map(|(line, proof)| (line.to_owned(), proof.to_owned()));
        assert_eq!(asked, expected);
    }
    // Without a password the token is asked for all the same: for what is public.
    let faulty = with_tokens("http://OWN/token", r#"{"token": "right"}"#);
    pull(&Home::new(), &faulty.reference("a:1"), &["--insecure-http"]).expect_code(0);
    assert!(faulty.asked().iter().all(|a| {
        let proof = a.headers.get("authorization");
        proof.is_none_or(|proof| proof == "Bearer right")
    }));
}

#[test]
fn tokens_that_are_none() {
    let right = r#"{"token": "right"}"#;
    for (realm, token, code, says) in [
        (
            "http://OWN/token",
            "<html>",
            "REGISTRY_NOT_A_REGISTRY",
            "not JSON",
        ),
        (
            "http://OWN/token",
            "{}",
            "REGISTRY_NOT_A_REGISTRY",
            "no token",
        ),
        (
            "http://OWN/token",
            r#"{"token": "a\nb"}"#,
            "REGISTRY_NOT_A_REGISTRY",
            "cannot be sent",
        ),
        (
            "http://OWN/token",
            r#"{"token": "wrong"}"#,
            "REGISTRY_UNAUTHORIZED",
            "pull a",
        ),
        (
            "http://10.1.2.3/token",
            right,
            "REGISTRY_REDIRECT",
            "nobody knows by whom",
        ),
        // With TLS or without: who named it may be anybody.
        (
            "https://10.1.2.3/token",
            right,
            "REGISTRY_REDIRECT",
            "nobody knows by whom",
        ),
        (
            "file:///etc/passwd",
            right,
            "REGISTRY_REDIRECT",
            "it is no address",
        ),
        (
            "https://x:y@localhost/",
            right,
            "REGISTRY_REDIRECT",
            "it is no address",
        ),
    ] {
        let faulty = with_tokens(realm, token);
        let home = Home::new();
        let from = faulty.reference("a:1");
        let arguments = [
            "plugin",
            "pull",
            &from,
            "--insecure-http",
            "--format",
            "json",
        ];
        let ran = as_user(home.birth(&arguments)).run();
        refused(&home, &ran, 31, code, &[says]);
    }
}
