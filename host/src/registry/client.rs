//! Questions to one or more registries: with the right proof of who we are, and
//! only to whom it belongs; elsewhere without it; and an answer that is no
//! success as an error.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::{Method, StatusCode};
use serde::Deserialize;

use birth_core::policy::reference::Reference;

use super::credentials::Sources;
use super::error::RegistryError;
use super::layout::shown;
use super::origin::{Origin, PlainHttp, Target};
use super::transport::{Answer, Question, Transport};

/// How often we go somewhere else for one answer.
const REDIRECTS: usize = 5;

/// Bytes of an answer that says why not.
const REASON: u64 = 16 << 10;

/// How to speak to registries.
#[derive(Debug, Clone)]
pub struct Options {
    /// Authorities that take the place of the system's.
    pub ca: Option<PathBuf>,
    /// Where plain HTTP is spoken.
    pub plain: PlainHttp,
    /// Longest silence.
    pub timeout: Duration,
    /// Who we are.
    pub credentials: Sources,
}

/// Speaks to registries.
#[derive(Debug)]
pub struct Registry {
    pub(super) transport: Transport,
    pub(super) plain: PlainHttp,
    pub(super) credentials: Sources,
    proofs: RefCell<BTreeMap<Place, HeaderValue>>,
    // Whatever a registry says is searched for these before it is shown.
    pub(super) secrets: RefCell<Vec<String>>,
}

/// What is wanted of a repository; a token is good for one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Pull,
    Push,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push to",
        }
    }
}

/// A repository in a registry, and what we want of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) registry: String,
    pub(super) repository: String,
    pub(super) action: Action,
}

impl Place {
    pub(super) fn of(reference: &Reference, action: Action) -> Self {
        Self {
            registry: reference.registry.clone(),
            repository: reference.repository.clone(),
            action,
        }
    }
}

/// What a registry says with an error.
#[derive(Deserialize)]
struct Reasons {
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Registry {
    /// Connects to nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            transport: Transport::new(options.ca, options.timeout),
            plain: options.plain,
            credentials: options.credentials,
            proofs: RefCell::default(),
            secrets: RefCell::default(),
        }
    }

    /// The address of something in a repository.
    pub(super) fn target(&self, place: &Place, what: &str) -> Result<Target, RegistryError> {
        let origin = Origin::of_registry(&place.registry, &self.plain).ok_or_else(|| {
            RegistryError::Unreachable {
                registry: place.registry.clone(),
                reason: "it is no address".to_owned(),
            }
        })?;
        Ok(Target {
            origin,
            path: format!("/v2/{}/{what}", place.repository),
        })
    }

    /// Asks without a proof first, and once more with the one that is asked for.
    pub(super) async fn ask(
        &self,
        place: &Place,
        target: &Target,
        question: &Question,
    ) -> Result<Answer, RegistryError> {
        let known = self.proofs.borrow().get(place).cloned();
        let answer = self.follow(target, question, known.as_ref()).await?;
        if answer.head.status() != StatusCode::UNAUTHORIZED || answer.origin != target.origin {
            return Ok(answer);
        }
        let proof = self.proof(place, &answer).await?;
        self.proofs
            .borrow_mut()
            .insert(place.clone(), proof.clone());
        let answer = self.follow(target, question, Some(&proof)).await?;
        if answer.head.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        Err(self.refusal(place, question.during, answer).await)
    }

    /// Goes where it is sent, as far as that is safe: for a download, never from
    /// TLS to plain HTTP, and with the proof to nobody but the one it is for.
    async fn follow(
        &self,
        first: &Target,
        question: &Question,
        proof: Option<&HeaderValue>,
    ) -> Result<Answer, RegistryError> {
        let mut target = first.clone();
        let mut proof = proof;
        for _ in 0..=REDIRECTS {
            let mut question = question.clone();
            if let Some(proof) = proof {
                question.headers.insert(AUTHORIZATION, proof.clone());
            }
            let answer = self.transport.ask(&target, &question).await?;
            if !is_redirect(answer.head.status()) {
                return Ok(answer);
            }
            let next = location(&target, answer.head.headers());
            let why = match &next {
                None => Some("it is no address"),
                Some(_) if question.method != Method::GET && question.method != Method::HEAD => {
                    Some("only what is fetched may be elsewhere")
                }
                Some(next) => self.why_not(&target.origin, &first.origin, &next.origin),
            };
            match (next, why) {
                (Some(next), None) => {
                    if next.origin != first.origin {
                        // For good: who sent us away does not choose what we
                        // ask with a proof when we come back.
                        proof = None;
                    }
                    target = next;
                }
                (next, why) => {
                    return Err(RegistryError::Redirect {
                        registry: target.origin.authority(),
                        to: next.map_or("nowhere".to_owned(), |next| next.origin.to_string()),
                        during: question.during,
                        why: why.unwrap_or("it is no address"),
                    });
                }
            }
        }
        Err(RegistryError::Redirect {
            registry: first.origin.authority(),
            to: target.origin.to_string(),
            during: question.during,
            why: "it was sent on too often",
        })
    }

    /// Why an address is not gone to.
    fn why_not(&self, here: &Origin, first: &Origin, next: &Origin) -> Option<&'static str> {
        if next.tls || next == first {
            None
        } else if here.tls {
            Some("it leads from TLS to plain HTTP")
        } else {
            Some("it leads over plain HTTP to another address than the one that was named")
        }
    }

    /// An upload's next address: the registry's own, because what is sent there
    /// is sent with the proof.
    pub(super) fn next(
        &self,
        target: &Target,
        answer: &Answer,
        during: &'static str,
    ) -> Result<Target, RegistryError> {
        let refused = |to: String, why| RegistryError::Redirect {
            registry: target.origin.authority(),
            to,
            during,
            why,
        };
        let next = location(target, answer.head.headers())
            .ok_or_else(|| refused("nowhere".to_owned(), "it is no address"))?;
        if next.origin == target.origin {
            return Ok(next);
        }
        let why = "an upload goes to the registry that was named";
        Err(refused(next.origin.to_string(), why))
    }

    /// An answer that is no success, as an error.
    pub(super) async fn refusal(
        &self,
        place: &Place,
        during: &'static str,
        answer: Answer,
    ) -> RegistryError {
        let registry = answer.origin.authority();
        let status = answer.head.status();
        if is_page(answer.head.headers()) {
            let what = format!("it sends a web page and {status}");
            return RegistryError::NotARegistry { registry, what };
        }
        // That it does not say why is no error of its own.
        let said = answer.bytes("reason", REASON).await.unwrap_or_default();
        let said = self.reason(&said);
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let reason = said.unwrap_or_else(|| format!("it answers {status}"));
            return self.unauthorized(place, reason);
        }
        RegistryError::Refused {
            registry,
            during,
            status: status.as_u16(),
            said: said.map(|said| format!(": {said}")).unwrap_or_default(),
        }
    }

    pub(super) fn unauthorized(&self, place: &Place, reason: String) -> RegistryError {
        RegistryError::Unauthorized {
            registry: place.registry.clone(),
            repository: place.repository.clone(),
            action: place.action.word(),
            reason,
        }
    }

    /// The first reason, without what nobody should read.
    fn reason(&self, body: &[u8]) -> Option<String> {
        let reasons: Reasons = serde_json::from_slice(body).ok()?;
        let first = reasons.errors.into_iter().next()?;
        let said = format!("{} {}", first.code, first.message);
        let said = self.secrets.borrow().iter().fold(said, |said, secret| {
            if secret.is_empty() {
                said
            } else {
                said.replace(secret, "…")
            }
        });
        let said = shown(said.trim());
        (!said.is_empty()).then_some(said)
    }
}

/// A question without a body.
pub(super) fn question(method: Method, during: &'static str) -> Question {
    Question {
        method,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        during,
    }
}

/// Whether an answer is for people.
pub(super) fn is_page(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    media_type.is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn location(target: &Target, headers: &HeaderMap) -> Option<Target> {
    target.join(headers.get(LOCATION)?.to_str().ok()?)
}
