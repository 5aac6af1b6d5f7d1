//! The meaning of a column's default.

/// What a default stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultMeaning {
    /// A sequence or a random identifier.
    Identifier,
    /// The present time, of whatever precision and type.
    Now,
    /// Anything else.
    Other,
}

/// Functions that give another identifier with every call; the names of the
/// extension `uuid-ossp` begin alike.
const IDENTIFIERS: [&str; 5] = [
    "nextval",
    "gen_random_uuid",
    "gen_random_bytes",
    "uuidv4",
    "uuidv7",
];

/// Words that stand for the present time (PostgreSQL manual, "Current
/// Date/Time"), in the case in which PostgreSQL prints them.
const NOW: [&str; 10] = [
    "now",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "LOCALTIMESTAMP",
    "LOCALTIME",
];

impl DefaultMeaning {
    /// Reads what `pg_get_expr` prints. A time that something is added to or
    /// taken from is another time.
    #[must_use]
    pub fn of(expression: &str) -> Self {
        let code = without_quoted(expression);
        let mut words = code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        if words
            .clone()
            .any(|w| IDENTIFIERS.contains(&w) || w.starts_with("uuid_generate_"))
        {
            return Self::Identifier;
        }
        // The cast of a text happens when a row is written.
        let now = words.any(|w| NOW.contains(&w)) || expression.contains("('now'::text)::");
        if now && !code.contains(['+', '-']) {
            Self::Now
        } else {
            Self::Other
        }
    }
}

/// The expression without what stands between quotes of either kind. A doubled
/// quote ends one stretch and begins the next, which comes to the same.
fn without_quoted(expression: &str) -> String {
    let mut within = None;
    let outside = expression.chars().filter(|&c| match within {
        None if c == '\'' || c == '"' => {
            within = Some(c);
            false
        }
        None => true,
        Some(quote) => {
            if c == quote {
                within = None;
            }
            false
        }
    });
    outside.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults() {
        use DefaultMeaning::{Identifier, Now, Other};
        let rows = [
            ("nextval('s.t_id_seq'::regclass)", Identifier),
            ("('A'::text || nextval('\"S\".q'::regclass))", Identifier),
            ("gen_random_uuid()", Identifier),
            ("public.uuid_generate_v4()", Identifier),
            ("uuidv7()", Identifier),
            ("now()", Now),
            ("CURRENT_TIMESTAMP", Now),
            ("CURRENT_TIMESTAMP(3)", Now),
            ("(now() AT TIME ZONE 'utc'::text)", Now),
            ("timezone('-03'::text, now())", Now),
            ("(date_part('epoch'::text, now()))::integer", Now),
            ("('now'::text)::date", Now),
            ("LOCALTIMESTAMP", Now),
            ("(now() + '01:00:00'::interval)", Other),
            ("(CURRENT_DATE - 1)", Other),
            ("'now'::text", Other),
            ("'now()'::text", Other),
            ("'it''s now()'::text", Other),
            ("\"now\"", Other),
            ("known()", Other),
            ("0", Other),
        ];
        for (text, expected) in rows {
            assert_eq!(DefaultMeaning::of(text), expected, "{text}");
        }
    }
}
