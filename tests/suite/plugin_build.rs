//! `birth plugin build`: from source to the pinned bytes, whatever the folder;
//! and what it refuses to build.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use birth_core::digest::Digest;
use birth_tests::cli::{Birth, Home, Ran, workspace};

fn plugin_build(home: &Home, folder: &Path) -> Birth {
    compiling(home.birth(&["plugin", "build", "--format", "json"])).arg(folder.to_str().unwrap())
}

/// A command with the environment that a compiler needs: its own homes, which
/// are found by HOME.
pub(crate) fn compiling(mut birth: Birth) -> Birth {
    for name in [
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "RUSTC",
    ] {
        if let Ok(value) = std::env::var(name) {
            birth = birth.env(name, &value);
        }
    }
    birth
}

fn ask_rustc(arguments: &[&str]) -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Whether the compiler has the target of plugins.
pub(crate) fn has_target() -> bool {
    let target = [
        "--print",
        "target-libdir",
        "--target",
        "wasm32-unknown-unknown",
    ];
    std::fs::read_dir(ask_rustc(&target)).is_ok_and(|entries| {
        entries
            .filter_map(Result::ok)
            .any(|e| e.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

#[track_caller]
pub(crate) fn says_how_to_get_the_target(ran: Ran) {
    let ran = ran.expect_code(20);
    for text in [
        "[PLUGIN_NOT_BUILT]",
        "rustup target add wasm32-unknown-unknown",
        "RUSTC",
    ] {
        assert!(ran.stderr.contains(text), "no {text:?} in: {}", ran.stderr);
    }
    assert_eq!(ran.json()["error"]["code"], "PLUGIN_NOT_BUILT");
}

/// Every file of the workspace that is not ignored, in another folder.
fn copy_of_the_workspace() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let names = String::from_utf8(listed.stdout).unwrap();
    for name in names.split_terminator('\0') {
        let (from, to) = (
            workspace().join(name),
            copy.path().join("deeper down").join(name),
        );
        if from.is_file() {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(from, to).unwrap();
        }
    }
    copy
}

/// Two builds in two folders give the same bytes, and those are the approved
/// ones where the compiler is the one that is recorded with the approval.
#[test]
fn builds_are_reproducible() {
    let home = Home::new();
    let here = workspace().join("plugins/conflict");
    if !has_target() {
        return says_how_to_get_the_target(plugin_build(&home, &here).run());
    }
    let copy = copy_of_the_workspace();
    let there = copy.path().join("deeper down/plugins/conflict");
    let build = |folder: &Path, out: &str| {
        let ran = plugin_build(&home, folder).arg("--out").arg(out).run();
        let built = ran.expect_code(0).json();
        let bytes = std::fs::read(home.path().join(out)).unwrap();
        assert_eq!(built["sha256"], Digest::of(&bytes).to_string());
        assert_eq!(built["world"], "conflict-plugin");
        assert_eq!(built["wit"], "0.1.0");
        (built, bytes)
    };
    let (first, bytes) = build(&here, "first.wasm");
    let (second, other_bytes) = build(&there, "second.wasm");
    assert_eq!(first["sha256"], second["sha256"]);
    assert_eq!(bytes, other_bytes);
    let verify = ["plugin", "verify", "--format", "json", "--rebuild"];
    let verify = home.birth(&verify).arg(here.to_str().unwrap());
    // What a person's own builds go through is no part of it.
    let verify = verify.env("RUSTC_WRAPPER", "/bin/false");
    let report = compiling(verify).run().expect_code(0).json();
    let rebuilt = &report["rebuilt"][0];
    assert_eq!(report["ok"], true);
    assert_eq!(rebuilt["rebuilt"], first["sha256"]);
    if rebuilt["recorded"] == first["builder"] {
        assert_eq!(rebuilt["result"], "identical");
        assert_eq!(rebuilt["pinned"], first["sha256"]);
    } else if rebuilt["pinned"] != first["sha256"] {
        // Other bytes are expected of another compiler, and they behave alike.
        assert_eq!(rebuilt["result"], "agrees");
    }
}

/// A crate without dependencies whose only content is this.
fn tiny_crate(folder: &Path, name: &str, manifest: &str, source: &str) -> PathBuf {
    let folder = folder.join(name);
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let header = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    std::fs::write(folder.join("Cargo.toml"), format!("{header}{manifest}")).unwrap();
    let lock = format!("version = 3\n\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
    std::fs::write(folder.join("Cargo.lock"), lock).unwrap();
    std::fs::write(folder.join("src/lib.rs"), source).unwrap();
    folder
}

#[test]
fn a_crate_that_is_no_plugin_is_refused() {
    let (home, root) = (Home::new(), tempfile::tempdir().unwrap());
    let cdylib = "[lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n";
    let imports = tiny_crate(
        root.path(),
        "imports",
        cdylib,
        "#[link(wasm_import_module = \"clock\")]\nextern \"C\" { fn now() -> u64; }\n\
         #[no_mangle]\npub extern \"C\" fn judge() -> u64 { unsafe { now() } }\n",
    );
    let empty = tiny_crate(root.path(), "empty", cdylib, "");
    let broken = tiny_crate(root.path(), "broken", cdylib, "fn f() -> u8 { \"text\" }");
    let library = tiny_crate(root.path(), "library", "[workspace]\n", "");
    let nothing = root.path().join("nothing");
    let build = |folder: &Path| {
        plugin_build(&home, folder)
            .arg("--out")
            .arg("out.wasm")
            .run()
    };
    if has_target() {
        let rows = [
            (
                &imports,
                24,
                "imports clock::now; a plugin must import nothing",
            ),
            (&empty, 24, "exports no role of birth:policy"),
            (&broken, 20, "could not build broken"),
            (&library, 20, "is not a cdylib"),
            (&nothing, 20, "does not exist"),
        ];
        for (folder, code, says) in rows {
            let ran = build(folder).expect_code(code);
            assert!(ran.stderr.contains("[PLUGIN_NOT_BUILT]"), "{}", ran.stderr);
            assert!(ran.stderr.contains(says), "no {says:?} in: {}", ran.stderr);
            assert_eq!(ran.json()["error"]["code"], "PLUGIN_NOT_BUILT");
            assert!(ran.json().get("sha256").is_none(), "{}", ran.stdout);
        }
    } else {
        says_how_to_get_the_target(build(&imports));
    }
    assert!(!home.path().join("out.wasm").exists());
}

/// A compiler without the target, on every machine: one that says so.
#[test]
fn a_compiler_without_the_target_is_explained() {
    let (home, root) = (Home::new(), tempfile::tempdir().unwrap());
    let rustc = root.path().join("rustc");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *target-libdir*) echo '{}'; exit 0;; esac\nexec rustc \"$@\"\n",
        root.path().join("no-libraries").display()
    );
    std::fs::write(&rustc, script).unwrap();
    std::fs::set_permissions(&rustc, std::fs::Permissions::from_mode(0o755)).unwrap();
    let here = workspace().join("plugins/conflict");
    let build = plugin_build(&home, &here).env("RUSTC", rustc.to_str().unwrap());
    let ran = build.run();
    assert!(ran.stderr.contains("no-libraries"), "{}", ran.stderr);
    says_how_to_get_the_target(ran);

    let build = plugin_build(&home, &here).env("RUSTC", "no-such-compiler");
    let ran = build.run().expect_code(20);
    assert!(ran.stderr.contains("variable RUSTC"), "{}", ran.stderr);
}
