//! An inspection for people.

use birth_core::policy::verdict::Description;

use super::Inspection;
use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, one_line, severity, styled};
use crate::plugin::anatomy::{Anatomy, Form};
use crate::run::author::settings::Found;

pub(super) fn show(found: &Inspection<'_>, output: &Output) {
    output.text(styled(BOLD, one_line(found.file)));
    let row = |name: &str, value: String| output.text(format!("  {name:<9}  {value}"));
    row("size", format!("{} bytes", found.bytes));
    row("sha256", found.sha256.to_string());
    row("form", form(found.anatomy.form).to_owned());
    row(
        "role",
        match (found.role, &found.world, found.wit) {
            (Some(role), Some(world), Some(wit)) => {
                format!("{role} (world {world}, birth:policy@{})", one_line(wit))
            }
            _ => styled(BAD, "none"),
        },
    );
    row("imports", listed(&found.anatomy.imports, BAD));
    row("exports", listed(&found.anatomy.exports, DIM));
    row("inside", inside(found.anatomy));
    row("custom", custom(found.anatomy));
    for producer in &found.anatomy.producers {
        let said = format!("{} {} {}", producer.field, producer.name, producer.version);
        row("made with", one_line(&said));
    }
    row(
        "builder",
        match &found.pin {
            Some(pin) => format!(
                "{}; pinned as {} in {} revision {}",
                one_line(pin.builder.as_deref().unwrap_or("not recorded")),
                pin.role,
                one_line(&pin.set),
                pin.revision
            ),
            None => "not recorded: the policy set does not pin this component".to_owned(),
        },
    );
    // Of what is no WebAssembly at all the form says it.
    let fault = found.anatomy.fault.as_ref();
    if let Some(fault) = fault.filter(|_| found.anatomy.form != Form::Other) {
        row("unread", one_line(fault));
    }
    if let Some(said) = &found.description {
        describe(said, output);
    }
    if let Some(settings) = &found.settings {
        list_settings(settings, output);
    }
    match found.problems.as_slice() {
        [] => output.text(styled(
            GOOD,
            "nothing is wrong with it that can be seen from outside",
        )),
        problems => problems.iter().for_each(|problem| {
            let message = one_line(&problem.message);
            let mark = styled(BAD, "problem:");
            output.text(format!("{mark} {message} [{}]", problem.code));
        }),
    }
}

fn form(form: Form) -> &'static str {
    match form {
        Form::Component => "component",
        Form::Module => "core module",
        Form::Other => "no WebAssembly",
    }
}

fn listed(names: &[String], style: anstyle::Style) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<String> = names.iter().take(20).map(|name| one_line(name)).collect();
    styled(style, names.join(", "))
}

fn inside(anatomy: &Anatomy) -> String {
    format!(
        "core modules: {}, memories: {}, start functions: {}",
        anatomy.modules, anatomy.memories, anatomy.start_functions
    )
}

fn custom(anatomy: &Anatomy) -> String {
    if anatomy.custom_sections.is_empty() {
        return "no sections".to_owned();
    }
    let sections = anatomy.custom_sections.iter().take(8);
    let sections: Vec<String> = sections
        .map(|section| format!("{:?} {}", one_line(&section.name), section.bytes))
        .collect();
    format!("{} bytes: {}", anatomy.custom_bytes, sections.join(", "))
}

fn describe(said: &Description, output: &Output) {
    output.text(format!(
        "It says it is {} {}, with {} reasons",
        one_line(&said.name),
        one_line(&said.version),
        said.reasons.len()
    ));
    for reason in &said.reasons {
        output.text(format!(
            "  {} {} {}",
            severity(reason.severity),
            one_line(&reason.code),
            styled(DIM, one_line(&reason.message))
        ));
    }
}

fn list_settings(found: &Found, output: &Output) {
    if found.settings.is_empty() {
        output.text("It names no settings");
        return;
    }
    output.text(format!("It names {} settings", found.settings.len()));
    for known in &found.settings {
        let accepts = match known.accepts.as_slice() {
            [] => "none of the values tried".to_owned(),
            accepts => accepts.join(", "),
        };
        let says = known.says.as_deref().map(one_line).unwrap_or_default();
        output.text(format!(
            "  {} accepts {accepts} {}",
            one_line(&known.key),
            styled(DIM, says)
        ));
    }
    if found.more {
        output.text("  … and others, which its words had no room for");
    }
}
