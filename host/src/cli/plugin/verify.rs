//! `birth plugin verify`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use birth_core::outcome::{Exit, Status};

use super::build;
use crate::cli::output::{BAD, GOOD, WARN, one_line, styled};
use crate::cli::{Output, PolicyOptions};
use crate::run::author::rebuild::{Comparison, Rebuilt, compare};
use crate::run::failure::Failure;

/// Verify that pinned components are of their sources: build these and compare.
///
/// Where the compiler is the one that is recorded with the approval, the bytes
/// must be those that are pinned: exits 24 where they are not. Another compiler
/// is named and gives other bytes; then both components must pass the kit,
/// answer its corpus alike and answer the crate's cases as expected: exits 30
/// where they do not. That they do proves nothing about facts that nobody asked
/// about; --identical takes the same bytes only.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Directories of the plugin crates.
    #[arg(long, value_name = "DIR", num_args = 1.., required = true)]
    rebuild: Vec<PathBuf>,
    /// Take nothing but the same bytes: exit 24 where another compiler gives
    /// others, however alike they behave.
    #[arg(long)]
    identical: bool,
    /// Use no network.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    policy: PolicyOptions,
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    rebuilt: &'a [Rebuilt],
}

impl Verify {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let policy = self.policy.open()?;
        let mut rebuilt = Vec::new();
        // One difference hides no other.
        for folder in &self.rebuild {
            let built = build::build(folder, self.offline, output)?;
            rebuilt.push(compare(folder, built, &policy)?);
        }
        let failure = |one: &Rebuilt| one.failure(self.identical);
        let failures: Vec<Failure> = rebuilt.iter().filter_map(failure).collect();
        if output.is_json() {
            output.json(&Report {
                ok: failures.is_empty(),
                rebuilt: &rebuilt,
            })?;
        }
        rebuilt.iter().for_each(|one| show(one, output));
        failures.iter().for_each(|failure| output.failure(failure));
        // The gravest decides: bytes that no compiler explains come first.
        let worst = failures.iter().map(|f| Exit::Failure(f.class));
        let worst = worst.min_by_key(|exit| exit.code());
        Ok(worst.unwrap_or(Exit::Status(Status::Pass)))
    }
}

fn show(rebuilt: &Rebuilt, output: &Output) {
    let words = match &rebuilt.result {
        Comparison::Identical => styled(GOOD, "identical to the pinned component"),
        Comparison::Agrees { detail } => {
            format!(
                "{}, and alike on {}",
                styled(
                    WARN,
                    "other bytes of another compiler: not proved to be of this source"
                ),
                one_line(detail)
            )
        }
        Comparison::Disagrees { .. } | Comparison::Differs => styled(BAD, "differs"),
    };
    output.text(format!("{:<14}  {words}", rebuilt.role.name()));
    output.text(format!("  builder       {}", one_line(&rebuilt.builder)));
    if rebuilt.result != Comparison::Identical {
        let recorded = rebuilt.recorded.as_deref().unwrap_or("none is recorded");
        output.text(format!("  pinned by     {}", one_line(recorded)));
        output.text(format!("  rebuilt       {}", rebuilt.rebuilt));
    }
    output.text(format!("  pinned        {}", rebuilt.pinned));
}
