//! The closed vocabulary of the gate: each of its objects can be created, and
//! nothing else. Undoing is another type (`undo::GateUndo`).

use serde::{Deserialize, Serialize};

use super::cause;
use crate::ident::{Identifier, QualifiedName};
use crate::sql::{Statement, dollar_quoted};

/// The name under which the function sees the inserted rows of a statement.
pub const NEW_ROWS: &str = "birth_new";

/// How often the trigger for inserted rows fires.
///
/// Once for each statement: one INSERT … SELECT and one subtransaction, however
/// many rows there are. Measured with PostgreSQL 15 on a registry with one
/// index, 1,000 rows in one statement took 6.0 ms without a gate, 7.6 ms with
/// it, and 15.0 ms with a trigger that fires for each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Once for a statement.
    Statement,
    /// Once for each row: on a partitioned registry, because a trigger of the
    /// parent that fires for statements does not fire for rows that are written
    /// to a partition directly.
    Row,
}

/// A statement that sets up the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateStatement {
    /// `CREATE SCHEMA …`
    CreateSchema {
        /// The schema.
        name: Identifier,
    },
    /// `REVOKE ALL ON SCHEMA … FROM PUBLIC`: what default privileges may have
    /// given.
    CloseSchema {
        /// The schema.
        name: Identifier,
    },
    /// `CREATE TABLE …`: the queue. VACUUM does not truncate it: it would lock it
    /// for that, and the function, which never waits, would lose events.
    CreateQueue {
        /// The queue.
        name: QualifiedName,
    },
    /// `REVOKE ALL ON TABLE … FROM PUBLIC`: what default privileges may have
    /// given.
    CloseQueue {
        /// The queue.
        name: QualifiedName,
    },
    /// `CREATE FUNCTION …`
    CreateFunction {
        /// The function.
        name: QualifiedName,
        /// The queue it writes to.
        queue: QualifiedName,
        /// The registry's key column.
        key: Identifier,
    },
    /// `REVOKE EXECUTE ON FUNCTION … FROM PUBLIC`: whoever may put the function
    /// into a trigger can write to the queue as its owner.
    RevokeExecute {
        /// The function.
        function: QualifiedName,
    },
    /// `CREATE TRIGGER … AFTER INSERT …`
    CreateInsertTrigger {
        /// The trigger.
        name: Identifier,
        /// The registry.
        table: QualifiedName,
        /// The function it calls.
        function: QualifiedName,
        /// How often it fires.
        level: Level,
    },
    /// `CREATE TRIGGER … AFTER UPDATE …`. Not `UPDATE OF`: that goes by what the
    /// statement names, and a BEFORE trigger may change the role of a row whose
    /// statement does not name it. The condition sees the row as it is stored.
    CreateRoleTrigger {
        /// The trigger.
        name: Identifier,
        /// The registry.
        table: QualifiedName,
        /// The function it calls.
        function: QualifiedName,
        /// The column of the governance role.
        role: Identifier,
    },
}

/// What a function is created with besides its body, as `pg_proc.proconfig` has
/// it. Nobody's search path chooses what the owner's rights are used on, and a
/// lock on the queue holds up nobody who writes to the registry.
pub const SETTINGS: [&str; 2] = ["search_path=pg_catalog, pg_temp", "lock_timeout=100ms"];

/// The function's body, from the registry's key column.
///
/// It cannot fail the user's statement: what goes wrong becomes a warning, and
/// where even that cannot be said to the client, because its encoding has no
/// character for a name, the server's log has it. It never waits for a queue that
/// is locked: the writer's own `statement_timeout` would end its statement, and
/// that is no error that can be caught.
///
/// It runs as its owner, and so nothing in it may be what a user can define. A
/// cast to text can be, for every type that a user owns, and the key's type can
/// be changed after the function is made. So only types that came with
/// PostgreSQL, whose object identifiers are below 16384, are cast; of others the
/// output function is used, which only a superuser can define and which gives
/// the same text where there is no such cast.
#[must_use]
pub fn function_body(queue: &QualifiedName, key: &Identifier) -> String {
    let (queue, key) = (queue.quoted(), key.quoted());
    let (insert, role) = (cause::INSERT, cause::ROLE);
    let text = |row: &str| {
        format!(
            "CASE WHEN pg_typeof({row}.{key})::oid < 16384 THEN {row}.{key}::text \
             WHEN NOT {row}.{key} IS NULL THEN format('%s', {row}.{key}) END"
        )
    };
    let (each, new) = (text("n"), text("NEW"));
    format!(
        "
BEGIN
  LOCK TABLE {queue} IN ROW EXCLUSIVE MODE NOWAIT;
  IF TG_LEVEL = 'STATEMENT' THEN
    INSERT INTO {queue} (collection, cause) SELECT {each}, '{insert}' FROM {NEW_ROWS} n;
  ELSE
    INSERT INTO {queue} (collection, cause)
    VALUES ({new}, CASE TG_OP WHEN 'INSERT' THEN '{insert}' ELSE '{role}' END);
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  BEGIN
    RAISE WARNING 'birth gate: a change of %.% is not recorded: % [SQLSTATE %]',
      TG_TABLE_SCHEMA, TG_TABLE_NAME, SQLERRM, SQLSTATE
      USING HINT = 'The change itself is not affected, and the next sweep will catch it.';
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  RETURN NULL;
END
"
    )
}

/// The condition under which a changed row is an event, as PostgreSQL prints it.
/// `column` is quoted as PostgreSQL quotes it. The role is a text to the policy,
/// whatever its type, and every type has a text form where some have no
/// equality; no collation may take two texts for one. A column that is of the
/// type text has no cast.
#[must_use]
pub fn printed_condition(column: &str, cast: bool) -> String {
    let side = |row: &str| match cast {
        true => format!("(({row}.{column})::text COLLATE \"C\")"),
        false => format!("({row}.{column} COLLATE \"C\")"),
    };
    format!("({} IS DISTINCT FROM {})", side("old"), side("new"))
}

impl Statement for GateStatement {
    fn sql(&self) -> String {
        match self {
            Self::CreateSchema { name } => format!("CREATE SCHEMA {}", name.quoted()),
            Self::CloseSchema { name } => {
                format!("REVOKE ALL ON SCHEMA {} FROM PUBLIC", name.quoted())
            }
            Self::CloseQueue { name } => {
                format!("REVOKE ALL ON TABLE {} FROM PUBLIC", name.quoted())
            }
            Self::CreateQueue { name } => format!(
                "CREATE TABLE {} (event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                 collection text, cause text NOT NULL, \
                 recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(), \
                 attempts integer NOT NULL DEFAULT 0, retry_at timestamptz, \
                 set_aside_at timestamptz, error text) \
                 WITH (vacuum_truncate = false, autovacuum_vacuum_scale_factor = 0, \
                 autovacuum_vacuum_threshold = 1000)",
                name.quoted()
            ),
            Self::CreateFunction { name, queue, key } => {
                let settings: Vec<String> = SETTINGS
                    .iter()
                    .filter_map(|setting| setting.split_once('='))
                    .map(|(name, value)| match name {
                        // A list of names, not one quoted text.
                        "search_path" => format!("SET {name} = {value}"),
                        _ => format!("SET {name} = '{value}'"),
                    })
                    .collect();
                format!(
                    "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {} AS {}",
                    name.quoted(),
                    settings.join(" "),
                    dollar_quoted(&function_body(queue, key))
                )
            }
            Self::RevokeExecute { function } => format!(
                "REVOKE EXECUTE ON FUNCTION {}() FROM PUBLIC",
                function.quoted()
            ),
            Self::CreateInsertTrigger {
                name,
                table,
                function,
                level,
            } => {
                let each = match level {
                    Level::Statement => {
                        format!("REFERENCING NEW TABLE AS {NEW_ROWS} FOR EACH STATEMENT")
                    }
                    Level::Row => "FOR EACH ROW".to_owned(),
                };
                format!(
                    "CREATE TRIGGER {} AFTER INSERT ON {} {each} EXECUTE FUNCTION {}()",
                    name.quoted(),
                    table.quoted(),
                    function.quoted()
                )
            }
            Self::CreateRoleTrigger {
                name,
                table,
                function,
                role,
            } => {
                let role = role.quoted();
                format!(
                    "CREATE TRIGGER {} AFTER UPDATE ON {} FOR EACH ROW \
                     WHEN (OLD.{role}::text COLLATE \"C\" IS DISTINCT FROM NEW.{role}::text COLLATE \"C\") \
                     EXECUTE FUNCTION {}()",
                    name.quoted(),
                    table.quoted(),
                    function.quoted()
                )
            }
        }
    }
}
