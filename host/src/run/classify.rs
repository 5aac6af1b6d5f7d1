//! Classification: reading a registry's collections, having them judged, and
//! the reports in the knowledge base. Writes nothing to a database.

use std::path::PathBuf;
use std::rc::Rc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::estate::{Estate, EstateColumns};
use birth_core::facts::classification::Batches;
use birth_core::op::storage::{FAMILY, KEY_CONCEPT};
use birth_core::outcome::FailureClass;
use birth_core::policy::artifact::{
    APPROVED_NAME, Approval, Artifact, ArtifactError, ArtifactFile, DRAFT_NAME, DraftError, Entry,
    FOLDER, Fault,
};
use birth_core::policy::verdict::Answer;
use birth_core::profile::Profile;
use birth_core::resolve::{ResolvedConcept, ResolvedFamily};

use super::failure::Failure;
use super::stage::read_server;
use super::{Access, resolution};
use crate::kb::Store;
use crate::pg::{ReadTransaction, Reader, Server};
use crate::plugin::set::PolicyRuntime;

/// The concept of a collection's governance role.
pub const ROLE_CONCEPT: &str = "collection_governance_role";
/// The concept of the schema of a collection's table.
pub const SCHEMA_CONCEPT: &str = "collection_schema";
/// The concept of the name of a collection's table.
pub const TABLE_CONCEPT: &str = "collection_table";

/// Everything a classification needs besides a database.
#[derive(Debug)]
pub struct Classifier {
    /// How names are recognised, and where tables are looked for.
    pub profile: Profile,
    /// The schema the person named.
    pub schema: Option<String>,
    /// Decides.
    pub policy: Rc<PolicyRuntime>,
}

/// What the names of a registry resolved to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegistryNames {
    /// The registry.
    pub registry: ResolvedFamily,
    /// Its key.
    pub key: ResolvedConcept,
    /// The governance role.
    pub role: ResolvedConcept,
    /// The schema of a collection's table, where there is such a column.
    pub schema: Option<ResolvedConcept>,
    /// The name of a collection's table, where there is such a column.
    pub table: Option<ResolvedConcept>,
}

/// A registry's collections as they are now and what the policy says of them.
#[derive(Debug)]
pub struct Classification {
    /// The server.
    pub server: Server,
    /// What the names resolved to.
    pub names: RegistryNames,
    /// The collections.
    pub estate: Estate,
    /// Their classification, as a draft.
    pub artifact: Artifact,
}

impl RegistryNames {
    /// Resolves the registry and its columns.
    pub async fn discover(
        reader: Reader<'_>,
        profile: &Profile,
        schema: Option<&str>,
    ) -> Result<Self, Failure> {
        let registry = resolution::family(reader, profile, FAMILY, schema).await?;
        Self::of(reader, profile, registry).await
    }

    /// Resolves the columns of a registry.
    pub async fn of(
        reader: Reader<'_>,
        profile: &Profile,
        registry: ResolvedFamily,
    ) -> Result<Self, Failure> {
        let key = resolution::concept(reader, profile, KEY_CONCEPT, &registry).await?;
        let role = resolution::concept(reader, profile, ROLE_CONCEPT, &registry).await?;
        let optional = |id| resolution::optional_concept(reader, profile, id, &registry);
        let (schema, table) = (
            optional(SCHEMA_CONCEPT).await?,
            optional(TABLE_CONCEPT).await?,
        );
        Ok(Self {
            key,
            role,
            schema,
            table,
            registry,
        })
    }

    /// The columns to read.
    pub fn columns(&self) -> Result<EstateColumns, Failure> {
        let optional = |concept: &Option<ResolvedConcept>| {
            let column = concept.as_ref().map(resolution::column);
            column.transpose()
        };
        Ok(EstateColumns {
            key: resolution::column(&self.key)?,
            role: resolution::column(&self.role)?,
            schema: optional(&self.schema)?,
            table: optional(&self.table)?,
        })
    }
}

/// The time as reports write it.
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Puts collections and what the policy answered together, in the order of the
/// collections.
pub fn entries(estate: &Estate, answers: Vec<Answer>) -> Result<Vec<Entry>, Failure> {
    let disagree = || {
        Failure::new(
            FailureClass::Internal,
            "ANSWERS_DO_NOT_FIT",
            format!(
                "{} collections do not fit the answers to them",
                estate.collections.len()
            ),
        )
    };
    if estate.collections.len() != answers.len() {
        return Err(disagree());
    }
    let pairs = estate.collections.iter().zip(answers);
    pairs
        .map(|(collection, answer)| Entry::judged(collection, answer).ok_or_else(disagree))
        .collect()
}

impl Classifier {
    /// Reads the collections and has them judged.
    pub async fn classify(&self, access: &Access) -> Result<Classification, Failure> {
        // A policy that cannot classify says so before anything is read.
        self.policy
            .plugin(birth_core::policy::Role::Classification)?;
        let session = access.open().await?;
        let transaction = ReadTransaction::begin(session, access.timeouts).await?;
        let server = read_server(&transaction).await?;
        let reader = transaction.reader();
        let names = RegistryNames::discover(reader, &self.profile, self.schema.as_deref()).await?;
        let registry = &names.registry.relation;
        let rules = &self.profile.collections;
        let estate = reader.estate(registry, &names.columns()?, rules).await?;
        let facts = reader.classification_facts(&estate).await?;
        transaction.end().await?.close().await;
        let made_at = now();
        let entries = entries(&estate, self.judge(&facts)?)?;
        let artifact = Artifact::draft(
            self.policy.revision(),
            server.database.clone(),
            made_at,
            entries,
        );
        let artifact = artifact.map_err(|error| match error {
            DraftError::Empty => Failure::new(
                FailureClass::Schema,
                "NO_COLLECTIONS",
                format!(
                    "the registry {} has no collection to classify",
                    registry.name
                ),
            )
            .with_hint(
                "register collections, or name another registry with --schema or birth.toml",
            ),
            DraftError::Duplicate(_) => Failure::new(
                FailureClass::Internal,
                "COLLECTION_TWICE",
                error.to_string(),
            ),
        })?;
        Ok(Classification {
            server,
            names,
            estate,
            artifact,
        })
    }

    fn judge(&self, facts: &Batches) -> Result<Vec<Answer>, Failure> {
        Ok(self.policy.judge_classification(facts)?.answers)
    }
}

/// A report in the knowledge base, or none.
pub fn report(store: &Store, name: &str) -> Result<Option<ArtifactFile>, Failure> {
    let Some(bytes) = get(store, name)? else {
        return Ok(None);
    };
    let read = ArtifactFile::read(&bytes);
    let file = read.map_err(|error| unusable(&store.path(FOLDER, name), &error))?;
    Ok(Some(file))
}

/// An approved report, and where it is.
#[derive(Debug)]
pub struct ApprovedReport {
    /// Its file.
    pub path: PathBuf,
    /// What it says.
    pub file: ArtifactFile,
}

/// The approved report of the knowledge base; an error where there is none, or
/// where it is none.
pub fn approved_report(store: &Store) -> Result<ApprovedReport, Failure> {
    let path = store.path(FOLDER, APPROVED_NAME);
    match report(store, APPROVED_NAME)? {
        Some(file) => approved(path, file),
        None => Err(no_approved_report(&path)),
    }
}

/// The approved report that a person named.
pub fn approved_report_at(path: &std::path::Path) -> Result<ApprovedReport, Failure> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(no_approved_report(path));
        }
        Err(error) => {
            return Err(Failure::new(
                FailureClass::Filesystem,
                "REPORT_NOT_READABLE",
                format!("{} cannot be read: {error}", path.display()),
            ));
        }
    };
    let file = ArtifactFile::read(&bytes).map_err(|error| unusable(path, &error))?;
    approved(path.to_path_buf(), file)
}

fn approved(path: PathBuf, file: ArtifactFile) -> Result<ApprovedReport, Failure> {
    file.check_approved()
        .map_err(|error| unusable(&path, &error))?;
    Ok(ApprovedReport { path, file })
}

fn no_approved_report(path: &std::path::Path) -> Failure {
    Failure::new(
        FailureClass::Policy,
        "NO_APPROVED_REPORT",
        format!(
            "there is no approved classification report: {} is not there",
            path.display()
        ),
    )
    .with_hint("make a draft with `birth classify` and approve it with `birth classify approve`")
}

/// What is in the place of the approved report, for an approval that replaces
/// it: the report, or why it cannot be read. One that a newer host wrote is not
/// to be replaced.
pub fn replaceable_report(store: &Store) -> Result<Option<Result<Artifact, Failure>>, Failure> {
    let Some(bytes) = get(store, APPROVED_NAME)? else {
        return Ok(None);
    };
    let path = store.path(FOLDER, APPROVED_NAME);
    match ArtifactFile::read(&bytes) {
        Ok(file) => Ok(Some(Ok(file.artifact))),
        Err(error) if matches!(error.fault, Fault::Newer { .. }) => Err(unusable(&path, &error)),
        Err(error) => Ok(Some(Err(unusable(&path, &error)))),
    }
}

/// A report that cannot be used, with file and line.
#[must_use]
pub fn unusable(path: &std::path::Path, error: &ArtifactError) -> Failure {
    let (class, code) = match error.fault {
        Fault::NotApproved => (FailureClass::Policy, "REPORT_NOT_APPROVED"),
        Fault::OtherRevision { .. } | Fault::OtherDigest { .. } => {
            (FailureClass::Artifact, "REPORT_OF_OTHER_REVISION")
        }
        Fault::OtherDatabase { .. } => (FailureClass::Artifact, "OTHER_DATABASE"),
        _ => (FailureClass::Artifact, "REPORT_NOT_USABLE"),
    };
    Failure::new(class, code, format!("{}, {error}", path.display())).with_hint(error.fault.hint())
}

fn get(store: &Store, name: &str) -> Result<Option<Vec<u8>>, Failure> {
    store.get(FOLDER, name).map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "REPORT_NOT_READABLE",
            error.to_string(),
        )
    })
}

fn put(store: &Store, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
    store.put(FOLDER, name, bytes).map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "REPORT_NOT_WRITTEN",
            error.to_string(),
        )
    })?;
    Ok(store.path(FOLDER, name))
}

/// Where a draft went.
#[derive(Debug)]
pub struct Drafted {
    /// The draft.
    pub path: PathBuf,
    /// The copy of an earlier draft that people had worked on.
    pub kept: Option<PathBuf>,
}

/// Writes a draft into the knowledge base. A draft that is there and that is
/// not as a program wrote it is kept under another name: it is people's work.
pub fn put_draft(store: &Store, artifact: &Artifact) -> Result<Drafted, Failure> {
    let text = artifact.to_markdown();
    let kept = match get(store, DRAFT_NAME)? {
        Some(bytes) if is_edited(&bytes) => Some(keep(store, DRAFT_NAME, &bytes)?),
        _ => None,
    };
    Ok(Drafted {
        path: put(store, DRAFT_NAME, text.as_bytes())?,
        kept,
    })
}

/// Whether a report is not to the letter what a program writes.
fn is_edited(bytes: &[u8]) -> bool {
    ArtifactFile::read(bytes).map_or(true, |file| {
        file.declared != file.artifact.content() || file.artifact.to_markdown().as_bytes() != bytes
    })
}

/// Keeps a document under a name made of its own and of its digest.
fn keep(store: &Store, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
    let stem = name.strip_suffix(".md").unwrap_or(name);
    let name = format!("{stem}.{}.md", Digest::of(bytes).short());
    put(store, &name, bytes)
}

/// Approves a draft: keeps what was approved before, writes the new report
/// under a name of its own, and then puts it in the place of the old one.
pub fn put_approved(
    store: &Store,
    draft: Artifact,
    by: String,
    why: Option<String>,
) -> Result<(Artifact, PathBuf), Failure> {
    if let Some(bytes) = get(store, APPROVED_NAME)? {
        let archived = ArtifactFile::read(&bytes).ok();
        let archived = archived.and_then(|file| file.artifact.archive_name());
        match archived {
            Some(name) if get(store, &name)?.is_some_and(|kept| kept == bytes) => {}
            _ => {
                keep(store, APPROVED_NAME, &bytes)?;
            }
        }
    }
    let approved = draft.approve(Approval { by, at: now(), why });
    let text = approved.to_markdown();
    if let Some(name) = approved.archive_name() {
        put(store, &name, text.as_bytes())?;
    }
    let path = put(store, APPROVED_NAME, text.as_bytes())?;
    Ok((approved, path))
}
