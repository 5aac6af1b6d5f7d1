//! `birth doctor`.

mod gate;
mod triggers;

use std::rc::Rc;

use clap::Args;
use serde::Serialize;

use birth_core::health;
use birth_core::op::storage::{FAMILY, KEY_CONCEPT};
use birth_core::op::triggers::family;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::profile::Profile;
use birth_core::resolve::{ResolveError, optional};

use super::options::WaitingOptions;
use super::output::{BAD, BOLD, GOOD, plain, styled};
use super::{DatabaseOptions, Output, PolicyOptions};
use crate::pg::{MINIMUM_SERVER, ReadTransaction, Server, Session};
use crate::plugin::set::PolicyRuntime;
use crate::run::Access;
use crate::run::failure::Failure;
use crate::run::locks::{LockBudget, missing_rights};
use crate::run::resolution::{Survey, survey};

/// Check connection, server, rights, policy, locks and names; change nothing.
///
/// Checks everything an operation needs: connection, server version, the
/// role's rights (also for the rollback), the policy set, the lock budget, and
/// what every family and concept resolves to, and why. Changes nothing.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Ok,
    /// Something can do without it.
    Info,
    Failed,
}

/// One line of the diagnosis.
#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    check: String,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip)]
    class: FailureClass,
}

#[derive(Default)]
struct Diagnosis(Vec<Finding>);

impl Diagnosis {
    fn add(
        &mut self,
        level: Level,
        class: FailureClass,
        check: &str,
        detail: String,
        next: Option<String>,
    ) {
        self.0.push(Finding {
            level,
            check: check.to_owned(),
            detail,
            next,
            class,
        });
    }

    fn failure(&mut self, check: &str, failure: &Failure) {
        self.add(
            Level::Failed,
            failure.class,
            check,
            failure.message.clone(),
            failure.hint.clone(),
        );
    }

    /// What stops birth triggers and not policy storage.
    fn info(&mut self, check: &str, failure: &Failure) {
        let detail = format!("{} (birth triggers need it)", failure.message);
        self.add(
            Level::Info,
            failure.class,
            check,
            detail,
            failure.hint.clone(),
        );
    }

    fn name(&mut self, kind: &str, id: &str, found: Result<String, &ResolveError>, need: Need) {
        let (level, detail, next) = match (found, need) {
            (Ok(text), _) => (Level::Ok, format!("{id} is {text}"), None),
            (Err(error), Need::Required) => (Level::Failed, error.to_string(), Some(error.hint())),
            (Err(error), Need::Optional) => (Level::Info, format!("{error} (optional)"), None),
            (Err(error), Need::Triggers) => {
                let detail = format!("{error} (birth triggers need it)");
                (Level::Info, detail, Some(error.hint()))
            }
            (Err(error), Need::Findings) => {
                let detail = format!("{error} (what records coverage gaps needs it)");
                (Level::Info, detail, Some(error.hint()))
            }
        };
        self.add(level, FailureClass::Schema, kind, detail, next);
    }
}

impl Doctor {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let mut diagnosis = Diagnosis::default();
        match self.policy.open() {
            Ok(policy) => check_policy(&mut diagnosis, &policy),
            Err(failure) => diagnosis.failure("policy", &failure),
        }
        let profile = self.database.profile(output)?;
        let access = Access {
            connection: self.database.settings()?,
            timeouts: self.waiting.timeouts(),
        };
        match access.open().await {
            Err(error) => diagnosis.failure("connection", &error.into()),
            Ok(session) => {
                let tls = if session.encrypted() { "TLS" } else { "no TLS" };
                let detail = format!("{} ({tls})", access.connection.describe());
                diagnosis.add(
                    Level::Ok,
                    FailureClass::Connection,
                    "connection",
                    detail,
                    None,
                );
                // A check that cannot be made must not hide what the others found.
                if let Err(failure) = self.look(&mut diagnosis, session, &profile).await {
                    diagnosis.failure("server", &failure);
                }
            }
        }
        render(&diagnosis, output)?;
        let worst = diagnosis.0.iter().find(|f| f.level == Level::Failed);
        Ok(worst.map_or(Exit::Status(Status::Pass), |f| Exit::Failure(f.class)))
    }

    async fn look(
        &self,
        diagnosis: &mut Diagnosis,
        session: Session,
        profile: &Profile,
    ) -> Result<(), Failure> {
        let timeouts = self.waiting.timeouts();
        let transaction = ReadTransaction::begin(session, timeouts).await?;
        let schema = self.database.schema.as_deref();
        check_server(diagnosis, &transaction, profile, schema).await?;
        transaction.end().await?.close().await;
        Ok(())
    }
}

fn check_policy(diagnosis: &mut Diagnosis, policy: &Rc<PolicyRuntime>) {
    let found = policy.verify_all();
    for error in found.errors() {
        diagnosis.failure("policy", &Failure::from_plugin(error));
    }
    if found.ok {
        let detail = format!(
            "{} revision {}, digest {}, {}",
            found.name,
            found.revision,
            found.digest.short(),
            policy.leave_words()
        );
        diagnosis.add(Level::Ok, FailureClass::Policy, "policy", detail, None);
    }
}

async fn check_server(
    diagnosis: &mut Diagnosis,
    transaction: &ReadTransaction,
    profile: &Profile,
    schema: Option<&str>,
) -> Result<(), Failure> {
    let reader = transaction.reader();
    let server = reader.server().await?;
    check_version(diagnosis, &server);
    let found = survey(reader, profile, schema).await?;
    check_names(diagnosis, &found, profile);
    let registry = found
        .families
        .iter()
        .find(|f| f.id == FAMILY)
        .and_then(|f| f.result.as_ref().ok());
    let Some(registry) = registry else {
        return Ok(());
    };
    let rights = reader.table_rights(registry.relation.oid).await?;
    let table = &registry.relation.name;
    let missing = missing_rights(table, &rights);
    for failure in &missing {
        diagnosis.failure("rights", failure);
    }
    if missing.is_empty() {
        let role = &server.role;
        for detail in [
            format!("{role} may add and drop columns of {table}: storage and its rollback"),
            format!("{role} may read {table}"),
        ] {
            diagnosis.add(Level::Ok, FailureClass::Privilege, "rights", detail, None);
        }
    }
    let locks = LockBudget::of_alter_table(&server, &rights);
    let detail = format!(
        "storage needs {} locks; the server has room for {} and holds {}",
        locks.needed, locks.room, locks.held
    );
    match locks.check(table) {
        Ok(()) => diagnosis.add(Level::Ok, FailureClass::Database, "locks", detail, None),
        Err(failure) => diagnosis.failure("locks", &failure),
    }
    gate::check(diagnosis, reader, &server, profile, schema).await?;
    // Last: a table that it may not read ends the transaction.
    triggers::check(diagnosis, reader, &server, profile, schema).await
}

fn check_version(diagnosis: &mut Diagnosis, server: &Server) {
    let supported = server.version_number >= MINIMUM_SERVER;
    let level = if supported { Level::Ok } else { Level::Failed };
    let next = (!supported).then(|| "PostgreSQL 13 or newer is needed".to_owned());
    let detail = format!(
        "PostgreSQL {}, database {}",
        server.version, server.database.database
    );
    diagnosis.add(level, FailureClass::Configuration, "server", detail, next);
    if server.standby {
        let next = Some("connect to the primary".to_owned());
        diagnosis.add(
            Level::Failed,
            FailureClass::Database,
            "server",
            "it is a standby and cannot be written to".to_owned(),
            next,
        );
    }
}

/// How much a name that is not there matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    /// By birth triggers; without it, policy storage can still be set up.
    Triggers,
    /// Operations use it where it is there.
    Optional,
    /// By what records coverage gaps; the other operations do without.
    Findings,
}

/// A name that only some operations need is information, not a failure, and so is
/// one that they can do without.
fn check_names(diagnosis: &mut Diagnosis, found: &Survey, profile: &Profile) {
    for family in &found.families {
        let need = match family.id.as_str() {
            FAMILY => Need::Required,
            family::SPECIES_MAP | family::BIRTH_REGISTRY | family::ISSUES => Need::Triggers,
            _ => Need::Findings,
        };
        let text = family.result.as_ref();
        let text = text.map(|r| format!("{} ({})", r.relation.name, r.why));
        diagnosis.name("family", &family.id, text, need);
    }
    for concept in &found.concepts {
        let wanted = profile.concepts.get(&concept.id);
        let can_be_absent = wanted.is_some_and(|wanted| {
            wanted.optional && matches!(optional(wanted, concept.result.clone()), Ok(None))
        });
        let need = match concept.id.as_str() {
            KEY_CONCEPT => Need::Required,
            _ if can_be_absent => Need::Optional,
            _ if wanted.is_some_and(|w| w.family == health::FAMILY) => Need::Findings,
            _ => Need::Triggers,
        };
        let text = concept.result.as_ref();
        let text = text.map(|r| format!("{} ({})", r.column, r.why));
        diagnosis.name("concept", &concept.id, text, need);
    }
}

fn render(diagnosis: &Diagnosis, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&diagnosis.0);
    }
    for finding in &diagnosis.0 {
        let mark = match finding.level {
            Level::Ok => styled(GOOD, "ok    "),
            Level::Info => styled(BOLD, "info  "),
            Level::Failed => styled(BAD, "FAILED"),
        };
        output.text(format!(
            "{mark}  {:<10}  {}",
            finding.check,
            plain(&finding.detail)
        ));
        if let Some(next) = &finding.next {
            output.text(format!("                    next: {}", plain(next)));
        }
    }
    Ok(())
}
