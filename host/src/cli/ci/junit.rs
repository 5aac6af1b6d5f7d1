//! JUnit XML, by the schema that Jenkins publishes. No case has a duration: what
//! is checked here is checked at once.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use birth_core::op::report::one_line;

pub(in crate::cli) type Xml<'a> = Writer<&'a mut dyn Write>;

/// Cases of a suite, and how they ended.
#[derive(Default, Clone, Copy)]
pub(in crate::cli) struct Cases {
    pub(in crate::cli) all: u64,
    pub(in crate::cli) failed: u64,
    pub(in crate::cli) errors: u64,
    pub(in crate::cli) skipped: u64,
}

impl Cases {
    /// As a suite and the whole document have them; `skipped` is a suite's alone.
    pub(in crate::cli) fn attributes(self) -> [(&'static str, String); 4] {
        [
            ("tests", self.all.to_string()),
            ("failures", self.failed.to_string()),
            ("errors", self.errors.to_string()),
            ("time", "0".to_owned()),
        ]
    }

    pub(in crate::cli) fn plus(self, other: Self) -> Self {
        Self {
            all: self.all + other.all,
            failed: self.failed + other.failed,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }
}

pub(in crate::cli) fn pair<'a>((name, value): &'a (&'static str, String)) -> (&'a str, &'a str) {
    (name, value)
}

/// Text that XML 1.0 can hold: it has no place for most control characters, not
/// even escaped.
pub(in crate::cli) fn safe(text: &str) -> String {
    one_line(text)
}

/// A whole document.
pub(in crate::cli) fn document(
    out: &mut dyn Write,
    name: &str,
    cases: Cases,
    suites: impl FnOnce(&mut Xml<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", name))
        .with_attributes(cases.attributes().iter().map(pair))
        .write_inner_content(suites)?;
    writeln!(xml.get_mut())
}

/// The properties of a suite.
pub(in crate::cli) fn properties(all: &[(&str, String)], xml: &mut Xml<'_>) -> io::Result<()> {
    xml.create_element("properties")
        .write_inner_content(|xml| {
            all.iter().try_for_each(|(name, value)| {
                xml.create_element("property")
                    .with_attributes([("name", *name), ("value", safe(value).as_str())])
                    .write_empty()
                    .map(drop)
            })
        })
        .map(drop)
}

/// A case that passed.
pub(in crate::cli) fn passed(xml: &mut Xml<'_>, class: &str, name: &str) -> io::Result<()> {
    xml.create_element("testcase")
        .with_attributes([("classname", class), ("name", name)])
        .write_empty()
        .map(drop)
}

/// A case that did not, and as what: `failure` or `error`.
pub(in crate::cli) fn not_passed(
    xml: &mut Xml<'_>,
    [class, name]: [&str; 2],
    kind: &str,
    [code, message]: [&str; 2],
    details: &str,
) -> io::Result<()> {
    xml.create_element("testcase")
        .with_attributes([("classname", class), ("name", name)])
        .write_inner_content(|xml| {
            xml.create_element(kind)
                .with_attributes([("type", code), ("message", message)])
                .write_text_content(BytesText::new(details))
                .map(drop)
        })
        .map(drop)
}
