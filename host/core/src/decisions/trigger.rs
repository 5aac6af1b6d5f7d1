//! When a trigger fires, in the words of `CREATE TRIGGER`.

use super::UserTrigger;

/// Bits of `pg_trigger.tgtype` (PostgreSQL's `catalog/pg_trigger.h`).
const ROW: u8 = 1;
const BEFORE: u8 = 2;
const INSTEAD: u8 = 64;
/// The events, in the order in which PostgreSQL prints them.
const EVENTS: [(u8, &str); 4] = [
    (4, "INSERT"),
    (8, "DELETE"),
    (16, "UPDATE"),
    (32, "TRUNCATE"),
];

/// Timing, events and level: `BEFORE INSERT OR UPDATE OF a, b FOR EACH ROW`.
/// Names of columns are as they are, not quoted: it is for people.
#[must_use]
pub fn fires(trigger: &UserTrigger) -> String {
    let has = |bit| trigger.r#type & bit != 0;
    let timing = match (has(INSTEAD), has(BEFORE)) {
        (true, _) => "INSTEAD OF",
        (false, true) => "BEFORE",
        (false, false) => "AFTER",
    };
    let events: Vec<String> = EVENTS
        .iter()
        .filter(|(bit, _)| has(*bit))
        .map(|(_, event)| match trigger.columns.as_slice() {
            columns if *event == "UPDATE" && !columns.is_empty() => {
                format!("{event} OF {}", columns.join(", "))
            }
            _ => (*event).to_owned(),
        })
        .collect();
    let level = if has(ROW) { "ROW" } else { "STATEMENT" };
    let when = if trigger.when { " WHEN …" } else { "" };
    let constraint = if trigger.constraint {
        "CONSTRAINT TRIGGER "
    } else {
        ""
    };
    format!(
        "{constraint}{timing} {} FOR EACH {level}{when}",
        events.join(" OR ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::trigger::TriggerEnabled;

    #[test]
    fn every_bit_has_its_word() {
        let of = |r#type, columns: &[&str]| {
            fires(&UserTrigger {
                table_oid: 1,
                name: "t".to_owned(),
                r#type,
                enabled: TriggerEnabled::Origin,
                function: "f()".to_owned(),
                constraint: false,
                when: false,
                columns: columns.iter().map(|&c| c.to_owned()).collect(),
            })
        };
        assert_eq!(of(5, &[]), "AFTER INSERT FOR EACH ROW");
        assert_eq!(
            of(1 + 2 + 4 + 16, &["a", "b"]),
            "BEFORE INSERT OR UPDATE OF a, b FOR EACH ROW"
        );
        assert_eq!(
            of(8 + 32, &[]),
            "AFTER DELETE OR TRUNCATE FOR EACH STATEMENT"
        );
        assert_eq!(of(1 + 64 + 8, &[]), "INSTEAD OF DELETE FOR EACH ROW");
    }
}
