//! Every command that a document shows is one that the program has: each is given
//! to the binary with `--help` at its end, so that it is read and not run.

use std::fs;

use birth_tests::cli::{Home, workspace};

/// The commands in the blocks of a Markdown file, without what the shell does with
/// them.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block = None;
    let joined = text.replace("\\\n", " ");
    for line in joined.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            block = match block {
                None => Some(language.trim()),
                Some(_) => None,
            };
            continue;
        }
        let line = line.trim_start();
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let of_shell = matches!(block, Some("" | "sh" | "console"));
        if of_shell && line.starts_with("birth ") {
            found.push(line.to_owned());
        }
    }
    found
}

/// The words of a command line, up to what the shell would take for itself.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, ' ') if word.is_empty() => {}
            (None, ' ') => words.push(std::mem::take(&mut word)),
            (None, '|' | '>' | ';' | '&' | '#' | '<') if word.is_empty() => return words,
            (_, c) => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[test]
fn every_command_in_the_documents_is_one_of_the_program() {
    let mut files = vec![
        workspace().join("README.md"),
        workspace().join("deploy/pg_cron.md"),
    ];
    let documents = fs::read_dir(workspace().join("docs")).unwrap();
    files.extend(documents.map(|entry| entry.unwrap().path()));
    files.retain(|path| path.extension().is_some_and(|end| end == "md"));
    files.sort();
    let home = Home::new();
    let (mut seen, mut wrong) = (0, Vec::new());
    for file in &files {
        for line in commands(&fs::read_to_string(file).unwrap()) {
            seen += 1;
            let words = words(&line);
            let mut arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            arguments.push("--help");
            let ran = home.birth(&arguments).run();
            if ran.code != Some(0) {
                wrong.push(format!("{}: {line}\n{}", file.display(), ran.stderr));
            }
        }
    }
    assert!(seen > 20, "{seen} commands");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_of_the_book_is_there_and_in_its_summary() {
    let docs = workspace().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let named: Vec<&str> = summary
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    let mut pages: Vec<String> = fs::read_dir(&docs)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect();
    pages.sort();
    let mut sorted = named.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, pages);
}
