//! The parser of `.shapes` files.

use super::{Column, Fault, ForeignKey, Index, Label, Statistic, Table, Trigger};

const FLAGS: [&str; 8] = [
    "not-null",
    "pk",
    "default",
    "default-now",
    "default-sequence",
    "identity",
    "generated",
    "array",
];

/// Reads the tables of one file.
///
/// # Errors
/// The first line that does not fit the format.
pub(crate) fn parse(text: &str) -> Result<Vec<Table>, Fault> {
    let mut tables: Vec<Table> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let fault = |problem: String| Fault {
            line: number,
            problem,
        };
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        if !line.starts_with(char::is_whitespace) {
            let table = header(line, number).map_err(fault)?;
            if tables.iter().any(|other| other.name == table.name) {
                return Err(fault(format!("table {} is there twice", table.name)));
            }
            tables.push(table);
            continue;
        }
        let Some(table) = tables.last_mut() else {
            return Err(fault("belongs to no table".to_owned()));
        };
        read_line(table, line.trim()).map_err(fault)?;
    }
    for table in &tables {
        check_columns(table).map_err(|problem| Fault {
            line: table.line,
            problem,
        })?;
    }
    Ok(tables)
}

fn header(line: &str, number: usize) -> Result<Table, String> {
    let rest = line.strip_prefix("table ").ok_or("starts no table")?;
    let (name, label) = rest.rsplit_once(':').ok_or("has no label")?;
    let label = label.trim();
    let known = Label::ALL.into_iter().find(|known| known.word() == label);
    Ok(Table {
        line: number,
        name: name.trim().to_owned(),
        label: known.ok_or_else(|| format!("{label:?} is no label"))?,
        ..Table::default()
    })
}

fn read_line(table: &mut Table, line: &str) -> Result<(), String> {
    if ["rows ", "inserts ", "updates ", "deletes "]
        .iter()
        .any(|word| line.starts_with(word))
    {
        return read_statistics(table, line);
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    match word {
        "why" => table.why = rest.to_owned(),
        "role" => table.role = Some(rest.to_owned()),
        "comment" => table.comment = Some(rest.to_owned()),
        "unlogged" => table.unlogged = true,
        "partitioned" => table.partitioned = true,
        "column" => table.columns.push(column(rest)?),
        "fk" => table.foreign_keys.push(foreign_key(rest)?),
        "check" => table.checks.push(pair(rest)?),
        "trigger" => table.triggers.push(trigger(rest)?),
        "referenced-by" => table.referenced_by = Some(whole(rest)?),
        "unique" | "index" | "index-brin" | "index-gin" | "unique-partial" | "index-expression" => {
            table.indexes.push(Index {
                kind: word.to_owned(),
                columns: words(rest),
            });
        }
        _ => return Err(format!("{word:?} is not known")),
    }
    Ok(())
}

fn read_statistics(table: &mut Table, line: &str) -> Result<(), String> {
    for one in line.split(';') {
        let (word, number) = one
            .trim()
            .split_once(' ')
            .ok_or("a statistic has no number")?;
        let which = match word {
            "rows" => Statistic::Rows,
            "inserts" => Statistic::Inserts,
            "updates" => Statistic::Updates,
            "deletes" => Statistic::Deletes,
            _ => return Err(format!("{word:?} is no statistic")),
        };
        table.statistics.insert(which, whole(number)?);
    }
    Ok(())
}

fn column(rest: &str) -> Result<Column, String> {
    let (name, rest) = rest.split_once(' ').ok_or("a column has no type")?;
    let words = words(rest);
    let flags = words
        .iter()
        .rev()
        .take_while(|word| FLAGS.contains(&word.as_str()))
        .count();
    let (type_words, flags) = words.split_at(words.len() - flags);
    let written = type_words.join(" ");
    let (type_name, length) = match written.split_once('(') {
        None => (written.clone(), None),
        Some((before, inside)) => {
            let (length, after) = inside.split_once(')').ok_or("a type's length has no end")?;
            // Of other types it is a precision.
            let length = match before.trim() {
                "character varying" | "character" | "bit" | "bit varying" => Some(whole(length)?),
                _ => None,
            };
            (format!("{}{after}", before.trim()), length)
        }
    };
    if type_name.is_empty() {
        return Err(format!("column {name} has no type"));
    }
    Ok(Column {
        name: name.to_owned(),
        type_name,
        length,
        flags: flags.to_vec(),
    })
}

fn foreign_key(rest: &str) -> Result<ForeignKey, String> {
    let (columns, target) = rest.split_once("->").ok_or("a foreign key has no `->`")?;
    let target = words(target);
    let action = target.get(1..).unwrap_or_default().join(" ");
    let on_delete = match action.as_str() {
        "" | "no action" | "no-action" => 0,
        "restrict" => 1,
        "cascade" => 2,
        "set null" | "set-null" => 3,
        "set default" | "set-default" => 4,
        _ => return Err(format!("{action:?} is no action of a foreign key")),
    };
    Ok(ForeignKey {
        columns: words(columns),
        table: target.first().ok_or("a foreign key has no table")?.clone(),
        on_delete,
    })
}

fn trigger(rest: &str) -> Result<Trigger, String> {
    let (name, rest) = pair(rest)?;
    let (function, events) = rest.rsplit_once(' ').ok_or("a trigger has no type")?;
    Ok(Trigger {
        name,
        function: function.trim_end_matches("()").to_owned(),
        events: whole(events)?,
    })
}

fn pair(rest: &str) -> Result<(String, String), String> {
    let (name, rest) = rest.split_once(':').ok_or("has no name before a colon")?;
    Ok((name.trim().to_owned(), rest.trim().to_owned()))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn whole<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    let text = text.trim();
    text.parse()
        .map_err(|_| format!("{text:?} is no number that fits"))
}

/// Every column that an index or a foreign key names is there, once.
fn check_columns(table: &Table) -> Result<(), String> {
    let name = &table.name;
    let has = |column: &String| {
        table
            .columns
            .iter()
            .filter(|other| other.name == *column)
            .count()
    };
    for column in &table.columns {
        if has(&column.name) != 1 {
            return Err(format!("{name}: column {} is there twice", column.name));
        }
    }
    let keys = table.foreign_keys.iter().flat_map(|key| &key.columns);
    let named = keys.chain(table.indexes.iter().flat_map(|index| &index.columns));
    match named.into_iter().find(|column| has(column) == 0) {
        Some(column) => Err(format!("{name}: there is no column {column}")),
        None => Ok(()),
    }
}
