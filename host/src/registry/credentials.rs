//! Who we are to a registry: the environment, or what `docker login` left.

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::error::RegistryError;

/// Larger than any configuration of docker's.
const CONFIG: u64 = 1 << 20;

/// The user of a helper's answer whose secret is no password.
const TOKEN_USER: &str = "<token>";

/// A user and a password. Shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl Credentials {
    /// As the value of an Authorization header has it.
    pub(super) fn basic(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.user, self.password))
    }
}

/// Where credentials come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Those of the environment, and the only registry that gets to see them.
    pub environment: Option<(String, Credentials)>,
    /// `config.json` of docker.
    pub docker: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl Sources {
    /// The credentials for a registry; none where there are none for it.
    pub(super) fn find(&self, registry: &str) -> Result<Option<Credentials>, RegistryError> {
        if let Some((of, credentials)) = &self.environment
            && of.eq_ignore_ascii_case(registry)
        {
            return Ok(Some(credentials.clone()));
        }
        self.docker(registry)
            .map_err(|reason| RegistryError::Credentials {
                registry: registry.to_owned(),
                reason,
            })
    }

    fn docker(&self, registry: &str) -> Result<Option<Credentials>, String> {
        let Some(path) = &self.docker else {
            return Ok(None);
        };
        let shown = path.display();
        let text = match std::fs::metadata(path) {
            Ok(found) if found.len() > CONFIG => {
                return Err(format!("{shown} has more than {CONFIG} bytes"));
            }
            Ok(_) => std::fs::read(path),
            Err(error) => Err(error),
        };
        let text = match text {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{shown} cannot be read: {error}")),
        };
        // Only where the error is: its text may quote a password.
        let config: Config = serde_json::from_slice(&text).map_err(|error| {
            format!(
                "{shown} is not as docker writes it, at line {} column {}",
                error.line(),
                error.column()
            )
        })?;
        let of_registry = |name: &&String| is_same(bare(name), registry);
        let helpers = &config.cred_helpers;
        let helper = helpers.iter().find(|(name, _)| of_registry(name));
        if let Some(helper) = helper.map(|(_, h)| h).or(config.creds_store.as_ref())
            && let Some(found) = ask_helper(helper, kept_as(registry))?
        {
            return Ok(Some(found));
        }
        match config.auths.iter().find(|(name, _)| of_registry(name)) {
            None => Ok(None),
            Some((_, entry)) => entry.credentials().map_err(|why| format!("{shown}: {why}")),
        }
    }
}

/// Docker Hub: what people call it, what its programming interface is called, and
/// what `docker login` keeps it as.
const HUB: [&str; 3] = ["docker.io", "registry-1.docker.io", "index.docker.io"];
const HUB_IS_KEPT_AS: &str = "https://index.docker.io/v1/";

fn is_hub(registry: &str) -> bool {
    HUB.iter().any(|name| name.eq_ignore_ascii_case(registry))
}

fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (is_hub(one) && is_hub(other))
}

/// What a credential helper knows a registry as.
fn kept_as(registry: &str) -> &str {
    match is_hub(registry) {
        true => HUB_IS_KEPT_AS,
        false => registry,
    }
}

/// Host and port of what may be written as a URL.
fn bare(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.split('/').next().unwrap_or(name)
}

impl Entry {
    fn credentials(&self) -> Result<Option<Credentials>, String> {
        if let (Some(user), Some(password)) = (&self.username, &self.password) {
            return checked(user.clone(), password.clone()).map(Some);
        }
        if let Some(auth) = self.auth.as_ref().filter(|auth| !auth.is_empty()) {
            let broken = || "its `auth` is not a user and a password in base64".to_owned();
            let bytes = STANDARD.decode(auth.trim()).map_err(|_| broken())?;
            let text = String::from_utf8(bytes).map_err(|_| broken())?;
            let (user, password) = text.split_once(':').ok_or_else(broken)?;
            // Some write a NUL after the password.
            let password = password.trim_end_matches('\0');
            return checked(user.to_owned(), password.to_owned()).map(Some);
        }
        if self.identitytoken.is_some() {
            return Err(no_identity_tokens());
        }
        Ok(None)
    }
}

fn no_identity_tokens() -> String {
    "it holds an identity token, which is not supported".to_owned()
}

/// A colon would end the user early, on the registry's side.
fn checked(user: String, password: String) -> Result<Credentials, String> {
    if user.contains(':') {
        return Err("the user holds a colon".to_owned());
    }
    Ok(Credentials { user, password })
}

impl Credentials {
    /// Credentials of the environment.
    ///
    /// # Errors
    /// A user that cannot be sent.
    pub fn new(user: String, password: String) -> Result<Self, String> {
        checked(user, password)
    }
}

/// Asks `docker-credential-NAME get`, which reads the registry from its stdin.
fn ask_helper(name: &str, registry: &str) -> Result<Option<Credentials>, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(plain) {
        return Err("the name of the credential helper is not one".to_owned());
    }
    let program = format!("docker-credential-{name}");
    let failed = |reason: String| format!("{program} {reason}");
    let mut helper = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("could not be run: {error}")))?;
    if let Some(mut stdin) = helper.stdin.take() {
        // A helper that does not read says so with its answer.
        let _ = stdin.write_all(registry.as_bytes());
    }
    let output = helper
        .wait_with_output()
        .map_err(|error| failed(format!("could not be read: {error}")))?;
    if !output.status.success() {
        // This is how a helper says it has none, in words of its own choosing.
        return Ok(None);
    }
    let helped: Helped = serde_json::from_slice(&output.stdout)
        .map_err(|_| failed("did not answer with a user and a secret".to_owned()))?;
    if helped.username == TOKEN_USER {
        return Err(failed(no_identity_tokens()));
    }
    checked(helped.username, helped.secret).map(Some)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn sources(config: &str) -> (tempfile::TempDir, Sources) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        let sources = Sources {
            environment: None,
            docker: Some(path),
        };
        (folder, sources)
    }

    fn found(config: &str, registry: &str) -> Result<Option<(String, String)>, String> {
        let (_folder, sources) = sources(config);
        sources
            .find(registry)
            .map(|found| found.map(|c| (c.user, c.password)))
            .map_err(|error| error.to_string())
    }

    /// Docker Hub is kept under a name that nobody speaks to.
    #[test]
    fn docker_hub_has_three_names() {
        let auth = STANDARD.encode("me:secret");
        let config =
            format!(r#"{{"auths": {{"https://index.docker.io/v1/": {{"auth": "{auth}"}}}}}}"#);
        let (_folder, sources) = sources(&config);
        for registry in ["registry-1.docker.io", "docker.io", "index.docker.io"] {
            let found = sources.find(registry).unwrap().unwrap();
            assert_eq!(found.password, "secret", "{registry}");
        }
        assert_eq!(sources.find("docker.io.example").unwrap(), None);
        assert_eq!(
            kept_as("registry-1.docker.io"),
            "https://index.docker.io/v1/"
        );
        assert_eq!(kept_as("r.example:5000"), "r.example:5000");
    }

    #[test]
    fn what_docker_login_left() {
        let auth = STANDARD.encode("me:se:cret");
        let is = Ok(Some(("me".to_owned(), "se:cret".to_owned())));
        for name in [
            "r.example:5000",
            "https://r.example:5000",
            "https://r.example:5000/v1/",
        ] {
            let config = format!(r#"{{"auths": {{"{name}": {{"auth": "{auth}"}}}}, "x": 1}}"#);
            assert_eq!(found(&config, "r.example:5000"), is);
            assert_eq!(found(&config, "r.example"), Ok(None));
            assert_eq!(found(&config, "evil.example"), Ok(None));
        }
        let apart = r#"{"auths": {"r.example": {"username": "me", "password": "se:cret"}}}"#;
        assert_eq!(found(apart, "r.example"), is);
        assert_eq!(found("{}", "r.example"), Ok(None));
        assert_eq!(
            found(r#"{"auths": {"r.example": {}}}"#, "r.example"),
            Ok(None)
        );
    }

    #[test]
    fn an_unusable_configuration_is_named_and_not_quoted() {
        let colon = r#"{"auths": {"r.example": {"username": "a:b", "password": "secret"}}}"#;
        for (config, says) in [
            (r#"{"auths": "secret"}"#, "line 1 column"),
            ("secret", "line 1 column"),
            (
                r#"{"auths": {"r.example": {"auth": "%%secret"}}}"#,
                "base64",
            ),
            (
                r#"{"auths": {"r.example": {"auth": "c2VjcmV0"}}}"#,
                "base64",
            ),
            (
                r#"{"auths": {"r.example": {"identitytoken": "secret"}}}"#,
                "identity token",
            ),
            (colon, "colon"),
            (r#"{"credsStore": "../secret"}"#, "not one"),
            (
                r#"{"credsStore": "is-not-there"}"#,
                "docker-credential-is-not-there",
            ),
        ] {
            let error = found(config, "r.example").unwrap_err();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_environment_is_for_one_registry() {
        let credentials = Credentials::new("me".to_owned(), "secret".to_owned()).unwrap();
        let sources = Sources {
            environment: Some(("r.example".to_owned(), credentials.clone())),
            docker: None,
        };
        assert_eq!(sources.find("r.example").unwrap(), Some(credentials));
        assert_eq!(sources.find("evil.example").unwrap(), None);
        assert!(!format!("{sources:?}").contains("secret"));
    }
}
