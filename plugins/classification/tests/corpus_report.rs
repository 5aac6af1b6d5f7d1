//! How well the default settings classify tables of real kinds of applications.

#![expect(clippy::panic, reason = "a corpus that cannot be read says where")]

use std::path::Path;

use birth_classification::rules::Classes;
use birth_sdk::testing::classification::answers;

mod corpus;

use corpus::{Application, Label};

/// Label by row, answer by column.
#[derive(Debug, Default)]
struct Report {
    counts: [[usize; 5]; 5],
    confusions: Vec<String>,
}

impl Report {
    fn of(folder: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/corpus")
            .join(folder);
        let applications = corpus::read_folder(&folder).unwrap_or_else(|fault| panic!("{fault}"));
        let mut report = Self::default();
        for application in &applications {
            report.judge(application);
        }
        report
    }

    fn judge(&mut self, application: &Application) {
        let name = &application.name;
        let judged = answers::<Classes>(&[], &corpus::facts(application));
        let judged = judged.unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        for (table, answer) in application.tables.iter().zip(judged) {
            let found = Label::ALL[usize::from(answer.status)];
            self.counts[table.label as usize][usize::from(answer.status)] += 1;
            if found != table.label {
                let line = format!(
                    "{name}.{}: {} was taken for {} ({})\n    {}",
                    table.name,
                    table.label.word(),
                    found.word(),
                    answer.score,
                    answer
                        .reasons
                        .iter()
                        .map(|given| format!("{:+} {}", given.weight, given.message()))
                        .collect::<Vec<_>>()
                        .join("\n    ")
                );
                self.confusions.push(line);
            }
        }
    }

    fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    fn answered(&self, label: Label) -> usize {
        self.counts.iter().map(|row| row[label as usize]).sum()
    }

    /// Precision, recall and F1 of a class, in per mille.
    fn figures(&self, label: Label) -> [usize; 3] {
        let right = self.counts[label as usize][label as usize];
        let labelled: usize = self.counts[label as usize].iter().sum();
        let answered = self.answered(label);
        let ratio = |over: usize, under: usize| (over * 1000).checked_div(under).unwrap_or(0);
        [
            ratio(right, answered),
            ratio(right, labelled),
            ratio(2 * right, labelled + answered),
        ]
    }

    fn macro_f1(&self, labels: &[Label]) -> usize {
        let sum: usize = labels.iter().map(|&label| self.figures(label)[2]).sum();
        sum / labels.len()
    }

    fn deferral(&self) -> usize {
        self.answered(Label::Deferred) * 1000 / self.total().max(1)
    }

    fn lines(&self) -> String {
        let mut lines = vec!["class      precision  recall     F1   (per mille)".to_owned()];
        for label in Label::ALL {
            let [precision, recall, f1] = self.figures(label);
            lines.push(format!(
                "{:<10} {precision:>9} {recall:>7} {f1:>6}   {:?}",
                label.word(),
                self.counts[label as usize]
            ));
        }
        lines.push(format!("tables {}", self.total()));
        lines.push(format!("macro-F1 over five {}", self.macro_f1(&Label::ALL)));
        lines.push(format!(
            "macro-F1 over four {}",
            self.macro_f1(&Label::ALL[..4])
        ));
        lines.push(format!("deferred {}", self.deferral()));
        lines.join("\n")
    }
}

fn show(folder: &str) -> Report {
    let report = Report::of(folder);
    println!("{folder}\n{}", report.lines());
    if std::env::var_os("BIRTH_CORPUS_CONFUSIONS").is_some() {
        println!("{}", report.confusions.join("\n"));
    }
    report
}

#[test]
fn own_shapes() {
    show("own");
}

#[test]
fn tuned_shapes() {
    show("tuned");
}

#[test]
fn held_out_shapes() {
    show("held-out");
}
