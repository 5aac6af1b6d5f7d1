//! `birth classify`.

mod approve;
mod changes;
mod draft;
mod show;
mod words;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use birth_core::outcome::Exit;

use super::options::{KnowledgeBase, WaitingOptions};
use super::{DatabaseOptions, Output, PolicyOptions};
use crate::run::Access;
use crate::run::classify::{Classification, Classifier};
use crate::run::failure::Failure;

/// Classify the registry's collections: which of them need births.
///
/// Reads every registered collection with the shape of its table, asks the
/// policy, and writes a report as a draft: Markdown with one entry per
/// collection, for people to read, edit and approve. Changes nothing in the
/// database. An unapproved policy may classify, and is named as such.
///
/// A draft that people have edited is never lost: it is kept under another
/// name.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Classify {
    #[command(subcommand)]
    command: Option<ClassifyCommand>,
    /// Write the draft to this file instead of into the knowledge base.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    knowledge_base: KnowledgeBase,
}

#[derive(Debug, Subcommand)]
enum ClassifyCommand {
    /// Approve a draft.
    ///
    /// Checks it against the live registry and the policy set, shows what
    /// changes, asks, and puts it in the place of the approved report. What was
    /// approved before is kept. Only a draft of an approved policy revision can
    /// be approved.
    Approve(approve::Approve),
    /// Classify again and compare with the approved report.
    ///
    /// Exits 0 where nothing differs and 30 where something does.
    Diff {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        knowledge_base: KnowledgeBase,
    },
    /// Show what the policy says of a collection now, with every reason.
    Show {
        /// The collection's key; without it, every collection in one line.
        key: Option<String>,
        #[command(flatten)]
        source: Source,
    },
}

/// What is classified, and by which policy.
#[derive(Debug, Args)]
pub(super) struct Source {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

impl Classify {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            None => draft::run(&self.source, &self.knowledge_base, self.out, output).await,
            Some(ClassifyCommand::Approve(approve)) => approve.run(output).await,
            Some(ClassifyCommand::Diff {
                source,
                knowledge_base,
            }) => changes::run(&source, &knowledge_base, output).await,
            Some(ClassifyCommand::Show { key, source }) => {
                show::run(&source, key.as_deref(), output).await
            }
        }
    }
}

impl Source {
    fn classifier(&self, output: &Output) -> Result<Classifier, Failure> {
        Ok(Classifier {
            policy: self.policy.open()?,
            profile: self.database.profile(output)?,
            schema: self.database.schema.clone(),
        })
    }

    /// Classifies now.
    async fn classify(
        &self,
        classifier: &Classifier,
        output: &Output,
    ) -> Result<Classification, Failure> {
        let access = Access {
            connection: self.database.settings()?,
            timeouts: self.waiting.timeouts(),
        };
        output.progress(&format!("connecting to {}", access.connection.describe()));
        let classified = classifier.classify(&access).await?;
        words::warn(output, classifier, &classified);
        Ok(classified)
    }
}
