//! `birth facts export|show|stat`.

use serde_json::Value;

use super::{compress, exported, refused, scene, uncompressed};

#[test]
fn what_is_exported_is_what_plugins_get() {
    let scene = scene();
    let file = exported(&scene, &[]);
    let file = file.to_str().unwrap();
    let stat = scene
        .home
        .birth(&["facts", "stat", file, "--format", "json"]);
    let stat = stat.run().expect_code(0).json();
    assert_eq!(stat["subjects"]["classification"], 6);
    assert_eq!(stat["subjects"]["coverage"], 6);
    // Six columns and their two checks, and a birth trigger for each of four tables.
    assert_eq!(stat["subjects"]["conflict"], 12);
    assert_eq!(
        (&stat["rows_without_key"], &stat["duplicate_keys"]),
        (&1.into(), &1.into())
    );
    assert_eq!(stat["database"]["database"], scene.db.name());
    assert_eq!(stat["registry"], "inventory.collection_registry");
    let roles = &stat["contents"]["classification"]["governance_roles"];
    assert_eq!(
        (&roles["governed"], &roles["observed"]),
        (&3.into(), &1.into())
    );

    let show = scene
        .home
        .birth(&["facts", "show", file, "--format", "json"]);
    let listed = show.run().expect_code(0).json();
    let keys: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["key"].as_str().unwrap())
        .collect();
    assert_eq!(
        &keys[..6],
        [
            "customers",
            "gone",
            "orders",
            "other",
            "zebra_visits",
            "zebras"
        ]
    );
    assert_eq!(&keys[18..], &keys[..6]);

    let show = ["facts", "show", file, "zebra_visits"];
    let told = scene.home.birth(&show).arg("--format").arg("json").run();
    let told = told.expect_code(0).json();
    let shape = &told[0]["facts"];
    assert_eq!(shape["comment"], "what Zoe saw");
    assert_eq!(shape["columns"][2]["type"], "timestamp with time zone");
    assert_eq!(
        shape["columns"][2]["marks"],
        serde_json::json!(["not-null", "default", "default-now"])
    );
    assert_eq!(shape["foreign_keys"][0]["references"], "customers");
    assert_eq!(
        shape["foreign_keys"][0]["columns"],
        serde_json::json!(["zebra_id"])
    );
    assert_eq!(told[1]["facts"]["species_mappings"], 0);
    let text = scene.home.birth(&show).run().expect_code(0).stdout;
    for part in [
        "classification",
        "coverage",
        "zebra_id",
        "default-now",
        "\"what Zoe saw\"",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }

    // One role alone.
    let file = exported(&scene, &["--role", "coverage"]);
    let text = uncompressed(&file);
    assert!(!text.contains("\"classification\":{") && text.contains("\"coverage\":{"));
}

#[test]
fn an_export_needs_no_species_map_for_what_does_not_ask_for_it() {
    let scene = scene();
    scene
        .db
        .execute("DROP TABLE inventory.species_collection_map");
    let out = scene.home.path().join("x.gz");
    let export = ["facts", "export", "--out", out.to_str().unwrap()];
    let all = scene.on(&export).run();
    assert_eq!(all.code, Some(23), "{}", all.stderr);
    assert!(!out.exists(), "a file that is not whole is none");
    let names: Vec<_> = std::fs::read_dir(scene.home.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        !names.iter().any(|n| n.to_string_lossy().contains("x.gz")),
        "{names:?}"
    );
    let one = scene.on(&[&export[..], &["--role", "classification"]].concat());
    one.run().expect_code(0);
    assert!(out.exists());
}

#[test]
fn many_pages_give_every_collection_once() {
    let scene = crate::coverage_scene::Scene::bare();
    scene.db.execute(
        "INSERT INTO inventory.collection_registry (collection_key, governance_role)
         SELECT 'c' || lpad(n::text, 5, '0'), 'governed' FROM generate_series(1, 9000) n;
         CREATE TABLE app.c04097 (id int PRIMARY KEY); CREATE TABLE app.c09000 (id int PRIMARY KEY);
         INSERT INTO inventory.collection_registry (collection_key) VALUES ('c04096'), ('c08192')",
    );
    let file = exported(&scene, &["--role", "classification", "--role", "coverage"]);
    let file = file.to_str().unwrap();
    let show = scene
        .home
        .birth(&["facts", "show", file, "--format", "json"]);
    let listed = show.run().expect_code(0).json();
    let listed = listed.as_array().unwrap();
    for role in ["classification", "coverage"] {
        let of_role = listed.iter().filter(|s| s["role"] == role);
        let keys: Vec<&str> = of_role.map(|s| s["key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), 8998, "two keys are registered twice");
        assert!(keys.is_sorted());
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    }
    let found = scene
        .home
        .birth(&["facts", "show", file, "c04097", "--format", "json"]);
    let found = found.run().expect_code(0).json();
    assert_eq!(found[0]["facts"]["columns"][0]["name"], "id");
}

#[test]
fn files_that_are_none_are_refused_by_everything_that_reads_them() {
    let scene = scene();
    let file = exported(&scene, &[]);
    let path = file.to_str().unwrap();
    let text = uncompressed(&file);
    let whole = std::fs::read(&file).unwrap();
    let every = |exit: i32, code: &str, says: &str| {
        for command in [
            &["facts", "show", path][..],
            &["facts", "stat", path],
            &[
                "policy",
                "diff",
                "approved:2",
                "approved:4",
                "--facts",
                path,
            ],
        ] {
            let ran = scene.home.birth(command).run();
            assert!(ran.stdout.is_empty(), "{}", ran.stdout);
            refused(ran, exit, code, says);
            let ran = scene.home.birth(command).arg("--format").arg("json").run();
            let error = &ran.expect_code(exit).json()["error"];
            assert_eq!(error["code"], code);
            assert!(!error["next"].is_null());
        }
    };
    compress(&file, &text.replacen("\"format\":1", "\"format\":2", 1));
    every(27, "FACTS_FILE_FROM_NEWER_HOST", "format 2");
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    every(27, "FACTS_FILE_DAMAGED", path);
    compress(&file, &text.replacen("zebra_visits", "zebra_visita", 1));
    every(27, "FACTS_FILE_DAMAGED", "digest");
    let lines: Vec<&str> = text.lines().collect();
    compress(&file, &(lines[..lines.len() - 1].join("\n") + "\n"));
    every(27, "FACTS_FILE_DAMAGED", "cut");
    std::fs::write(&file, "not a facts file").unwrap();
    every(27, "FACTS_FILE_DAMAGED", path);
    std::fs::remove_file(&file).unwrap();
    every(28, "FACTS_FILE_NOT_READABLE", path);
}

#[test]
fn places_that_cannot_be_written_and_collections_that_are_not_there() {
    let scene = scene();
    let export = ["facts", "export", "--role", "conflict", "--out"];
    for place in ["/nowhere/facts.gz", "/dev/null", "/"] {
        let ran = scene.on(&[&export[..], &[place]].concat()).run();
        refused(ran, 28, "FACTS_NOT_WRITTEN", place);
    }
    let file = exported(&scene, &["--role", "conflict"]);
    let show = ["facts", "show", file.to_str().unwrap(), "nobody\u{202e}"];
    let ran = scene.home.birth(&show).run();
    assert!(!ran.stderr.contains('\u{202e}'), "{}", ran.stderr);
    refused(ran, 20, "NO_SUCH_COLLECTION", "nobody");
    // The database is not touched where the facts cannot go anywhere.
    assert_eq!(
        Value::Null,
        scene
            .home
            .birth(&["facts", "stat", show[2], "--format", "json"])
            .run()
            .json()["contents"]["coverage"]
    );
}

/// Each writes a file of its own; the last whole one stays.
#[test]
fn exports_to_one_file_at_once_leave_a_whole_one() {
    let scene = scene();
    let file = scene.home.path().join("same.facts");
    let name = file.to_str().unwrap();
    let exports: Vec<_> = ["coverage", "classification", "coverage", "classification"]
        .into_iter()
        .map(|role| {
            let export = ["facts", "export", "--role", role, "--out", name];
            scene.on(&export).start()
        })
        .collect();
    for export in exports {
        let ended = export.wait_with_output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
    let stat = scene.home.birth(&["facts", "stat", name]).run();
    stat.expect_code(0);
}
