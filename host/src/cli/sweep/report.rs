//! What the formats of a sweep's report share, and where a report goes.
//!
//! Every format is written from the summaries and the spools as a stream, so
//! that its size does not matter. The same sweep gives the same bytes: no
//! format asks for the time.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use birth_core::coverage::{Closing, Finding, Gap, Shard, Standing};
use birth_core::outcome::FailureClass;

use super::{json, junit, markdown, sarif, text};
use crate::cli::Format;
use crate::files::{create_unnamed, ensure_replaceable, open_parent, stream_atomically};
use crate::run::failure::Failure;
use crate::run::fleet::Swept;
use crate::run::spool::Spool;

/// All that a report says.
pub(super) struct Report<'a> {
    /// The databases, in order.
    pub(super) targets: &'a [Swept],
    /// Which part of a fleet they are; none for all of it.
    pub(super) share: Option<Shard>,
    /// How it ended.
    pub(super) closing: &'a Closing,
}

impl Report<'_> {
    fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Text => text::write(self, out),
            Format::Json => json::write(self, out),
            Format::Junit => junit::write(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Markdown => markdown::write(self, out),
        }
    }

    /// Writes the report to stdout. A reader that closed the pipe did not want
    /// the rest.
    pub(super) fn print(&self, format: Format) -> Result<(), Failure> {
        let written = if format == Format::Text {
            self.buffered(format, anstream::stdout())
        } else {
            // What takes styles away would look for them in the data.
            self.buffered(format, io::stdout())
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| not_written("stdout", error)),
        }
    }

    /// Whether a report can be put into a file: asked before anything is
    /// recorded.
    pub(super) fn ensure_can_save(path: &Path) -> Result<(), Failure> {
        let can = open_parent(path).and_then(|(dir, name)| {
            ensure_replaceable(&dir, name)?;
            create_unnamed(&dir)
        });
        can.map(drop).map_err(|error| {
            Failure::new(
                FailureClass::Filesystem,
                "REPORT_NOT_WRITTEN",
                format!("no report can be written to {}: {error}", path.display()),
            )
            .with_hint("nothing was swept; name a file in a directory that is writable")
        })
    }

    /// Puts the report into a file, which is new or replaced once it is whole.
    pub(super) fn save(&self, format: Format, path: &Path) -> Result<(), Failure> {
        let written = open_parent(path).and_then(|(dir, name)| {
            ensure_replaceable(&dir, name)?;
            stream_atomically(&dir, name, |file| {
                if format == Format::Text {
                    self.buffered(format, anstream::StripStream::new(file))
                } else {
                    self.buffered(format, file)
                }
            })
        });
        written.map_err(|error| not_written(&path.display().to_string(), error))
    }

    fn buffered(&self, format: Format, out: impl Write) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(64 * 1024, out);
        self.write(format, &mut out)?;
        out.flush()
    }
}

fn not_written(to: &str, error: io::Error) -> Failure {
    // The spool's own failure travels as the cause of the writing's.
    error.downcast::<Failure>().unwrap_or_else(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "REPORT_NOT_WRITTEN",
            format!("the report could not be written to {to}: {error}"),
        )
        .with_hint("what the sweep recorded is in the database; sweep again for the report")
    })
}

/// The gaps of a spool; a spool that cannot be read any more stops the writing.
pub(super) fn gaps(spool: &Spool) -> impl Iterator<Item = io::Result<Gap>> + use<'_> {
    spool.gaps().map(|gap| gap.map_err(io::Error::other))
}

/// What a finding is about, for people: a word of their own stands where there
/// is no key to show.
pub(super) fn subject(finding: &Finding) -> &str {
    match finding.about() {
        None => "(the whole registry)",
        Some("") => "(empty key)",
        Some(collection) => collection,
    }
}

/// How a gap stands, in a word.
pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::New => "new",
        Standing::Persisting => "persisting",
        Standing::Resolved => "resolved",
    }
}

/// The part of something, for people: counted from 1, unlike the option, whose
/// numbers are those of indexed jobs.
pub(super) fn part(shard: Shard) -> String {
    format!("part {} of {}", u64::from(shard.index) + 1, shard.count)
}

/// A role as stored, for people.
pub(super) fn role(role: &str) -> &str {
    if role.is_empty() { "(none)" } else { role }
}
