//! `birth plugin pull`: the only command that fetches plugins.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;
use birth_core::policy::reference::Reference;

use super::fetch::{Pin, Pulled, Puller};
use super::places::PluginPlaces;
use super::registry::{self, ENVIRONMENT, RegistryOptions};
use crate::cli::Output;
use crate::cli::output::{BOLD, GOOD, one_line, styled};
use crate::cli::policies::read_policy_set;
use crate::files;
use crate::plugin::limits::Limits;
use crate::plugin::recognise::Recogniser;
use crate::run::failure::Failure;

/// Fetch components from a registry into the plugin store.
///
/// What comes has to hash to what was named, and to be a plugin that imports
/// nothing. With --policy, everything that a policy set names; what is in the
/// store already is checked and not fetched again. No other command fetches: a
/// run never waits for a registry.
#[derive(Debug, Args)]
#[command(after_help = ENVIRONMENT)]
pub(super) struct Pull {
    /// What to fetch: oci://HOST[:PORT]/REPOSITORY with :TAG, @sha256:… or both;
    /// with neither, the tag `latest`.
    #[arg(required_unless_present = "policy", conflicts_with = "policy")]
    reference: Option<String>,
    /// Fetch every plugin of this policy set.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write the component here as well.
    #[arg(long, short, value_name = "FILE", conflicts_with = "policy")]
    out: Option<PathBuf>,
    /// Use no network: check that the store has it.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    registry: RegistryOptions,
    #[command(flatten)]
    places: PluginPlaces,
}

#[derive(Serialize)]
struct PulledSet {
    name: String,
    revision: u32,
    plugins: Vec<Pulled>,
}

impl Pull {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        match (&self.reference, &self.policy) {
            (Some(text), _) => {
                let reference = registry::reference(text)?;
                self.one(&reference, output).await?;
            }
            (None, Some(path)) => self.set(path, output).await?,
            // clap demands one of them.
            (None, None) => {}
        }
        Ok(Exit::Status(Status::Pass))
    }

    fn puller(&self, named: Option<&Reference>) -> Result<Puller, Failure> {
        let registry = match self.offline {
            true => None,
            false => Some(self.registry.open(named)?),
        };
        let limits = Limits::default();
        let cache = self.places.cache();
        Ok(Puller {
            store: self.places.store()?,
            recogniser: Recogniser::new(cache.as_deref(), limits.clone())?,
            registry,
            limits,
        })
    }

    async fn one(&self, reference: &Reference, output: &Output) -> Result<(), Failure> {
        let puller = self.puller(Some(reference))?;
        let pulled = puller.pull(reference, None, output).await?;
        if let Some(path) = &self.out {
            write(path, &pulled.component)?;
        }
        if output.is_json() {
            return output.json(&pulled);
        }
        output.text(&pulled.reference);
        output.text(format!(
            "  role      {} (birth:policy@{})",
            pulled.role,
            one_line(&pulled.wit)
        ));
        output.text(format!(
            "  plugin    {} {}",
            one_line(&pulled.name),
            one_line(&pulled.version)
        ));
        output.text(format!("  sha256    {}", pulled.sha256));
        output.text(format!(
            "  size      {} bytes, imports nothing",
            pulled.bytes
        ));
        output.text(format!("  {}", styled(GOOD, pulled.from.word())));
        Ok(())
    }

    async fn set(&self, path: &Path, output: &Output) -> Result<(), Failure> {
        let set = read_policy_set(path)?;
        let mut plugins = Vec::new();
        let mut puller = None;
        for (&role, pin) in &set.plugins {
            let Some((reference, _)) = pin.reference() else {
                continue;
            };
            // A set of files asks for no credentials.
            let puller = match &mut puller {
                Some(puller) => puller,
                none => none.insert(self.puller(None)?),
            };
            let sha256 = pin.sha256;
            let pulled = puller.pull(&reference, Some(Pin { role, sha256 }), output);
            plugins.push(pulled.await.map_err(|failure| of_role(role, failure))?);
        }
        let pulled = PulledSet {
            name: set.name,
            revision: set.revision,
            plugins,
        };
        if output.is_json() {
            return output.json(&pulled);
        }
        let title = format!("{} revision {}", one_line(&pulled.name), pulled.revision);
        output.text(styled(BOLD, title));
        if pulled.plugins.is_empty() {
            output.text("  nothing to fetch: every plugin is a file beside the policy set");
        }
        for plugin in &pulled.plugins {
            output.text(format!(
                "  {}  {:<14}  {} {}, sha256 {}…",
                styled(GOOD, plugin.from.word()),
                plugin.role.name(),
                one_line(&plugin.name),
                one_line(&plugin.version),
                plugin.sha256.short()
            ));
        }
        Ok(())
    }
}

fn of_role(role: Role, failure: Failure) -> Failure {
    if failure.message.starts_with("plugin `") {
        return failure;
    }
    let message = format!("plugin `{role}`: {}", failure.message);
    Failure { message, ..failure }
}

/// Writes the component where a person wants it.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written =
        files::open_parent(path).and_then(|(dir, name)| files::replace_shared(&dir, name, bytes));
    written.map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "COMPONENT_NOT_WRITTEN",
            format!(
                "the component cannot be written to {}: {error}",
                path.display()
            ),
        )
    })
}
