//! Who we are, to a real registry with TLS and passwords.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use birth_tests::cli::{Birth, Home};

use super::server::{Registry, Setup};
use super::{PASSWORD, USER, push, refused, shipped};

/// base64 of `USER:PASSWORD`.
const AUTH: &str = "bWU6c2U6Y3JldCB3b3Jk";

struct Stage {
    registry: Registry,
    home: Home,
}

impl Stage {
    fn new() -> Self {
        let setup = Setup {
            tls: true,
            password: true,
            elsewhere: None,
        };
        Self {
            registry: Registry::start(&setup),
            home: Home::new(),
        }
    }

    fn push(&self) -> Birth {
        let to = self.registry.reference("policies/conflict:1");
        let (file, ca) = (shipped("conflict"), self.registry.ca());
        let file = file.to_str().unwrap();
        self.home
            .birth(&["plugin", "push", file, &to, "--ca", &ca, "--format", "json"])
    }

    fn docker(&self, config: &str) {
        let folder = self.home.path().join(".docker");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.json"), config).unwrap();
    }

    #[track_caller]
    fn unauthorized(&self, birth: Birth, says: &[&str]) {
        refused(&self.home, &birth.run(), 31, "REGISTRY_UNAUTHORIZED", says);
    }

    #[track_caller]
    fn unusable(&self, birth: Birth, says: &[&str]) {
        refused(&self.home, &birth.run(), 20, "REGISTRY_CREDENTIALS", says);
    }
}

fn as_user(birth: Birth, password: &str) -> Birth {
    birth
        .env("BIRTH_REGISTRY_USER", USER)
        .env("BIRTH_REGISTRY_PASSWORD", password)
}

#[test]
fn the_environment_is_for_the_registry_that_was_named() {
    let stage = Stage::new();
    stage.unauthorized(
        stage.push(),
        &["push to policies/conflict", "there are none"],
    );
    stage.unauthorized(as_user(stage.push(), "cret word"), &["it answers 401"]);
    let other = as_user(stage.push(), PASSWORD).env("BIRTH_REGISTRY_HOST", "evil.example");
    stage.unauthorized(other, &["there are none"]);
    let half = stage.push().env("BIRTH_REGISTRY_USER", USER);
    stage.unusable(half, &["one of BIRTH_REGISTRY_USER and"]);
    let colon = as_user(stage.push(), PASSWORD).env("BIRTH_REGISTRY_USER", "a:b");
    stage.unusable(colon, &["colon"]);
    as_user(stage.push(), PASSWORD).run().expect_code(0);
    let to = stage.registry.name();
    let named = as_user(stage.push(), PASSWORD).env("BIRTH_REGISTRY_HOST", &to);
    named.run().expect_code(0);
    // With everything that is logged, too.
    let loud = as_user(stage.push(), PASSWORD)
        .env("BIRTH_LOG", "trace")
        .run();
    assert!(!loud.stderr.contains(PASSWORD) && !loud.stderr.contains(AUTH));
}

#[test]
fn what_docker_login_left() {
    let stage = Stage::new();
    let name = stage.registry.name();
    stage.docker(&format!(
        r#"{{"auths": {{"other.example": {{"auth": "{AUTH}"}}}}}}"#
    ));
    stage.unauthorized(stage.push(), &["there are none"]);
    stage.docker(&format!(
        r#"{{"auths": {{"{name}": {{"auth": "{AUTH}"}}}}}}"#
    ));
    stage.push().run().expect_code(0);
    stage.docker(&format!(r#"{{"auths": {{"{name}": "{AUTH}"}}}}"#));
    stage.unusable(stage.push(), &["config.json", "line 1"]);
    stage.docker(&format!(
        r#"{{"auths": {{"{name}": {{"identitytoken": "x"}}}}}}"#
    ));
    stage.unusable(stage.push(), &["identity token"]);
}

#[test]
fn a_credential_helper_is_asked() {
    let stage = Stage::new();
    let name = stage.registry.name();
    let bin = stage.home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let helper = bin.join("docker-credential-vault");
    let write = |script: &str| {
        fs::write(&helper, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let with_helper = || stage.push().env("PATH", &path);
    stage.docker(&format!(r#"{{"credHelpers": {{"{name}": "vault"}}}}"#));
    stage.unusable(with_helper(), &["docker-credential-vault could not be run"]);
    write(&format!(
        r#"test "$1" = get && test "$(cat)" = "{name}" || exit 1
echo '{{"ServerURL": "{name}", "Username": "{USER}", "Secret": "{PASSWORD}"}}'"#
    ));
    with_helper().run().expect_code(0);
    write("echo 'credentials not found in native keychain'; exit 1");
    stage.unauthorized(with_helper(), &["there are none"]);
    write("echo no JSON");
    stage.unusable(with_helper(), &["did not answer"]);
    stage.docker(r#"{"credsStore": "../../bin/vault"}"#);
    stage.unusable(with_helper(), &["not one"]);
}

/// A registry without TLS asks for a password on this machine only.
#[test]
fn a_password_over_plain_http() {
    let setup = Setup {
        password: true,
        ..Setup::default()
    };
    let (registry, home) = (Registry::start(&setup), Home::new());
    let to = registry.reference("conflict:1");
    let ran = push(&home, "conflict", &to, &["--insecure-http"]);
    refused(
        &home,
        &ran,
        31,
        "REGISTRY_UNAUTHORIZED",
        &["there are none"],
    );
    let file = shipped("conflict");
    let file = file.to_str().unwrap();
    let birth = home.birth(&["plugin", "push", file, &to, "--insecure-http"]);
    as_user(birth, PASSWORD).run().expect_code(0);
}
