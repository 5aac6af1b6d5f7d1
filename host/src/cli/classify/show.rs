//! `birth classify show`: what the policy says of a collection now.

use serde::Serialize;

use birth_core::catalog::relation::RelationKind;
use birth_core::ident::QualifiedName;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::artifact::Entry;

use super::{Source, words};
use crate::cli::Output;
use crate::cli::output::{BOLD, plain, styled};
use crate::run::classify::Classification;
use crate::run::failure::Failure;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    relation: RelationKind,
    /// The relations that the key fits, where more than one does.
    candidates: &'a [QualifiedName],
}

pub(super) async fn run(
    source: &Source,
    key: Option<&str>,
    output: &Output,
) -> Result<Exit, Failure> {
    let classifier = source.classifier(output)?;
    let classified = source.classify(&classifier, output).await?;
    match key {
        Some(key) => one(&classified, key, output)?,
        None => all(&classified, output)?,
    }
    Ok(Exit::Status(Status::Pass))
}

fn all(classified: &Classification, output: &Output) -> Result<(), Failure> {
    let entries = classified.artifact.entries();
    if output.is_json() {
        return output.json(&entries);
    }
    for entry in entries {
        output.text(format!(
            "{}  {}",
            words::key(&entry.key),
            words::decision((entry.status, entry.scope))
        ));
    }
    Ok(())
}

fn one(classified: &Classification, key: &str, output: &Output) -> Result<(), Failure> {
    let entry = classified.artifact.find(key);
    let collection = classified.estate.find(key);
    let (Some(entry), Some(collection)) = (entry, collection) else {
        let registry = &classified.names.registry.relation.name;
        return Err(Failure::new(
            FailureClass::Configuration,
            "NO_SUCH_COLLECTION",
            format!("the registry {registry} has no collection {key:?}"),
        )
        .with_hint("`birth classify show` lists the collections"));
    };
    if output.is_json() {
        return output.json(&Document {
            entry,
            relation: collection.kind,
            candidates: &collection.candidates,
        });
    }
    output.text(styled(BOLD, words::key(key)));
    output.text(format!(
        "  verdict   {}, score {}",
        words::decision((entry.status, entry.scope)),
        entry.score()
    ));
    let role = entry.role.as_deref();
    output.text(format!(
        "  role      {}",
        role.map_or_else(|| "none".to_owned(), |r| plain(&format!("{r:?}")))
    ));
    output.text(format!(
        "  relation  {}{}",
        collection.kind.describe(),
        match &entry.table {
            Some(table) => format!(" {}", plain(table)),
            None => String::new(),
        }
    ));
    for candidate in &collection.candidates {
        output.text(format!(
            "            fits {}",
            plain(&candidate.to_string())
        ));
    }
    words::reasons(output, "  ", &entry.reasons);
    Ok(())
}
