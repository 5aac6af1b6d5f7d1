//! Facts that nobody expects: every text of a subject replaced by a hostile one,
//! and numbers at the ends of their ranges. All of it is within the layout: a
//! database can hold such names and such numbers.

use super::Scene;
use crate::kit::facts::Facts;

/// Texts that have broken programs. PostgreSQL stores all but the one with a
/// zero byte, which the layout allows.
fn texts() -> Vec<String> {
    let short = [
        "",
        " ",
        "'",
        "\"; DROP TABLE x; --",
        "$$",
        "\\",
        "\n\t\r",
        "\u{0}",
        "{text}",
        "{number} {text} {}",
        "%s%n%d",
        "../../etc/passwd",
        "NULL",
        "日本語",
        "İıſK",
        "e\u{301}",
        "\u{202e}txet",
        "a\u{200b}b",
        "\u{feff}",
        "\u{ffff}",
        "👩‍👩‍👧‍👦",
        "_",
        "__id",
        "ID",
        "governed ",
    ];
    let mut texts: Vec<String> = short.into_iter().map(str::to_owned).collect();
    // A name's longest, the same in characters of four bytes, and a comment's.
    texts.push("n".repeat(63));
    texts.push("𝕏".repeat(15));
    texts.push("x ".repeat(10_000));
    texts
}

/// How many subjects of a scene each text replaces the texts of.
const SUBJECTS: usize = 4;

pub(super) fn scenes(ordinary: &[Scene]) -> Vec<Scene> {
    let Some(first) = ordinary.first() else {
        return vec![];
    };
    let mut scenes: Vec<Scene> = texts().iter().map(|text| named(first, text)).collect();
    scenes.push(extreme(first));
    scenes
}

/// Subjects from the scene's beginning, middle and end, with one text for all.
fn named(scene: &Scene, text: &str) -> Scene {
    let subjects = scene.facts.names().len();
    let places: Vec<usize> = (0..SUBJECTS)
        .map(|i| i * subjects.saturating_sub(1) / (SUBJECTS - 1))
        .collect();
    let (mut facts, _) = scene.facts.select(&places);
    facts.each_text(&mut |old| text.clone_into(old));
    let shown: String = text.chars().take(20).collect();
    Scene {
        about: format!("every text is {shown:?}"),
        facts,
    }
}

/// One subject that is far larger than any table, and numbers at the ends of
/// their ranges.
fn extreme(scene: &Scene) -> Scene {
    let all: Vec<usize> = (0..scene.facts.names().len()).collect();
    let (mut facts, _) = match &scene.facts {
        // All: which subjects have a number to change depends on their kind.
        Facts::Conflict(_) => scene.facts.select(&all),
        Facts::Classification(_) | Facts::Coverage(_) => {
            scene.facts.select(all.get(..1).unwrap_or_default())
        }
    };
    match &mut facts {
        Facts::Classification(facts) => {
            for collection in &mut facts.collections {
                collection.bits = 127;
                collection.rows = 64;
                collection.inserts = 0;
                collection.referenced_by = u32::MAX;
                let columns = collection.columns.clone();
                let wide = columns.iter().cycle().take(1_600).cloned();
                collection.columns = wide.collect();
                for column in &mut collection.columns {
                    column.bits = u8::MAX;
                    column.length = Some(u32::MAX - 1);
                }
            }
        }
        Facts::Conflict(facts) => {
            for column in &mut facts.columns {
                column.longest_value = u32::MAX;
            }
            for check in &mut facts.checks {
                check.rows_outside = i64::MAX;
            }
            for trigger in &mut facts.triggers {
                trigger.wanted_type = 127;
            }
        }
        Facts::Coverage(facts) => {
            facts.now = i64::MAX;
            for collection in &mut facts.collections {
                collection.decided_at = Some(i64::MIN + 1);
                collection.species_mappings = u32::MAX;
            }
            let mut past = facts.collections.clone();
            past.iter_mut().for_each(|c| c.decided_at = Some(i64::MAX));
            facts.collections.extend(past);
        }
    }
    Scene {
        about: "numbers at the ends of their ranges".to_owned(),
        facts,
    }
}
