//! One exchange over a connection of its own, with a limit on everything: the
//! connection, every silence, the whole, and the size of the answer.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::body::Pieces;
use super::error::RegistryError;
use super::origin::{Origin, Target};

const AGENT: &str = concat!("birth/", env!("CARGO_PKG_VERSION"));

/// How many silences of the longest length an exchange may take in all.
const SILENCES: u32 = 20;

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// For errors: `while …`.
    pub(super) during: &'static str,
}

/// Makes connections.
#[derive(Debug)]
pub(super) struct Transport {
    ca: Option<PathBuf>,
    silence: Duration,
    // Made on first use: reading the system's certificates takes longer than a
    // registry on loopback.
    tls: OnceLock<Arc<ClientConfig>>,
}

/// An answer whose body has not come yet.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) origin: Origin,
    pub(super) head: Response<()>,
    during: &'static str,
    body: Incoming,
    silence: Duration,
    until: Instant,
}

impl Transport {
    pub(super) fn new(ca: Option<PathBuf>, silence: Duration) -> Self {
        Self {
            ca,
            silence,
            tls: OnceLock::new(),
        }
    }

    /// Asks once. Follows nothing.
    pub(super) async fn ask(
        &self,
        target: &Target,
        question: &Question,
    ) -> Result<Answer, RegistryError> {
        let origin = &target.origin;
        let limits = Limits {
            during: question.during,
            silence: self.silence,
            until: Instant::now() + self.silence * SILENCES,
        };
        let connected = async {
            let stream = connect(origin, self.silence).await.map_err(|error| {
                RegistryError::Unreachable {
                    registry: origin.authority(),
                    reason: error.to_string(),
                }
            })?;
            if !origin.tls {
                return Ok(Connection::Plain(stream));
            }
            let secured = self.secure(origin, stream).await?;
            Ok(Connection::Secure(Box::new(secured)))
        };
        let connection =
            timeout(self.silence, connected)
                .await
                .map_err(|_| RegistryError::Silent {
                    registry: origin.authority(),
                    during: "while it was connected to",
                    limit: self.silence,
                })??;
        match connection {
            Connection::Plain(stream) => exchange(stream, target, question, limits).await,
            Connection::Secure(stream) => exchange(*stream, target, question, limits).await,
        }
    }

    async fn secure(
        &self,
        origin: &Origin,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, RegistryError> {
        let failed = |reason: String| RegistryError::Tls {
            registry: origin.authority(),
            reason,
        };
        let config = match self.tls.get() {
            Some(config) => Arc::clone(config),
            None => {
                let made = Arc::new(super::tls::client_config(self.ca.as_deref())?);
                Arc::clone(self.tls.get_or_init(|| made))
            }
        };
        let name = ServerName::try_from(origin.host.clone())
            .map_err(|_| failed("its name cannot be in a certificate".to_owned()))?;
        TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| failed(error.to_string()))
    }
}

enum Connection {
    Plain(TcpStream),
    Secure(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

#[derive(Clone, Copy)]
struct Limits {
    during: &'static str,
    silence: Duration,
    until: Instant,
}

impl Limits {
    /// What the clock stopped.
    fn over(&self, origin: &Origin) -> RegistryError {
        let (registry, during) = (origin.authority(), self.during);
        if Instant::now() < self.until {
            let limit = self.silence;
            return RegistryError::Silent {
                registry,
                during,
                limit,
            };
        }
        let limit = self.silence * SILENCES;
        RegistryError::TooSlow {
            registry,
            during,
            limit,
        }
    }

    fn next(&self) -> Instant {
        self.until.min(Instant::now() + self.silence)
    }
}

/// Connects to the first address that answers. What the system holds back of an
/// upload is little, because it counts as taken: on a slow line, megabytes of it
/// would look like a registry that does not answer.
/// To the first address of a name that answers. Each has its part of the time: one
/// that nobody reaches must not use up that of the others.
async fn connect(origin: &Origin, within: Duration) -> io::Result<TcpStream> {
    const HELD_BACK: u32 = 256 << 10;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    let addresses = lookup_host((origin.host.as_str(), origin.port)).await?;
    let addresses: Vec<SocketAddr> = addresses.collect();
    let each = within / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    for address in addresses {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let connected = async {
            let socket = socket?;
            socket.set_send_buffer_size(HELD_BACK)?;
            socket.connect(address).await
        };
        match timeout(each, connected).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &Target,
    question: &Question,
    limits: Limits,
) -> Result<Answer, RegistryError> {
    let origin = &target.origin;
    let (body, taken) = Pieces::new(question.body.clone());
    let mut request = Request::new(body);
    *request.method_mut() = question.method.clone();
    *request.uri_mut() = target.path.parse().map_err(|_| misread(origin))?;
    *request.headers_mut() = question.headers.clone();
    let host = HeaderValue::from_str(&origin.authority()).map_err(|_| misread(origin))?;
    request.headers_mut().insert(HOST, host);
    let agent = HeaderValue::from_static(AGENT);
    request.headers_mut().insert(USER_AGENT, agent);

    let answered = async {
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_headers(100)
            .handshake(TokioIo::new(stream))
            .await?;
        // Ends by itself when the answer has been read or dropped.
        tokio::spawn(connection);
        sender.send_request(request).await
    };
    let mut answered = pin!(answered);
    let answer = loop {
        let before = taken.bytes();
        match timeout_at(limits.next(), &mut answered).await {
            Ok(answer) => break answer.map_err(|error| broken(origin, limits.during, &error))?,
            // A long body is no silence as long as it is taken.
            Err(_) if taken.bytes() != before && Instant::now() < limits.until => {}
            Err(_) => return Err(limits.over(origin)),
        }
    };
    let (head, body) = answer.into_parts();
    Ok(Answer {
        origin: origin.clone(),
        head: Response::from_parts(head, ()),
        during: limits.during,
        body,
        silence: limits.silence,
        until: limits.until,
    })
}

impl Answer {
    /// The body; refused where it has more bytes than the limit.
    pub(super) async fn bytes(
        mut self,
        what: &'static str,
        limit: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        let limits = Limits {
            during: self.during,
            silence: self.silence,
            until: self.until,
        };
        let too_large = |found: String| RegistryError::TooLarge {
            registry: self.origin.authority(),
            what,
            found,
            limit,
        };
        let announced = self.head.headers().get(CONTENT_LENGTH);
        let announced: Option<u64> = announced.and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(size) = announced.filter(|size| *size > limit) {
            return Err(too_large(format!("{size} bytes")));
        }
        let mut bytes = Vec::new();
        loop {
            let frame = timeout_at(limits.next(), self.body.frame())
                .await
                .map_err(|_| limits.over(&self.origin))?;
            let Some(frame) = frame else {
                return Ok(bytes);
            };
            let frame = frame.map_err(|error| broken(&self.origin, self.during, &error))?;
            if let Some(data) = frame.data_ref() {
                if (bytes.len() + data.len()) as u64 > limit {
                    return Err(too_large("more".to_owned()));
                }
                bytes.extend_from_slice(data);
            }
        }
    }
}

fn misread(origin: &Origin) -> RegistryError {
    RegistryError::NotARegistry {
        registry: origin.authority(),
        what: "it names an address that is none".to_owned(),
    }
}

/// hyper's own words, with the cause: they name neither headers nor addresses.
fn broken(origin: &Origin, during: &'static str, error: &hyper::Error) -> RegistryError {
    let registry = origin.authority();
    if error.is_parse() {
        let what = format!("its answer is not HTTP ({error})");
        return RegistryError::NotARegistry { registry, what };
    }
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    RegistryError::Broken {
        registry,
        during,
        reason: format!("{error}{}", cause.unwrap_or_default()),
    }
}
