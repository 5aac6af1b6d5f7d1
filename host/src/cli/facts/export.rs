//! `birth facts export`.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;
use serde::Serialize;

use birth_core::facts::pseudonym::Pseudonyms;
use birth_core::outcome::{Exit, Status};
use birth_core::policy::settings::SettingValue;

use super::{RoleName, wanted};
use crate::cli::options::WaitingOptions;
use crate::cli::output::{GOOD, plain, styled};
use crate::cli::{DatabaseOptions, Output, PolicyOptions};
use crate::plugin::set::PolicyRuntime;
use crate::run::Access;
use crate::run::facts::{FactsEnd, FactsHead, LiveFacts, new_secret};
use crate::run::failure::Failure;

/// Take a snapshot of a database's facts.
///
/// Reads what the plugins would be asked, of every collection, in one read-only
/// transaction, and writes it to a compressed file. Asks no plugin and changes
/// nothing. Of the role conflict these are the columns and checks of policy
/// storage, and a birth trigger on every table that a collection has.
///
/// With --pseudonyms every name is replaced, word by word: equal words by equal
/// pseudonyms, under a random secret that is not stored, so two exports have
/// nothing in common. Kept are the words that rules test (a fixed vocabulary of
/// common words of schemas, and every word of the policy set's settings),
/// separators, case, digits and plurals of names, single letters of ASCII, endings such
/// as the one of orderid, and whatever is no text. So is the order of the tables, which
/// is that of their keys: between two words that are kept it narrows what a name
/// begins with. Free text (comments, reasons,
/// people) is replaced whole, unless it is a setting of the policy; definitions of checks lose their digits; the database
/// keeps neither name nor numbers. How many tables there are, how they are built
/// and when things were decided can still be seen.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// Facts of this role only; may be given more than once [default: all].
    #[arg(long = "role", value_enum, value_name = "ROLE")]
    roles: Vec<RoleName>,
    /// The file to write. One that is there is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace names.
    #[arg(long)]
    pseudonyms: bool,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

#[derive(Serialize)]
struct Document<'a> {
    command: &'static str,
    file: &'a Path,
    #[serde(flatten)]
    head: &'a FactsHead,
    #[serde(flatten)]
    end: &'a FactsEnd,
}

impl Export {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let policy = self.policy.open()?;
        let access = Access {
            connection: self.database.settings()?,
            timeouts: self.waiting.timeouts(),
        };
        let facts = LiveFacts {
            profile: Rc::new(self.database.profile(output)?),
            schema: self.database.schema.clone(),
            policy: Rc::clone(&policy),
            roles: wanted(&self.roles),
        };
        let mut pseudonyms = match self.pseudonyms {
            true => Some(Pseudonyms::new(new_secret()?, settings(&policy))),
            false => None,
        };
        output.progress(&format!("connecting to {}", access.connection.describe()));
        let tell = |text: &str| output.progress(text);
        let (head, end) = facts
            .export(&access, pseudonyms.as_mut(), &self.out, &tell)
            .await?;
        if output.is_json() {
            output.json(&Document {
                command: "facts export",
                file: &self.out,
                head: &head,
                end: &end,
            })?;
            return Ok(Exit::Status(Status::Pass));
        }
        output.text(format!(
            "{} {}",
            styled(GOOD, "written:"),
            plain(&self.out.display().to_string())
        ));
        super::stat::counts(output, &head, &end);
        Ok(Exit::Status(Status::Pass))
    }
}

/// The texts of every setting: what rules may look for.
fn settings(policy: &PolicyRuntime) -> impl Iterator<Item = &str> {
    let pins = policy.set().plugins.values();
    pins.flat_map(|pin| pin.settings.values())
        .flat_map(|value| match value {
            SettingValue::Text(text) => std::slice::from_ref(text),
            SettingValue::Texts(texts) => texts,
            SettingValue::Truth(_) | SettingValue::Integer(_) => &[],
        })
        .map(String::as_str)
}
