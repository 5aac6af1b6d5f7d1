//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format Version
//! 2.1.0"; numbers are its sections).

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::run::VERSION;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What a document begins with; its runs are added.
pub(in crate::cli) fn head() -> Value {
    json!({ "$schema": SCHEMA, "version": "2.1.0" })
}

/// This program, with the rules that a run asked about.
pub(in crate::cli) fn tool(rules: Vec<Value>) -> Value {
    json!({ "driver": {
        "name": "birth",
        "version": VERSION,
        "semanticVersion": VERSION,
        "rules": rules,
    } })
}

/// A rule, in words that are on one line already.
pub(in crate::cli) fn rule(id: &str, meaning: &str) -> Value {
    json!({
        "id": id,
        "shortDescription": { "text": meaning },
        "defaultConfiguration": { "level": "error" },
    })
}

/// Something to be told that is no result.
pub(in crate::cli) fn notification(level: &str, code: &str, text: String) -> Value {
    json!({ "level": level, "descriptor": { "id": code }, "message": { "text": text } })
}

/// A text as one segment of a URI's path (RFC 3986, section 2.3).
pub(in crate::cli) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
