//! `birth facts`.

mod export;
mod show;
mod stat;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use birth_core::outcome::Exit;
use birth_core::policy::Role;

use super::Output;
use crate::run::failure::Failure;

/// Take facts of a database into a file, and look at them.
///
/// Facts are what plugins decide by: the shape of tables, what is decided about
/// collections, their triggers. A file of them serves where no database is at
/// hand: `birth policy diff --facts FILE` compares policy sets over it.
#[derive(Debug, Args)]
pub(super) struct Facts {
    #[command(subcommand)]
    command: FactsCommand,
}

#[derive(Debug, Subcommand)]
enum FactsCommand {
    Export(Box<export::Export>),
    /// Show what a file says: every subject in a line, or all about one collection.
    Show {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The collection's key; without it, every subject in one line.
        #[arg(value_name = "COLLECTION")]
        collection: Option<String>,
    },
    /// Show where a file is from and how much is in it.
    Stat {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// A role, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RoleName {
    /// What coverage a collection needs.
    Classification,
    /// What a proposed object meets: the columns and checks of policy storage, and birth
    /// triggers.
    Conflict,
    /// Which coverage conditions a collection fails.
    Coverage,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Classification => Self::Classification,
            RoleName::Conflict => Self::Conflict,
            RoleName::Coverage => Self::Coverage,
        }
    }
}

/// The roles that were named, or all.
pub(super) fn wanted(roles: &[RoleName]) -> BTreeSet<Role> {
    match roles {
        [] => Role::ALL.into(),
        roles => roles.iter().copied().map(Role::from).collect(),
    }
}

impl Facts {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            FactsCommand::Export(export) => super::on_runtime(export.run(output)),
            FactsCommand::Show { file, collection } => show::show(file, collection, output),
            FactsCommand::Stat { file } => stat::stat(file, output),
        }
    }
}
