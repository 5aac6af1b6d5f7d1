//! What `birth policy verify` found as SARIF, for code scanning: a result for each
//! failed check, at the file where it is mended.

use serde_json::{Value, json};

use birth_core::digest::Digest;
use birth_core::op::report::one_line;

use crate::cli::ci::sarif::{head, notification, percent_encoded, rule, tool};
use crate::plugin::set::{Check, Outcome, Verification, What};
use crate::run::failure::Failure;

pub(super) fn document(found: &Verification, set: Option<&str>, approved: Option<&str>) -> Value {
    let rules = What::ALL.map(|what| rule(what.word(), what.asks()));
    let results: Vec<Value> = found
        .checks
        .iter()
        .filter_map(|check| result(found, check, [set, approved]))
        .collect();
    let skipped = found
        .checks
        .iter()
        .filter(|c| matches!(c.outcome, Outcome::NotRun));
    let mut document = head();
    document["runs"] = json!([{
        "tool": tool(rules.to_vec()),
        "automationDetails": { "id": format!("birth/policy/{}/", one_line(&found.name)) },
        "invocations": [{ "executionSuccessful": true }],
        "results": results,
        "properties": {
            "name": found.name,
            "revision": found.revision,
            "wit": found.wit,
            "digest": found.digest,
            "signed": found.signed,
            "notRun": skipped.count(),
        },
    }]);
    document
}

/// The document where the set, its approvals or the trust file cannot be read.
pub(super) fn unreadable(failure: &Failure, set: Option<&str>) -> Value {
    let text = one_line(&failure.message);
    let mut document = head();
    document["runs"] = json!([{
        "tool": tool(vec![rule("readable", "can the policy set, its approvals and the trust file be read?")]),
        "automationDetails": { "id": "birth/policy/" },
        "invocations": [{
            "executionSuccessful": false,
            "toolExecutionNotifications": [notification("error", failure.code, text.clone())],
        }],
        "results": [{
            "ruleId": "readable",
            "ruleIndex": 0,
            "level": "error",
            "message": { "text": text },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": set.map_or_else(|| "birth".to_owned(), uri) },
                    "region": { "startLine": 1 },
                },
            }],
            "properties": { "code": failure.code },
        }],
    }]);
    document
}

fn result(
    found: &Verification,
    check: &Check,
    [set, approved]: [Option<&str>; 2],
) -> Option<Value> {
    let Outcome::Failed { error } = &check.outcome else {
        return None;
    };
    let (subject, file) = match check.role {
        Some(role) => (role.name(), set),
        None => ("approval", approved),
    };
    // What is built in has no file; code scanning takes no result without one.
    let uri = file.map_or_else(
        || {
            ["birth", &found.name, subject]
                .map(percent_encoded)
                .join("/")
        },
        uri,
    );
    let word = check.what.word();
    let print =
        Digest::of(format!("{}\n{subject}\n{word}\n{}", found.name, error.code()).as_bytes());
    Some(json!({
        "ruleId": word,
        "ruleIndex": What::ALL.iter().position(|what| *what == check.what),
        "level": "error",
        "message": { "text": one_line(&error.to_string()) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri },
                "region": { "startLine": 1 },
            },
            "logicalLocations": [{
                "name": subject,
                "fullyQualifiedName": format!("{}/{subject}", one_line(&found.name)),
                "kind": "module",
            }],
        }],
        "partialFingerprints": { "birth/v1": print },
        "properties": { "code": error.code() },
    }))
}

/// A path as code scanning resolves it: relative to where the command ran, or a
/// file's URI.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let encoded: Vec<String> = path.split('/').map(percent_encoded).collect();
    let encoded = encoded.join("/");
    if encoded.starts_with('/') {
        format!("file://{encoded}")
    } else {
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("policy/approved.toml"), "policy/approved.toml");
        assert_eq!(uri("./a b/ü.toml"), "a%20b/%C3%BC.toml");
        assert_eq!(uri("/etc/birth/x.toml"), "file:///etc/birth/x.toml");
    }
}
