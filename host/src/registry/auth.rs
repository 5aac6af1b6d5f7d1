//! From a challenge to a proof of who we are.

use hyper::Method;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use serde::Deserialize;

use super::challenge::Challenge;
use super::client::{Action, Place, Registry, question};
use super::credentials::Credentials;
use super::error::RegistryError;
use super::origin::{Origin, Target};
use super::transport::Answer;

/// Bytes of a token's answer.
const TOKEN: u64 = 64 << 10;

const DURING: &str = "while it gave a token";

/// Distribution specification, "Token authentication": either name may be used.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Registry {
    /// The proof that an answer asks for.
    pub(super) async fn proof(
        &self,
        place: &Place,
        answer: &Answer,
    ) -> Result<HeaderValue, RegistryError> {
        let headers = answer.head.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenge = headers
            .filter_map(|header| Challenge::parse(header.to_str().ok()?))
            .next();
        let credentials = self.credentials.find(&place.registry)?;
        if let Some(credentials) = &credentials {
            let mut secrets = self.secrets.borrow_mut();
            secrets.push(credentials.password.clone());
            secrets.push(credentials.basic());
        }
        match challenge {
            None => {
                let reason = "it does not say how to log in".to_owned();
                Err(self.unauthorized(place, reason))
            }
            Some(Challenge::Basic) => match credentials {
                Some(credentials) => basic(place, &answer.origin, &credentials),
                None => {
                    let reason = "it asks for a user and a password, and there are none".to_owned();
                    Err(self.unauthorized(place, reason))
                }
            },
            Some(Challenge::Bearer { realm, service }) => {
                let target = self.realm(place, answer, &realm)?;
                self.token(place, target, service, credentials).await
            }
        }
    }

    /// Where tokens are given. A registry that says it over TLS may name another
    /// place; it must have TLS too. Over plain HTTP it is the registry itself, or
    /// this machine.
    fn realm(&self, place: &Place, answer: &Answer, realm: &str) -> Result<Target, RegistryError> {
        let not_followed = |to: String, why| RegistryError::Redirect {
            registry: place.registry.clone(),
            to,
            during: "for a token",
            why,
        };
        let target = Target::of_url(realm)
            .ok_or_else(|| not_followed("nowhere".to_owned(), "it is no address"))?;
        let from = &answer.origin;
        let (is_right, why) = match from.tls {
            true => (
                target.origin.tls,
                "tokens are not asked for over plain HTTP",
            ),
            // Whoever is on the way could have written it, and wait there for the
            // password.
            false => (
                target.origin == *from || from.is_loopback() && target.origin.is_loopback(),
                "it was named over plain HTTP, so nobody knows by whom",
            ),
        };
        match is_right {
            true => Ok(target),
            false => Err(not_followed(target.origin.to_string(), why)),
        }
    }

    async fn token(
        &self,
        place: &Place,
        target: Target,
        service: Option<String>,
        credentials: Option<Credentials>,
    ) -> Result<HeaderValue, RegistryError> {
        // What we want, and not what the registry would have us ask for.
        let actions = match place.action {
            Action::Pull => "pull",
            Action::Push => "pull,push",
        };
        let scope = format!("repository:{}:{actions}", place.repository);
        let target = match service {
            Some(service) => target.with("service", &service),
            None => target,
        };
        let target = target.with("scope", &scope);
        let mut question = question(Method::GET, DURING);
        if let Some(credentials) = credentials {
            let basic = basic(place, &target.origin, &credentials)?;
            question.headers.insert(AUTHORIZATION, basic);
        }
        // A redirect is not followed: nobody else gets to see the password.
        let answer = self.transport.ask(&target, &question).await?;
        if answer.head.status() != StatusCode::OK {
            return Err(self.refusal(place, DURING, answer).await);
        }
        let registry = answer.origin.authority();
        let not_a_token = |what: &str| RegistryError::NotARegistry {
            registry: registry.clone(),
            what: what.to_owned(),
        };
        let body = answer.bytes("token", TOKEN).await?;
        let token: Token = serde_json::from_slice(&body)
            .map_err(|_| not_a_token("what it gives for a token is not JSON"))?;
        let token = token
            .token
            .or(token.access_token)
            .filter(|token| !token.is_empty())
            .ok_or_else(|| not_a_token("it gives no token"))?;
        self.secrets.borrow_mut().push(token.clone());
        sensitive(&format!("Bearer {token}")).ok_or_else(|| not_a_token("its token cannot be sent"))
    }
}

fn basic(
    place: &Place,
    to: &Origin,
    credentials: &Credentials,
) -> Result<HeaderValue, RegistryError> {
    if !to.tls && !to.is_loopback() {
        return Err(RegistryError::InClear {
            registry: to.authority(),
        });
    }
    sensitive(&format!("Basic {}", credentials.basic())).ok_or_else(|| RegistryError::Credentials {
        registry: place.registry.clone(),
        reason: "they cannot be sent".to_owned(),
    })
}

/// A header that no log shows.
fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn shown_to(tls: bool, host: &str) -> Result<HeaderValue, RegistryError> {
        let place = Place {
            registry: host.to_owned(),
            repository: "a".to_owned(),
            action: Action::Pull,
        };
        let origin = Origin {
            tls,
            host: host.to_owned(),
            port: 5000,
        };
        let credentials = Credentials::new("me".to_owned(), "secret".to_owned()).unwrap();
        basic(&place, &origin, &credentials)
    }

    /// Whatever was allowed over plain HTTP, this is not.
    #[test]
    fn no_password_leaves_this_machine_in_clear() {
        for (tls, host) in [(true, "r.example"), (false, "::1"), (false, "localhost")] {
            let header = shown_to(tls, host).unwrap();
            assert!(header.is_sensitive(), "{host}");
        }
        for host in ["r.example", "10.0.0.1", "localhost.evil.example"] {
            let error = shown_to(false, host).unwrap_err();
            assert_eq!(error.code(), "REGISTRY_PASSWORD_IN_CLEAR", "{host}");
        }
    }
}
