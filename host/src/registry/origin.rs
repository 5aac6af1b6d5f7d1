//! Where a request goes, and which places may be spoken to without TLS.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;

/// Which registries are spoken to over plain HTTP. None unless a person says so.
#[derive(Debug, Clone, Default)]
pub struct PlainHttp {
    /// Those on this machine.
    pub loopback: bool,
    /// Those named, as `HOST` or `HOST:PORT`.
    pub named: Vec<String>,
}

impl PlainHttp {
    fn allows(&self, authority: &str, host: &str) -> bool {
        let named = |name: &String| name.eq_ignore_ascii_case(authority) || name == host;
        (self.loopback && is_loopback(host)) || self.named.iter().any(named)
    }
}

/// Scheme, host and port: who is spoken to, and who may see a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    /// The origin of a registry, as a reference names it.
    pub(super) fn of_registry(registry: &str, plain: &PlainHttp) -> Option<Self> {
        let uri: Uri = format!("https://{registry}/").parse().ok()?;
        let mut origin = Self::of_uri(&uri)?;
        let shown_host = uri.host()?.to_owned();
        if plain.allows(registry, &shown_host) {
            origin.tls = false;
            origin.port = uri.port_u16().unwrap_or(80);
        }
        Some(origin)
    }

    fn of_uri(uri: &Uri) -> Option<Self> {
        let (tls, default) = match uri.scheme_str()? {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return None,
        };
        let host = uri.host()?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some(Self {
            tls,
            host: host.to_ascii_lowercase(),
            port: uri.port_u16().unwrap_or(default),
        })
    }

    /// Whether what is sent there stays on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The value of the Host header.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Without path and query, which may hold a secret.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// An origin and what is asked of it: path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) origin: Origin,
    pub(super) path: String,
}

impl Target {
    /// The target that a URL names.
    pub(super) fn of_url(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        // A password in a URL is nobody's but the one's who put it there.
        if uri.authority()?.as_str().contains('@') {
            return None;
        }
        Some(Self {
            origin: Origin::of_uri(&uri)?,
            path: uri.path_and_query()?.to_string(),
        })
    }

    /// What a Location header means, seen from here (RFC 9110, section 10.2.2).
    pub(super) fn join(&self, location: &str) -> Option<Self> {
        if location.contains("://") && !location.starts_with('/') {
            return Self::of_url(location);
        }
        if location.starts_with("//") {
            let scheme = if self.origin.tls { "https:" } else { "http:" };
            return Self::of_url(&format!("{scheme}{location}"));
        }
        let here = self.path.split('?').next().unwrap_or("/");
        let folder = here.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = if location.starts_with('/') {
            location.to_owned()
        } else {
            format!("{folder}/{location}")
        };
        // The same check of what may stand in a path as for a whole URL.
        let uri: Uri = path.parse().ok()?;
        Some(Self {
            origin: self.origin.clone(),
            path: uri.path_and_query()?.to_string(),
        })
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.path
            .push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(name);
        self.path.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    self.path.push(char::from(byte));
                }
                _ => self.path.push_str(&format!("%{byte:02X}")),
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn target(url: &str) -> Target {
        Target::of_url(url).unwrap()
    }

    #[test]
    fn plain_http_is_for_whom_it_was_allowed() {
        let never = PlainHttp::default();
        let loopback = PlainHttp {
            loopback: true,
            named: vec![],
        };
        let named = PlainHttp {
            loopback: false,
            named: vec!["r.example:5000".to_owned(), "other.example".to_owned()],
        };
        let shown =
            |registry: &str, plain| Origin::of_registry(registry, plain).unwrap().to_string();
        assert_eq!(shown("localhost:5000", &never), "https://localhost:5000");
        assert_eq!(shown("localhost:5000", &loopback), "http://localhost:5000");
        assert_eq!(shown("127.8.8.8", &loopback), "http://127.8.8.8");
        assert_eq!(shown("[::1]:5000", &loopback), "http://[::1]:5000");
        assert_eq!(shown("10.0.0.1:5000", &loopback), "https://10.0.0.1:5000");
        assert_eq!(
            shown("localhost.evil.example", &loopback),
            "https://localhost.evil.example"
        );
        assert_eq!(shown("r.example:5000", &named), "http://r.example:5000");
        assert_eq!(shown("r.example:5001", &named), "https://r.example:5001");
        assert_eq!(shown("other.example:1", &named), "http://other.example:1");
        assert_eq!(shown("localhost:5000", &named), "https://localhost:5000");
    }

    #[test]
    fn a_location_is_read_from_where_it_was_given() {
        let here = target("https://r.example:5000/v2/a/blobs/uploads/");
        let joined = |location: &str| {
            here.join(location)
                .map(|t| format!("{}{}", t.origin, t.path))
        };
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(joined("/v2/x?s=1"), is("https://r.example:5000/v2/x?s=1"));
        assert_eq!(
            joined("uuid?s=1"),
            is("https://r.example:5000/v2/a/blobs/uploads/uuid?s=1")
        );
        assert_eq!(joined("http://r.example/x"), is("http://r.example/x"));
        assert_eq!(joined("//cdn.example/x"), is("https://cdn.example/x"));
        assert_eq!(joined("ftp://r.example/x"), None);
        assert_eq!(joined("https://me:secret@r.example/x"), None);
        assert_eq!(joined("/a b"), None);
        assert_eq!(joined("/a\r\nHost: x"), None);
        assert_eq!(joined("https://"), None);
    }

    #[test]
    fn a_value_cannot_leave_its_place_in_a_query() {
        let with = target("https://r.example/t?a=b").with("scope", "x:y&z=#");
        assert_eq!(with.path, "/t?a=b&scope=x%3Ay%26z%3D%23");
    }
}
