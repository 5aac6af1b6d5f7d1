//! Which databases are swept, and which part of them by this process.

use std::path::Path;
use std::rc::Rc;

use birth_core::coverage::{Shard, TargetEntry, TargetList};
use birth_core::outcome::FailureClass;
use birth_core::profile::Profile;

use super::{Sharing, Sweep, Target};
use crate::cli::Output;
use crate::cli::options::{
    UNATTENDED_CONNECT_TIMEOUT, connection, environment, read_named, read_profile,
};
use crate::pg::connect::{ConnectionSettings, secret_in};
use crate::plugin::set::PolicyRuntime;
use crate::run::coverage::Coverage;
use crate::run::failure::Failure;
use crate::run::{Access, sweep};

/// Where Kubernetes says which of its pods an indexed job's process is.
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";

/// A database and what sweeps it.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) access: Access,
    pub(super) sweep: sweep::Sweep,
}

/// Reads `I/N`.
pub(super) fn shard(text: &str) -> Result<Shard, String> {
    let numbers = text
        .split_once('/')
        .and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
    let (index, count) = numbers.ok_or_else(|| "write it like 0/3, 1/3 and 2/3".to_owned())?;
    if index < count {
        Ok(Shard { index, count })
    } else {
        Err(format!("the parts of {count} are counted from 0"))
    }
}

/// The part of this process; none for all.
pub(super) fn share(sharing: &Sharing) -> Result<Option<Shard>, Failure> {
    let Some(count) = sharing.shards else {
        return Ok(sharing.shard);
    };
    let refused = |what: String| {
        Failure::new(FailureClass::Configuration, "NO_SHARD_INDEX", what)
            .with_hint("run it as a job with completionMode: Indexed, or give --shard I/N")
    };
    let text = environment(INDEX_VARIABLE)
        .ok_or_else(|| refused(format!("--shards needs {INDEX_VARIABLE}, which is not set")))?;
    match text.parse() {
        Ok(index) if index < count => Ok(Some(Shard { index, count })),
        _ => Err(refused(format!(
            "{INDEX_VARIABLE} is {text:?}, which is no part of {count} (0 to {})",
            count - 1
        ))),
    }
}

/// The databases that this process sweeps.
pub(super) fn read(
    options: &Sweep,
    shard: Option<Shard>,
    policy: &Rc<PolicyRuntime>,
    output: &Output,
) -> Result<Vec<Target<Setup>>, Failure> {
    let profile = Rc::new(options.database.profile(output)?);
    let coverage = |profile, schema| Coverage {
        profile,
        schema,
        policy: Rc::clone(policy),
    };
    let timeouts = options.waiting.timeouts();
    let Some(path) = &options.fleet.targets else {
        let connection = options.database.settings()?;
        let schema = options.database.schema.clone();
        return Ok(vec![Target {
            name: connection.database().to_owned(),
            setup: Ok(Setup {
                sweep: options.engine(coverage(profile, schema), shard),
                access: Access {
                    connection,
                    timeouts,
                },
            }),
        }]);
    };
    let TargetList(entries) = TargetList::parse(&read_named(path, "the list of targets")?)
        .map_err(|error| unusable(path, &error.to_string()))?;
    for entry in &entries {
        refuse_secret(path, entry)?;
    }
    let entries = entries.into_iter().zip(0u64..);
    let mine = entries.filter(|(_, place)| shard.is_none_or(|shard| is_in(*place, shard)));
    let targets = mine.map(|(entry, _)| {
        let setup = fleet_access(&entry).and_then(|connection| {
            let profile = fleet_profile(&entry, path, &profile)?;
            let schema = entry.schema.clone();
            let schema = schema.or_else(|| options.database.schema.clone());
            Ok(Setup {
                sweep: options.engine(coverage(profile, schema), None),
                access: Access {
                    connection,
                    timeouts,
                },
            })
        });
        Target {
            name: entry.name,
            setup,
        }
    });
    Ok(targets.collect())
}

/// Whether the database at this place of the file is in the part. Going round
/// the parts spreads neighbours, which are often alike in size.
fn is_in(place: u64, shard: Shard) -> bool {
    place % u64::from(shard.count) == u64::from(shard.index)
}

fn unusable(path: &Path, what: &str) -> Failure {
    let message = format!("the list of targets {}: {what}", path.display());
    Failure::new(FailureClass::Configuration, "TARGETS_NOT_USABLE", message)
}

/// A file that lists databases is copied, mounted and committed: no place for a
/// secret. The whole file is refused, before anything is connected to.
fn refuse_secret(path: &Path, entry: &TargetEntry) -> Result<(), Failure> {
    // What cannot be read fails as a target, by itself.
    match secret_in(&entry.connection) {
        Ok(Some(keyword)) => {
            let what = format!("the connection of {} holds a {keyword}", entry.name);
            Err(unusable(path, &what).with_hint(
                "take it out, and put it into the password file (~/.pgpass, passfile=…) or a service (service=…)",
            ))
        }
        Ok(None) | Err(_) => Ok(()),
    }
}

fn fleet_access(entry: &TargetEntry) -> Result<ConnectionSettings, Failure> {
    Ok(connection(Some(&entry.connection))?.with_default_timeout(UNATTENDED_CONNECT_TIMEOUT))
}

/// The target's own profile, from beside the file that names it, else the one
/// that holds for all.
fn fleet_profile(
    entry: &TargetEntry,
    list: &Path,
    all: &Rc<Profile>,
) -> Result<Rc<Profile>, Failure> {
    match &entry.profile {
        Some(name) => read_profile(&list.with_file_name(name)).map(Rc::new),
        None => Ok(Rc::clone(all)),
    }
}
