//! A comparison of policy sets, for people.

use birth_core::op::Revision;
use birth_core::policy::diff::{Answered, Change, RoleDiff};
use birth_core::policy::ledger::Backing;
use birth_core::policy::verdict::Reason;

use super::{Shown, approved, headline, not_asked};
use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARN, one_line, plain, severity, styled};

/// Changes that a person reads; machines get all of them.
const SHOWN: usize = 20;

pub(in crate::cli) fn show(output: &Output, shown: &Shown<'_>) {
    let difference = shown.difference;
    let (diff, facts) = (&difference.diff, &difference.facts);
    let style = match diff.is_same() {
        true => GOOD,
        false => BAD,
    };
    let title = styled(style, shown.title());
    output.text(format!("{} {title}", styled(BOLD, "Policy sets:")));
    side(output, "old", &diff.old, shown.old);
    side(output, "new", &diff.new, shown.new);
    let names = match facts.pseudonyms {
        true => ", names are pseudonyms",
        false => "",
    };
    output.text(format!(
        "  facts   {}, registry {}, read at {}{names}",
        plain(&facts.database.database),
        plain(&facts.registry),
        plain(&facts.read_at)
    ));
    for (roles, word) in [(&diff.only_old, "old"), (&diff.only_new, "new")] {
        for role in roles {
            output.text(format!(
                "\n{}: only the {word} set has this role, so nothing was compared",
                styled(BOLD, role)
            ));
        }
    }
    for (role, of) in &diff.roles {
        output.text(format!("\n{}: {}", styled(BOLD, role), headline(*role, of)));
        if let Some(not_asked) = not_asked(*role, difference) {
            output.text(format!("  {}", styled(WARN, not_asked)));
        }
        counts(output, of);
        let changes = diff.changes.iter().filter(|change| change.role == *role);
        // What changes a verdict first, and then what only explains it otherwise.
        let verdicts = changes
            .clone()
            .filter(|c| c.what.iter().any(|w| w.is_verdict()));
        let others = changes.filter(|c| !c.what.iter().any(|w| w.is_verdict()));
        let all: Vec<&Change> = verdicts.chain(others).collect();
        for one in all.iter().take(SHOWN) {
            change(output, one);
        }
        if let Some(more) = all.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            output.text(format!("  … and {more} more (--format json has all)"));
        }
    }
    output.text(format!("\nfacts digest {}", difference.facts_digest));
    output.text(format!("digest {}", difference.digest));
}

fn side(output: &Output, name: &str, revision: &Revision, backing: Option<&Backing>) {
    let approval = match backing {
        Some(backing) => plain(&approved(backing)),
        None => styled(BAD, "NOT APPROVED"),
    };
    output.text(format!(
        "  {name}     {} revision {}, digest {}, {approval}",
        plain(&revision.name),
        revision.revision,
        revision.digest.short()
    ));
}

fn counts(output: &Output, of: &RoleDiff) {
    if let Some(plugin) = &of.plugin {
        output.text(format!(
            "  component {} → {}",
            plugin.old.short(),
            plugin.new.short()
        ));
    }
    for setting in &of.settings {
        let value = |value: &Option<_>| {
            value.as_ref().map_or_else(
                || "(not set)".to_owned(),
                |v: &birth_core::policy::settings::SettingValue| one_line(&v.to_string()),
            )
        };
        output.text(format!(
            "  setting {}: {} → {}",
            one_line(&setting.key),
            value(&setting.old),
            value(&setting.new)
        ));
    }
    for (from, to) in &of.moves {
        for (to, roles) in to {
            let total: u64 = roles.values().sum();
            let by_role: Vec<String> = roles
                .iter()
                .map(|(role, count)| match role.as_str() {
                    "" => format!("no role {count}"),
                    role => format!("{} {count}", one_line(&format!("{role:?}"))),
                })
                .collect();
            output.text(format!(
                "  {total:>6}  {from} → {to}  {}",
                styled(DIM, by_role.join(", "))
            ));
        }
    }
    for (code, count) in &of.findings {
        output.text(format!(
            "  finding {}: {} appear, {} disappear",
            plain(code),
            count.appears,
            count.disappears
        ));
    }
}

fn change(output: &Output, change: &Change) {
    let what: Vec<&str> = change.what.iter().map(|what| what.word()).collect();
    output.text(format!(
        "  {}  {}",
        one_line(&format!("{:?}", change.key)),
        styled(DIM, what.join(", "))
    ));
    answered(output, "old", &change.old, &change.new);
    answered(output, "new", &change.new, &change.old);
}

fn answered(output: &Output, name: &str, this: &Answered, other: &Answered) {
    let score = match this.score == 0 && other.score == 0 {
        true => String::new(),
        false => format!(", score {}", this.score),
    };
    output.text(format!("     {name}  {}{score}", this.class()));
    for reason in &this.reasons {
        let mark = match other.reasons.contains(reason) {
            true => " ",
            false => "*",
        };
        output.text(format!("       {mark} {}", told(reason)));
    }
}

fn told(reason: &Reason) -> String {
    let weight = match reason.weight {
        0 => String::new(),
        weight => format!(" ({weight:+})"),
    };
    format!(
        "{}: {}{weight} {}",
        severity(reason.severity),
        one_line(&reason.message),
        styled(DIM, format!("[{}]", plain(&reason.code)))
    )
}
