//! What needs no compiler of WebAssembly; the build itself is shown by the
//! tests of the whole program.

use super::*;

fn toolchain() -> Toolchain {
    Toolchain {
        cargo: "cargo".into(),
        rustc: "rustc".into(),
        builder: String::new(),
        cargo_home: "/home/me/.cargo".into(),
        library_source: "/opt/rust/lib/rustlib/src/rust".into(),
    }
}

fn manifest(root: &str, has_plugin_profile: bool) -> Manifest {
    Manifest {
        path: Path::new(root).join("plugin/Cargo.toml"),
        package: "mine".to_owned(),
        workspace_root: root.into(),
        target_dir: Path::new(root).join("target"),
        has_plugin_profile,
    }
}

fn environment(command: &Command, name: &str) -> Option<String> {
    let mut variables = command.get_envs();
    let value = variables.find(|(key, _)| *key == name)?.1?;
    Some(value.to_string_lossy().into_owned())
}

#[test]
fn the_longest_folder_is_remapped_last() {
    let expected = [
        "--remap-path-prefix=/home/me/.cargo=/cargo",
        "--remap-path-prefix=/opt/rust/lib/rustlib/src/rust=/rust",
        "--remap-path-prefix=/home/me/.cargo/git/checkouts/a folder=/workspace",
    ];
    let manifest = manifest("/home/me/.cargo/git/checkouts/a folder", true);
    assert_eq!(remap_flags(&toolchain(), &manifest), expected);
}

#[test]
fn flags_with_spaces_stay_whole() {
    let command = cargo_build(&toolchain(), &manifest("/a b", true), Path::new("/t"));
    let flags = environment(&command, "CARGO_ENCODED_RUSTFLAGS");
    let flags: Vec<String> = flags
        .unwrap_or_default()
        .split('\u{1f}')
        .map(str::to_owned)
        .collect();
    assert_eq!(flags.len(), 3);
    assert_eq!(flags[0], "--remap-path-prefix=/a b=/workspace");
}

#[test]
fn a_crate_without_the_profile_gets_its_settings() {
    let lto = "CARGO_PROFILE_RELEASE_LTO";
    let without = cargo_build(&toolchain(), &manifest("/w", false), Path::new("/t"));
    assert_eq!(environment(&without, lto).as_deref(), Some("true"));
    let with = cargo_build(&toolchain(), &manifest("/w", true), Path::new("/t"));
    assert_eq!(environment(&with, lto), None);
    let arguments: Vec<_> = with.get_args().collect();
    assert!(
        arguments
            .windows(2)
            .any(|pair| pair == ["--profile", "plugin"])
    );
}

#[test]
fn the_artifact_is_the_wasm_file_of_this_crate() {
    let line = |manifest: &str, file: &str| {
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"{manifest}","filenames":["/t/x.rlib","{file}"]}}"#
        )
    };
    let messages = [
        r#"{"reason":"build-script-executed","package_id":"x"}"#.to_owned(),
        line("/w/other/Cargo.toml", "/t/other.wasm"),
        line("/w/plugin/Cargo.toml", "/t/mine.wasm"),
    ];
    let found = manifest("/w", true).artifact(&messages.join("\n"));
    assert_eq!(found, Some(PathBuf::from("/t/mine.wasm")));
    assert_eq!(manifest("/w", true).artifact(&messages[1]), None);
}

#[test]
fn a_folder_without_a_crate_is_named() {
    let built = build(
        Path::new("/no/such/folder"),
        &Options::default(),
        &mut |_| {},
    );
    let text = built.map_err(|error| error.to_string());
    assert!(text.is_err_and(|text| text.starts_with("/no/such/folder/Cargo.toml")));
}

#[test]
fn a_module_with_imports_is_refused_by_name() {
    // A module that imports one function `clock.now` of type `[] -> []`.
    let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0d\x01\x05clock\x03now\0\0";
    let refused = component::encode(module).map_err(|error| error.to_string());
    assert!(refused.is_err_and(|text| text.starts_with("the plugin imports clock::now;")),);
}

#[test]
fn a_module_without_a_role_is_refused() {
    let refused = component::encode(b"\0asm\x01\0\0\0");
    assert!(
        matches!(refused, Err(ComponentError::NoRole)),
        "{refused:?}"
    );
    assert!(matches!(
        component::encode(b"MZ"),
        Err(ComponentError::Parse(_))
    ));
}
