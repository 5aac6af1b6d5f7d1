//! What policy authors do: `birth plugin new|test|inspect|bench|verify`, with
//! components that behave and components that do not.

mod cases;
mod cost;
mod inspection;
mod kit;
mod new;
mod rebuild;

use std::path::PathBuf;

use birth_tests::cli::{Home, workspace};

/// The approved component of a role.
fn approved(role: &str) -> String {
    let path = workspace().join(format!("plugins/approved/{role}.wasm"));
    path.to_str().unwrap().to_owned()
}

/// Writes a file into a test's home.
fn put(home: &Home, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = home.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// A component with a custom section at its end: other bytes, and no other
/// behaviour.
fn with_custom_section(component: &[u8], bytes: usize) -> Vec<u8> {
    let mut body = vec![4];
    body.extend_from_slice(b"note");
    body.resize(body.len() + bytes, b'.');
    let mut out = component.to_vec();
    out.push(0);
    let mut size = body.len();
    loop {
        let low = (size & 0x7f) as u8;
        size >>= 7;
        out.push(if size == 0 { low } else { low | 0x80 });
        if size == 0 {
            break;
        }
    }
    out.extend(body);
    out
}
