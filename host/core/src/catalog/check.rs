//! The meaning of a CHECK constraint, read from what PostgreSQL prints for it.
//!
//! PostgreSQL rewrites every CHECK into its own canonical spelling (`IN` becomes
//! `= ANY (ARRAY[…])`, varchar columns gain casts, one value becomes `=`), so the
//! question "does it allow exactly these values?" is answered from the meaning,
//! never by comparing text. The parser knows only the forms whose meaning is
//! certain; everything else is [`CheckMeaning::Unproved`]. It must never guess:
//! an answer other than `Unproved` is a proof.
//!
//! The proof is an abstract evaluation. A check is a function from the column's
//! value to true, false or unknown, and it rejects a row only where it is false.
//! Over equality with literals that function is known completely by its result at
//! each literal, at any other value and at NULL, and three-valued AND, OR and NOT
//! combine such tables exactly.

mod array;
mod lexer;
mod parser;
mod predicate;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use parser::Subject;
use predicate::Predicate;

/// What a CHECK allows in its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckMeaning {
    /// Accepts exactly the rows whose column is one of these values, and NULL
    /// unless `rejects_null`. An empty set leaves NULL at most.
    OneOf {
        /// The allowed values, as the literals spell them.
        values: BTreeSet<String>,
        /// Whether a NULL is rejected; a plain list lets it pass.
        rejects_null: bool,
    },
    /// Rejects no row, for example because a NULL stands in the list.
    RejectsNothing,
    /// Not proved to be a closed list on this column.
    Unproved {
        /// Why, for people: a sentence about the check, without its name.
        reason: String,
    },
}

/// Reads the meaning of one CHECK for `column`.
///
/// `expression` is the answer of `pg_get_expr(conbin, conrelid)` of
/// `pg_constraint`, with or without pretty printing. It is preferred over
/// `pg_get_constraintdef`, whose suffixes (`NOT VALID`, `NO INHERIT`,
/// `NOT ENFORCED`) are the catalog columns `convalidated`, `connoinherit` and
/// `conenforced`. `column` is the bare name, `attname`.
///
/// The proof holds under four conditions that the text alone cannot show and the
/// caller must establish:
///
/// - it was printed under `search_path = pg_catalog`, so that an operator or type
///   from any other schema is printed with that schema;
/// - it was printed under `standard_conforming_strings = on`, so that a backslash
///   in a literal is printed once;
/// - the column's type, after resolving domains, is `text` or `character varying`:
///   `character(n)` casts to text by dropping trailing blanks;
/// - the column's collation (`attcollation`) is deterministic
///   (`collisdeterministic`), so that equal means the same bytes.
#[must_use]
pub fn meaning(expression: &str, column: &str) -> CheckMeaning {
    of(expression, Subject::Column(column))
}

/// Reads the meaning of one CHECK of a domain, `pg_get_expr(conbin, 0)`, for the
/// columns of the domain. Holds under the conditions of [`meaning`].
#[must_use]
pub fn domain_meaning(expression: &str) -> CheckMeaning {
    of(expression, Subject::DomainValue)
}

fn of(expression: &str, subject: Subject<'_>) -> CheckMeaning {
    match parser::predicate(expression, subject) {
        Ok(predicate) => conclude(predicate),
        Err(obstacle) => CheckMeaning::Unproved {
            reason: readable(&obstacle.to_string()),
        },
    }
}

fn conclude(predicate: Predicate) -> CheckMeaning {
    if predicate.is_never_false() {
        return CheckMeaning::RejectsNothing;
    }
    let rejects_null = predicate.rejects_null();
    match predicate.into_closed_list() {
        Some(values) => CheckMeaning::OneOf {
            values,
            rejects_null,
        },
        None => CheckMeaning::Unproved {
            reason: "it accepts values outside any list that it names".to_owned(),
        },
    }
}

/// The longest reason, in characters: a check may hold literals of any size.
const MAX_REASON: usize = 200;

/// One line for people: control characters of literals escaped, the end cut off.
fn readable(reason: &str) -> String {
    let mut line = String::new();
    for character in reason.chars().take(MAX_REASON) {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    if reason.chars().nth(MAX_REASON).is_some() {
        line.push('…');
    }
    line
}
