//! The report as Markdown, for a page or a chat.

use std::io::{self, Write};

use birth_core::coverage::SweepSummary;
use birth_core::op::report::{one_line, table_cell};

use super::report::{Report, gaps, part, role, standing, subject};
use crate::run::fleet::Swept;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Coverage sweep\n")?;
    if let Some(share) = report.share {
        writeln!(out, "The targets are {} of the fleet.\n", part(share))?;
    }
    overview(report, out)?;
    for swept in report.targets {
        target(swept, out)?;
    }
    let response = &report.closing.response;
    writeln!(out, "\n## Final response\n\n```")?;
    for line in response.to_string().lines() {
        // A line begins with its key, so none can end the block.
        writeln!(out, "{}", one_line(line))?;
    }
    writeln!(out, "```")
}

fn overview(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "| target | registered | governed | covered | with gaps | new | persisting | resolved |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
    for swept in report.targets {
        let name = table_cell(&swept.name);
        match &swept.result {
            Ok(summary) => {
                let gaps = summary.gaps();
                writeln!(
                    out,
                    "| {name} | {} | {} | {} | {} | {} | {} | {} |",
                    summary.registered,
                    summary.governed(),
                    summary.covered(),
                    summary.with_gaps(),
                    gaps.new,
                    gaps.persisting,
                    gaps.resolved
                )?;
            }
            Err(failure) => writeln!(
                out,
                "| {name} | failed: {} | | | | | | |",
                table_cell(failure.code)
            )?,
        }
    }
    Ok(())
}

fn target(swept: &Swept, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## {}\n", table_cell(&swept.name))?;
    let summary = match &swept.result {
        Ok(summary) => summary,
        Err(failure) => {
            writeln!(out, "Failed: {}", table_cell(&failure.reason()))?;
            return match &failure.hint {
                Some(hint) => writeln!(out, "\nNext: {}", table_cell(hint)),
                None => Ok(()),
            };
        }
    };
    header(summary, out)?;
    conditions(summary, out)?;
    roles(summary, out)?;
    if summary.gaps().open() + summary.gaps().resolved == 0 {
        writeln!(out, "\nNo gaps.")?;
        return remarks(summary, out);
    }
    writeln!(
        out,
        "\n| | collection | table | condition | what is wrong | issue |\n|---|---|---|---|---|---|"
    )?;
    for gap in gaps(&swept.gaps) {
        let gap = gap?;
        let finding = &gap.finding;
        let cell = |text: &Option<String>| text.as_deref().map(table_cell).unwrap_or_default();
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            standing(gap.standing),
            table_cell(subject(finding)),
            cell(&finding.table),
            table_cell(&finding.code),
            table_cell(&finding.message),
            cell(&gap.issue)
        )?;
    }
    remarks(summary, out)
}

fn header(summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    let revision = &summary.revision;
    writeln!(
        out,
        "- database: {} on PostgreSQL {}",
        table_cell(&summary.database.database),
        table_cell(&summary.server)
    )?;
    writeln!(out, "- registry: {}", table_cell(&summary.registry))?;
    writeln!(
        out,
        "- policy: {} revision {}, digest {}, {}",
        table_cell(&revision.name),
        revision.revision,
        revision.digest,
        table_cell(&summary.approval)
    )?;
    writeln!(out, "- read at: {}", table_cell(&summary.read_at))?;
    if let Some(shard) = summary.shard {
        writeln!(out, "- collections: {}", part(shard))?;
    }
    if !summary.storage_ready {
        writeln!(
            out,
            "- POLICY_STORAGE_NOT_READY: the policy columns are not there, only the first condition was judged"
        )?;
    }
    Ok(())
}

fn conditions(summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\n| condition | meaning | new | persisting | resolved |\n|---|---|--:|--:|--:|"
    )?;
    for (code, counts) in &summary.conditions {
        let meaning = summary.meanings.get(code).map_or("", String::as_str);
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            table_cell(code),
            table_cell(meaning),
            counts.new,
            counts.persisting,
            counts.resolved
        )?;
    }
    Ok(())
}

fn roles(summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\n| role | governed | covered | with gaps | new | persisting | resolved |\n|---|--:|--:|--:|--:|--:|--:|"
    )?;
    for (name, counts) in &summary.roles {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            table_cell(role(name)),
            counts.governed,
            counts.covered,
            counts.with_gaps,
            counts.gaps.new,
            counts.gaps.persisting,
            counts.gaps.resolved
        )?;
    }
    Ok(())
}

fn remarks(summary: &SweepSummary, out: &mut dyn Write) -> io::Result<()> {
    if !summary.warnings.is_empty() || !summary.notices.is_empty() {
        writeln!(out)?;
    }
    for (code, count) in &summary.warnings {
        let meaning = summary.meanings.get(code).map_or("", String::as_str);
        writeln!(
            out,
            "- warning: {count} × {} ({})",
            table_cell(meaning),
            table_cell(code)
        )?;
    }
    for notice in &summary.notices {
        writeln!(out, "- notice: {}", table_cell(notice))?;
    }
    Ok(())
}
