//! Connections that break, stall or drip, on either way.

use std::fs;
use std::time::{Duration, Instant};

use birth_tests::cli::Home;

use super::faulty::{Faulty, MANIFEST, Step, answer, component, ok, pull_from, right, serving};
use super::refused;

#[test]
fn a_connection_that_is_cut() {
    let bytes = component();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len());
    let half = [head.as_bytes(), &bytes[..bytes.len() / 2]].concat();
    let right = || ok(MANIFEST, right().as_bytes());
    for (manifest, blob) in [
        (vec![], vec![]),
        (vec![Step::Send(b"HTTP/1.1 200".to_vec())], vec![]),
        (right(), vec![]),
        (right(), vec![Step::Send(half)]),
    ] {
        let home = Home::new();
        let faulty = serving(manifest, blob);
        let ran = pull_from(&faulty, &home, &[]);
        refused(
            &home,
            &ran,
            31,
            "REGISTRY_CONNECTION_BROKEN",
            &[faulty.name()],
        );
    }
}

#[test]
fn a_connection_that_stalls() {
    let hour = Step::Wait(Duration::from_secs(3600));
    let begun = Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nab".to_vec());
    for manifest in [vec![hour.clone()], vec![begun, hour]] {
        let home = Home::new();
        let faulty = serving(manifest, vec![]);
        let start = Instant::now();
        let ran = pull_from(&faulty, &home, &["--timeout", "1s"]);
        refused(
            &home,
            &ran,
            31,
            "REGISTRY_SILENT",
            &["silent for 1s while it gave the manifest"],
        );
        assert!(
            start.elapsed() < Duration::from_secs(15),
            "{:?}",
            start.elapsed()
        );
    }
}

/// Never silent, and never done.
#[test]
fn a_connection_that_drips() {
    let mut steps = vec![Step::Send(
        b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec(),
    )];
    for _ in 0..1000 {
        steps.push(Step::Wait(Duration::from_millis(50)));
        steps.push(Step::Send(b"x".to_vec()));
    }
    let home = Home::new();
    let faulty = serving(steps, vec![]);
    let ran = pull_from(&faulty, &home, &["--timeout", "400ms"]);
    refused(&home, &ran, 31, "REGISTRY_TOO_SLOW", &["not done after 8s"]);
}

/// A component of eight megabytes, most of them data of a module that nothing
/// uses: more than the sockets take at once.
fn heavy(home: &Home) -> String {
    // LEB128 in four bytes.
    let leb = |n: usize| [n | 0x80, n >> 7 | 0x80, n >> 14 | 0x80, n >> 21 & 0x7f].map(|b| b as u8);
    let payload = vec![b'x'; 8 << 20];
    let mut module = b"\0asm\x01\0\0\0\x0b".to_vec();
    module.extend(leb(2 + 4 + payload.len()));
    // One segment, passive.
    module.extend([1, 1]);
    module.extend(leb(payload.len()));
    module.extend(payload);
    let mut bytes = component();
    bytes.push(1);
    bytes.extend(leb(module.len()));
    bytes.extend(module);
    let path = home.path().join("heavy.wasm");
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Takes longer in all than a silence may last, and is none: as long as
/// somebody takes what is sent.
#[test]
fn an_upload_that_is_slow_and_one_that_stalls() {
    let home = Home::new();
    let heavy = heavy(&home);
    let push = |pause: u64| {
        let pause = Duration::from_millis(pause);
        let faulty = Faulty::reading(pause, |_, asked| {
            match asked.line.split(' ').next().unwrap() {
                "HEAD" => answer("404 Not Found", &[], b""),
                "POST" => answer("202 Accepted", &[("location", "/up")], b""),
                "PUT" if asked.line.starts_with("PUT /up") => answer("201 Created", &[], b""),
                _ => answer("418 Enough", &[], b""),
            }
        });
        let to = faulty.reference("a:1");
        let options = ["--insecure-http", "--timeout", "2s", "--format", "json"];
        let ran = home
            .birth(&[&["plugin", "push", &heavy, &to], &options[..]].concat())
            .run();
        (ran, faulty.asked())
    };
    let start = Instant::now();
    let (ran, asked) = push(60);
    assert!(
        start.elapsed() > Duration::from_millis(1500),
        "it was not slow"
    );
    refused(
        &home,
        &ran,
        31,
        "REGISTRY_REFUSED",
        &["answered 418 while it took the manifest"],
    );
    assert_eq!(
        asked
            .iter()
            .filter(|a| a.line.starts_with("PUT /up"))
            .count(),
        2
    );
    let (ran, _) = push(3_600_000);
    refused(
        &home,
        &ran,
        31,
        "REGISTRY_SILENT",
        &["silent for 2s while it took a blob"],
    );
}
