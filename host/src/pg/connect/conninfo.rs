//! The database argument: a URL, a `key=value` string, or a database name.
//!
//! Parsing has no I/O. An error never quotes text that may be part of a
//! password: in a URL or string that does not parse nobody can tell which part
//! that was, so errors say where they are and quote only keywords that cannot
//! come from a misplaced password.

use super::error::SettingsError;
use super::parameters::{DEFINITIONS, is_secret};

/// Parameters in the order in which they were written.
pub(super) type Pairs = Vec<(String, String)>;

const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// Parses the argument by the rules of libpq for a `dbname` that may be a
/// connection string.
pub(super) fn parse(argument: &str) -> Result<Pairs, SettingsError> {
    if let Some(rest) = SCHEMES
        .iter()
        .find_map(|scheme| argument.strip_prefix(scheme))
    {
        return parse_url(rest);
    }
    if argument.contains('=') {
        return parse_key_values(argument);
    }
    // A database may be called like this, but a mistyped URL is likelier, and
    // as a name it would be printed with its password.
    if argument.contains("://") || argument.contains('@') {
        return Err(SettingsError::UrlScheme);
    }
    if argument.is_empty() {
        return Ok(Pairs::new());
    }
    Ok(vec![("dbname".to_owned(), argument.to_owned())])
}

/// The first parameter of an argument whose value is a secret, for arguments
/// that must not hold any.
///
/// # Errors
///
/// Any text that cannot be read.
pub fn secret_in(argument: &str) -> Result<Option<&'static str>, SettingsError> {
    let pairs = parse(argument)?;
    let mut keywords = DEFINITIONS.iter().map(|definition| definition.keyword);
    Ok(keywords.find(|known| is_secret(known) && pairs.iter().any(|(given, _)| given == known)))
}

fn url_error(part: &'static str, reason: &'static str) -> SettingsError {
    SettingsError::Url { part, reason }
}

fn parse_url(rest: &str) -> Result<Pairs, SettingsError> {
    let mut pairs = Pairs::new();
    // As in libpq, user information ends at the first '@' that comes before a
    // '/'; everything else in it may therefore hold '?' and ':'.
    let user_end = rest.find(['@', '/']);
    let (user_info, rest) = match user_end {
        Some(at) if rest[at..].starts_with('@') => (&rest[..at], &rest[at + 1..]),
        _ => ("", rest),
    };
    let (user, password) = match user_info.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (user_info, None),
    };
    if !user.is_empty() {
        pairs.push(("user".to_owned(), percent_decode(user, "user name")?));
    }
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        pairs.push(("password".to_owned(), percent_decode(password, "password")?));
    }

    let (before_query, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let (authority, database) = match before_query.split_once('/') {
        Some((authority, database)) => (authority, database),
        None => (before_query, ""),
    };
    // Stricter than libpq, which would take the tail of a password with a raw
    // '/' or '@' for a host or database name and print it.
    if authority.contains('@') || database.contains('@') {
        return Err(url_error(
            "authority",
            "it has an \"@\" where none can be; write \"@\" in a user name, password or \
             database name as %40 and \"/\" as %2F",
        ));
    }
    parse_hosts(authority, &mut pairs)?;
    if !database.is_empty() {
        pairs.push((
            "dbname".to_owned(),
            percent_decode(database, "database name")?,
        ));
    }
    if let Some(query) = query {
        parse_query(query, &mut pairs)?;
    }
    Ok(pairs)
}

/// `host[:port][,host[:port]…]`, as the lists that `host` and `port` hold.
fn parse_hosts(authority: &str, pairs: &mut Pairs) -> Result<(), SettingsError> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for item in authority.split(',') {
        let (host, port) = match item.strip_prefix('[') {
            Some(bracketed) => {
                let (address, after) = bracketed
                    .split_once(']')
                    .ok_or_else(|| url_error("host", "an IPv6 address lacks its closing \"]\""))?;
                match after.strip_prefix(':') {
                    Some(port) => (address, port),
                    None if after.is_empty() => (address, ""),
                    None => {
                        return Err(url_error(
                            "host",
                            "only a \":\" and a port may follow the \"]\" of an IPv6 address",
                        ));
                    }
                }
            }
            None => item.split_once(':').unwrap_or((item, "")),
        };
        // Checked here, not with the other ports: this text may be a password
        // with a raw "/" or "@" in it and must not be quoted.
        if !port.is_empty() && port.parse::<u16>().is_err() {
            return Err(url_error(
                "port",
                "it is not a number from 1 to 65535; if the password holds a \"/\", \
                 write it as %2F",
            ));
        }
        hosts.push(percent_decode(host, "host")?);
        ports.push(port);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        pairs.push(("host".to_owned(), hosts.join(",")));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        pairs.push(("port".to_owned(), ports.join(",")));
    }
    Ok(())
}

fn parse_query(query: &str, pairs: &mut Pairs) -> Result<(), SettingsError> {
    // A raw "@" may be legitimate in a value, but it may also end a password
    // with a raw "/" in it; then no part of the query may be quoted.
    let quotable = !query.contains('@');
    for item in query.split('&').filter(|item| !item.is_empty()) {
        let (keyword, value) = item
            .split_once('=')
            .ok_or_else(|| url_error("query", "a parameter in it has no \"=\""))?;
        let keyword = percent_decode(keyword, "query")?;
        let value = percent_decode(value, "query")?;
        // The JDBC spelling, which libpq accepts in URLs.
        let (keyword, value) = match (keyword.as_str(), value.as_str()) {
            ("ssl", "true") => ("sslmode".to_owned(), "require".to_owned()),
            _ => (keyword, value),
        };
        if !is_known(&keyword) && (!quotable || !is_plain(&keyword)) {
            return Err(url_error(
                "query",
                "a parameter in it is unknown; write \"@\" in a value as %40",
            ));
        }
        store(pairs, keyword, value)?;
    }
    Ok(())
}

/// Decodes `%XX`. The result must be UTF-8 without NUL.
fn percent_decode(text: &str, part: &'static str) -> Result<String, SettingsError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(url_error(
                part,
                "a \"%\" in it is not followed by two hexadecimal digits; \
                 write a literal \"%\" as %25",
            ));
        };
        // Two hexadecimal digits always fit.
        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    if bytes.contains(&0) {
        return Err(url_error(part, "%00 is not allowed in it"));
    }
    String::from_utf8(bytes).map_err(|_| url_error(part, "it does not decode to UTF-8"))
}

/// `keyword = value …`, values quoted with `'` where needed, `\` escapes.
fn parse_key_values(text: &str) -> Result<Pairs, SettingsError> {
    let mut pairs = Pairs::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let keyword_end = rest
            .find(|c: char| c == '=' || c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let keyword = &rest[..keyword_end];
        let after_secret = pairs
            .last()
            .is_some_and(|(previous, _)| is_secret(previous));
        let value = rest[keyword_end..].trim_start().strip_prefix('=');
        // Words after an unquoted password with a space in it are part of the
        // password; they are never quoted back.
        if !is_known(keyword) && after_secret {
            return Err(SettingsError::UnquotedSecret);
        }
        let Some(value) = value.filter(|_| is_plain(keyword)) else {
            return Err(SettingsError::KeyValueSyntax {
                reason: "each parameter is written keyword=value",
            });
        };
        let (value, after) = take_value(value.trim_start())?;
        store(&mut pairs, keyword.to_owned(), value)?;
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// One value at the start of `text`, unescaped, and the text after it.
fn take_value(text: &str) -> Result<(String, &str), SettingsError> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            space if !quoted && space.is_ascii_whitespace() => return Ok((value, &text[at..])),
            other => value.push(other),
        }
    }
    if quoted {
        return Err(SettingsError::KeyValueSyntax {
            reason: "a quoted value lacks its closing \"'\"",
        });
    }
    Ok((value, ""))
}

fn is_known(keyword: &str) -> bool {
    keyword == "requiressl"
        || DEFINITIONS
            .iter()
            .any(|definition| definition.keyword == keyword)
}

/// Whether a word looks like a keyword, so that it may be quoted in an error.
fn is_plain(keyword: &str) -> bool {
    !keyword.is_empty()
        && keyword.len() <= 32
        && keyword
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Stores a pair; the last of several values for a keyword wins, as in libpq.
fn store(pairs: &mut Pairs, keyword: String, value: String) -> Result<(), SettingsError> {
    if !is_known(&keyword) {
        return Err(SettingsError::UnknownParameter { keyword });
    }
    pairs.retain(|(earlier, _)| *earlier != keyword);
    pairs.push((keyword, value));
    Ok(())
}
