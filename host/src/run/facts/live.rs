//! Facts out of a live database: one read-only transaction that sees one moment,
//! pages of collections, a handful of queries for each page.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use birth_core::estate::Estate;
use birth_core::facts::pseudonym::Pseudonyms;
use birth_core::ident::QualifiedName;
use birth_core::op::DatabaseIdentity;
use birth_core::op::storage::FAMILY;
use birth_core::op::triggers::facts::{conflict_batches, propose};
use birth_core::policy::Role;
use birth_core::profile::Profile;

use super::file::{FORMAT, FactsWriter, not_written};
use super::lines::{First, KIND, LineRef, Lines, encode};
use super::{FactsEnd, FactsHead, Sink};
use crate::files::{Pending, ensure_replaceable, open_parent};
use crate::pg::{ReadTransaction, Reader};
use crate::plugin::set::PolicyRuntime;
use crate::run::classify::RegistryNames;
use crate::run::coverage::Coverage;
use crate::run::failure::Failure;
use crate::run::replay::Question;
use crate::run::stage::read_server;
use crate::run::triggers::by_table;
use crate::run::{Access, VERSION, resolution};

/// Rows of the registry that are read together.
const PAGE: usize = 4096;

/// Collections in one batch of the coverage role.
const BATCH: usize = 512;

/// What to read.
#[derive(Debug)]
pub struct LiveFacts {
    /// How names are recognised and derived.
    pub profile: Rc<Profile>,
    /// The schema the person named.
    pub schema: Option<String>,
    /// The policy set; it is asked nothing here.
    pub policy: Rc<PolicyRuntime>,
    /// The roles whose facts are wanted.
    pub roles: BTreeSet<Role>,
}

/// Hands facts on: under other names, encoded, counted.
struct Feed<'a> {
    pseudonyms: Option<&'a mut Pseudonyms>,
    lines: Lines,
    sink: &'a mut dyn Sink,
    rows_without_key: u64,
    duplicate_keys: u64,
}

impl Feed<'_> {
    fn batch(&mut self, question: Question) -> Result<(), Failure> {
        let question = match (&mut self.pseudonyms, question) {
            (None, question) => question,
            (Some(p), Question::Classification(f)) => Question::Classification(p.classification(f)),
            (Some(p), Question::Conflict(f)) => Question::Conflict(p.conflict(f)),
            (Some(p), Question::Coverage(f)) => Question::Coverage(p.coverage(f)),
        };
        let line = encode(&LineRef::Batch(&question))?;
        self.lines.batch(&question, &line);
        self.sink.batch(question, &line)
    }

    /// Every role goes through the same rows; they are counted once.
    fn rows(&mut self, (rows_without_key, duplicate_keys): (u64, u64)) {
        self.rows_without_key = self.rows_without_key.max(rows_without_key);
        self.duplicate_keys = self.duplicate_keys.max(duplicate_keys);
    }
}

impl LiveFacts {
    /// Reads the facts and hands them to a sink.
    pub async fn read(
        &self,
        access: &Access,
        mut pseudonyms: Option<&mut Pseudonyms>,
        sink: &mut dyn Sink,
        tell: &dyn Fn(&str),
    ) -> Result<(FactsHead, FactsEnd), Failure> {
        let session = access.open().await?;
        let transaction = ReadTransaction::begin(session, access.timeouts).await?;
        let server = read_server(&transaction).await?;
        let reader = transaction.reader();
        let (now, read_at) = reader.now().await?;
        let schema = self.schema.as_deref();
        let names = RegistryNames::discover(reader, &self.profile, schema).await?;
        let mut head = FactsHead {
            host: VERSION.to_owned(),
            database: server.database,
            server: server.version,
            registry: names.registry.relation.name.to_string(),
            read_at,
            roles: self.roles.clone(),
            pseudonyms: pseudonyms.is_some(),
        };
        if let Some(pseudonyms) = &mut pseudonyms {
            hide(&mut head, &names.registry.relation.name, pseudonyms);
        }
        let first = encode(&First {
            format: FORMAT,
            kind: KIND.to_owned(),
            head: &head,
        })?;
        sink.head(&head, &first)?;
        let mut feed = Feed {
            pseudonyms,
            lines: Lines::begin(&head, &first),
            sink,
            rows_without_key: 0,
            duplicate_keys: 0,
        };
        for role in &self.roles {
            match role {
                Role::Classification => {
                    self.classification(reader, &names, &mut feed, tell).await?;
                }
                Role::Conflict => self.conflict(reader, &names, &mut feed, tell).await?,
                Role::Coverage => self.coverage(reader, now, &mut feed, tell).await?,
            }
        }
        transaction.end().await?.close().await;
        let end = feed.lines.end(feed.rows_without_key, feed.duplicate_keys);
        Ok((head, end))
    }

    async fn classification(
        &self,
        reader: Reader<'_>,
        names: &RegistryNames,
        feed: &mut Feed<'_>,
        tell: &dyn Fn(&str),
    ) -> Result<(), Failure> {
        let questions = async |estate: &Estate| {
            let facts = reader.classification_facts(estate).await?;
            let batches = facts.into_batches().into_iter();
            Ok(batches.map(Question::Classification).collect())
        };
        let role = Role::Classification;
        self.each_page(reader, names, (role, questions), feed, tell)
            .await
    }

    /// What policy storage would create, and a birth trigger for every collection
    /// that has a table, whether it is to get one or not.
    async fn conflict(
        &self,
        reader: Reader<'_>,
        names: &RegistryNames,
        feed: &mut Feed<'_>,
        tell: &dyn Fn(&str),
    ) -> Result<(), Failure> {
        let schema = self.schema.as_deref();
        let registry = resolution::family(reader, &self.profile, FAMILY, schema).await?;
        let naming = &self.profile.naming;
        let facts = reader.storage_facts(&registry.relation, naming).await?;
        let batch = facts
            .batch(naming)
            .map_err(|error| Failure::from(birth_core::op::verdict::AssessError::Name(error)))?;
        feed.batch(Question::Conflict(batch))?;
        let Some(function) = resolution::function_if_any(reader, naming).await? else {
            tell("conflict: there is no birth function, so no birth trigger is asked about");
            return Ok(());
        };
        let questions = async |estate: &Estate| {
            let tables = estate.trigger_names(naming);
            let tables: Vec<(u32, &str)> = tables.iter().map(|(t, n)| (*t, n.as_str())).collect();
            let live = reader.birth_triggers(&tables, function.oid).await?.live;
            let proposals = propose(estate.collections.iter(), naming);
            let batches = conflict_batches(&proposals, &function, &by_table(live));
            Ok(batches.into_iter().map(Question::Conflict).collect())
        };
        self.each_page(reader, names, (Role::Conflict, questions), feed, tell)
            .await
    }

    /// Goes through the registry, page by page, and asks what a role is asked about
    /// the collections of each.
    async fn each_page(
        &self,
        reader: Reader<'_>,
        names: &RegistryNames,
        (role, questions): (
            Role,
            impl AsyncFn(&Estate) -> Result<Vec<Question>, Failure>,
        ),
        feed: &mut Feed<'_>,
        tell: &dyn Fn(&str),
    ) -> Result<(), Failure> {
        let registry = &names.registry.relation.name;
        let mut pages = reader.registry_pages(registry, &names.columns()?).await?;
        let (mut read, mut left_out) = (0, (0, 0));
        loop {
            let rows = pages.next(PAGE).await?;
            if rows.is_empty() {
                break;
            }
            let rows = rows.into_iter().map(|row| row.registered).collect();
            let rules = &self.profile.collections;
            let estate = reader.estate_to_look_at(rows, rules).await?;
            for question in questions(&estate).await? {
                feed.batch(question)?;
            }
            left_out.0 += estate.rows_without_key;
            left_out.1 += estate.duplicate_keys.len() as u64;
            read += estate.collections.len();
            tell(&format!("{role}: {read} collections"));
        }
        feed.rows(left_out);
        Ok(pages.close().await?)
    }

    async fn coverage(
        &self,
        reader: Reader<'_>,
        now: i64,
        feed: &mut Feed<'_>,
        tell: &dyn Fn(&str),
    ) -> Result<(), Failure> {
        let coverage = Coverage {
            profile: Rc::clone(&self.profile),
            schema: self.schema.clone(),
            policy: Rc::clone(&self.policy),
        };
        let names = coverage.discover(reader).await?;
        let mut pages = reader.collection_pages(&names.source, None).await?;
        let (mut read, mut left_out) = (0, (0, 0));
        loop {
            let rows = pages.next(PAGE).await?;
            if rows.is_empty() {
                break;
            }
            let snapshot = coverage.snapshot(reader, &names, now, rows).await?;
            for batch in snapshot.facts(&self.profile.naming, BATCH) {
                feed.batch(Question::Coverage(batch))?;
            }
            left_out.0 += snapshot.estate.rows_without_key;
            left_out.1 += snapshot.estate.duplicate_keys.len() as u64;
            read += snapshot.estate.collections.len();
            tell(&format!("coverage: {read} collections"));
        }
        feed.rows(left_out);
        Ok(pages.close().await?)
    }

    /// Reads the facts into a file, which is there whole or not at all.
    pub async fn export(
        &self,
        access: &Access,
        pseudonyms: Option<&mut Pseudonyms>,
        path: &Path,
        tell: &dyn Fn(&str),
    ) -> Result<(FactsHead, FactsEnd), Failure> {
        let fail = |error: std::io::Error| not_written(path, &error);
        let (dir, name) = open_parent(path).map_err(fail)?;
        ensure_replaceable(&dir, name).map_err(fail)?;
        let pending = Pending::create(&dir, name).map_err(fail)?;
        let mut writer = FactsWriter::new(&pending.file, path);
        let (head, end) = self.read(access, pseudonyms, &mut writer, tell).await?;
        writer.end(&end)?;
        pending.finish().map_err(fail)?;
        Ok((head, end))
    }
}

/// A head that tells nobody where the facts are from.
fn hide(head: &mut FactsHead, registry: &QualifiedName, pseudonyms: &mut Pseudonyms) {
    head.database = DatabaseIdentity {
        system_identifier: 0,
        timeline: 0,
        database_oid: 0,
        // A pseudonym keeps digits, and those of a database's name tell it.
        database: "database".to_owned(),
    };
    head.registry = pseudonyms.name(&registry.to_string());
}
