//! What a registry asks for (RFC 9110, section 11.6.1; distribution
//! specification, "Token authentication").

/// How to show who one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password with every request.
    Basic,
    /// A token from somebody else.
    Bearer {
        /// Where to get it.
        realm: String,
        /// For whom it is.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header. Of several challenges the first that
    /// is known counts.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let mut rest = header.trim();
        while !rest.is_empty() {
            let (scheme, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let (parameters, next) = parameters(after);
            let value = |name: &str| {
                let found = parameters
                    .iter()
                    .find(|(n, _)| n.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            if scheme.trim_end_matches(',').eq_ignore_ascii_case("basic") {
                return Some(Self::Basic);
            }
            if scheme.eq_ignore_ascii_case("bearer")
                && let Some(realm) = value("realm")
            {
                let service = value("service");
                return Some(Self::Bearer { realm, service });
            }
            rest = next;
        }
        None
    }
}

/// Reads `name=value` pairs up to what is none, which begins another challenge.
fn parameters(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim();
        if name.is_empty() || name.contains([' ', ',']) {
            break;
        }
        let (value, after) = value(after.trim_start());
        found.push((name.to_owned(), value));
        rest = after.trim_start_matches([' ', ',']);
    }
    (found, rest)
}

/// A token or a quoted string, and what comes after it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
        })
    }

    #[test]
    fn known_challenges() {
        for (header, challenge) in [
            ("Basic realm=\"Registry Realm\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://a.example/token\",service=\"r.example\",scope=\"repository:a:pull\"",
                bearer("https://a.example/token", Some("r.example")),
            ),
            (
                "bearer Realm=https://a.example",
                bearer("https://a.example", None),
            ),
            (
                "Negotiate, Bearer realm=\"x\\\"y\" , service = \"s, t\"",
                bearer("x\"y", Some("s, t")),
            ),
            (
                "Digest realm=\"d\", nonce=\"1\", Basic realm=\"b\"",
                Some(Challenge::Basic),
            ),
            ("Bearer service=\"s\"", None),
            ("Negotiate", None),
            ("Bearer realm=\"never closed", bearer("never closed", None)),
            ("=, = ,,\"", None),
            ("", None),
        ] {
            assert_eq!(Challenge::parse(header), challenge, "{header}");
        }
    }
}
