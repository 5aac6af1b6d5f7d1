//! The report for people at a terminal. It is written with styles; where they do
//! not belong the stream drops them.

use std::io::{self, Write};

use birth_core::coverage::{ConditionCounts, Gap, Standing, SweepSummary};

use super::report::{Report, gaps, part, role, standing, subject};
use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARN, one_line, plain, styled};
use crate::cli::render::SHOWN;
use crate::run::failure::Failure;
use crate::run::fleet::Swept;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(share) = report.share {
        let part = part(share);
        writeln!(
            out,
            "{} targets, {part} of the fleet\n",
            report.targets.len()
        )?;
    }
    for swept in report.targets {
        writeln!(
            out,
            "{}",
            styled(BOLD, format!("Coverage of {}", one_line(&swept.name)))
        )?;
        match &swept.result {
            Ok(summary) => {
                header(summary, out)?;
                conditions(summary, out)?;
                roles(summary, out)?;
                first_gaps(swept, summary, out)?;
                remarks(summary, out)?;
            }
            Err(failure) => failed(failure, out)?,
        }
        writeln!(out)?;
    }
    write!(out, "{}", plain(&report.closing.response.to_string()))
}

fn failed(failure: &Failure, out: &mut dyn Write) -> io::Result<()> {
    let message = one_line(failure.message.trim_end());
    let code = styled(DIM, format!("[{}]", failure.code));
    writeln!(out, "  {} {message} {code}", styled(BAD, "FAILED"))?;
    match &failure.hint {
        Some(hint) => writeln!(out, "  next: {}", one_line(hint)),
        None => Ok(()),
    }
}

fn header(summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    let revision = &summary.revision;
    writeln!(
        out,
        "  database  {} on PostgreSQL {}",
        one_line(&summary.database.database),
        one_line(&summary.server)
    )?;
    writeln!(out, "  registry  {}", one_line(&summary.registry))?;
    writeln!(
        out,
        "  policy    {} revision {}, digest {}, {}",
        one_line(&revision.name),
        revision.revision,
        revision.digest.short(),
        one_line(&summary.approval)
    )?;
    writeln!(out, "  read at   {}", one_line(&summary.read_at))?;
    if let Some(shard) = summary.shard {
        writeln!(out, "  shard     {} of its collections", part(shard))?;
    }
    if !summary.storage_ready {
        let what = "the policy columns are not there, only the first condition was judged";
        writeln!(
            out,
            "  {} {what} {}",
            styled(WARN, "not ready:"),
            styled(DIM, "[POLICY_STORAGE_NOT_READY]")
        )?;
    }
    writeln!(
        out,
        "\n  {} registered, {} governed: {} covered, {} with gaps",
        summary.registered,
        summary.governed(),
        styled(GOOD, summary.covered()),
        styled(
            if summary.with_gaps() == 0 { GOOD } else { BAD },
            summary.with_gaps()
        ),
    )
}

/// A table whose first column holds words and the others numbers.
fn table<const N: usize>(
    out: &mut dyn Write,
    head: [&str; N],
    rows: &[(String, [u64; N])],
) -> io::Result<()> {
    let width = rows.iter().map(|(word, _)| word.chars().count()).max();
    let width = width.unwrap_or(0);
    write!(out, "\n  {:width$}", "")?;
    for column in head {
        write!(out, "  {column:>10}")?;
    }
    writeln!(out)?;
    for (word, numbers) in rows {
        write!(out, "  {word:width$}")?;
        for number in numbers {
            write!(out, "  {number:>10}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn counts(counts: ConditionCounts) -> [u64; 3] {
    [counts.new, counts.persisting, counts.resolved]
}

fn conditions(summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<_> = summary
        .conditions
        .iter()
        .map(|(code, gaps)| (one_line(code), counts(*gaps)))
        .collect();
    table(out, ["new", "persisting", "resolved"], &rows)
}

fn roles(summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<_> = summary
        .roles
        .iter()
        .map(|(name, found)| {
            let [new, persisting, resolved] = counts(found.gaps);
            let numbers = [
                found.governed,
                found.covered,
                found.with_gaps,
                new,
                persisting,
                resolved,
            ];
            (one_line(role(name)), numbers)
        })
        .collect();
    let head = [
        "governed",
        "covered",
        "with gaps",
        "new",
        "persisting",
        "resolved",
    ];
    table(out, head, &rows)
}

fn first_gaps(swept: &Swept, summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    let all = summary.gaps();
    let all = all.open() + all.resolved;
    if all > 0 {
        writeln!(out, "\n  {}", styled(BOLD, "Gaps"))?;
    }
    for found in gaps(&swept.gaps).take(SHOWN) {
        gap(&found?, out)?;
    }
    // SHOWN is small.
    match all.saturating_sub(SHOWN as u64) {
        0 => Ok(()),
        more => writeln!(out, "    … and {more} more; --format json has all"),
    }
}

fn gap(gap: &Gap, out: &mut dyn Write) -> io::Result<()> {
    let style = match gap.standing {
        Standing::New => BAD,
        Standing::Persisting => WARN,
        Standing::Resolved => GOOD,
    };
    let finding = &gap.finding;
    // Aligned before it is styled: a style has a width of its own.
    let word = format!("{:<10}", standing(gap.standing));
    write!(
        out,
        "    {}  {}",
        styled(style, word),
        one_line(subject(finding))
    )?;
    if let Some(table) = &finding.table {
        write!(out, " ({})", one_line(table))?;
    }
    write!(
        out,
        ": {} {}",
        one_line(&finding.message),
        styled(DIM, format!("[{}]", one_line(&finding.code)))
    )?;
    if let Some(issue) = &gap.issue {
        write!(out, " issue {}", one_line(issue))?;
    }
    writeln!(out)
}

fn remarks(summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    let remarks = !summary.warnings.is_empty() || !summary.notices.is_empty();
    if remarks {
        writeln!(out)?;
    }
    for (code, count) in &summary.warnings {
        let meaning = summary.meanings.get(code).map_or("", String::as_str);
        writeln!(
            out,
            "  {} {count} × {} {}",
            styled(WARN, "warning:"),
            one_line(meaning),
            styled(DIM, format!("[{}]", one_line(code)))
        )?;
    }
    for notice in &summary.notices {
        writeln!(out, "  {} {}", styled(WARN, "notice:"), one_line(notice))?;
    }
    Ok(())
}
