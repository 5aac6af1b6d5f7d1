//! Trust files that cannot be used: then nothing is trusted.

use super::scene::Scene;

#[test]
fn each_is_named_with_its_fault() {
    let scene = Scene::approved();
    let good = std::fs::read_to_string(scene.path("trust.toml")).unwrap();
    let signers = std::fs::read_to_string(scene.path("allowed_signers")).unwrap();
    let refused = |code: i32, says: &[&str]| {
        for command in [
            &["verify"][..],
            &["show"],
            &["log"],
            &["approve", "--by", "ada"],
        ] {
            let ran = scene.policy(command).run().expect_code(code);
            for part in says {
                assert!(ran.stderr.contains(part), "no {part:?} in: {}", ran.stderr);
            }
            assert!(ran.stderr.contains("nothing is trusted"), "{}", ran.stderr);
        }
    };
    for (from, to, says) in [
        (
            "format = 1",
            "format = 2",
            "format 2; this host reads up to 1",
        ),
        (
            "approve = { reviewer = 2 }",
            "approve = { reviewer = 4 }",
            "has 3 members",
        ),
        (
            "approve = { reviewer = 2 }",
            "approve = {}",
            "asks for nobody",
        ),
        (
            "approve = { reviewer = 2 }",
            "approve = { boss = 1 }",
            "no [role.boss]",
        ),
        ("[require]", "[needs]", "unknown field `needs`"),
        ("\"cyd@", "\"dan@", "dan@example.org has a role and no key"),
    ] {
        assert!(good.contains(from), "{from}");
        std::fs::write(scene.path("trust.toml"), good.replace(from, to)).unwrap();
        refused(24, &["[TRUST_NOT_USABLE]", "trust.toml", says]);
    }
    std::fs::write(scene.path("trust.toml"), &good).unwrap();
    for (text, says) in [
        (
            signers.replacen("bob@example.org", "bob@example.org,ada@example.org", 1),
            "line 2 lets one key sign for ada@example.org and bob@example.org",
        ),
        (
            signers.replacen("cyd@example.org", "cyd@example.org,*@example.org", 1),
            "line 3 lets one key sign for",
        ),
        (format!("{signers}eve\n"), "line 4: there is no key"),
        (
            signers.replacen("  ssh-ed25519", " valid-before=\"20300101\" ssh-ed25519", 1),
            "line 1: `20300101`",
        ),
    ] {
        std::fs::write(scene.path("allowed_signers"), text).unwrap();
        refused(24, &["[TRUST_NOT_USABLE]", "allowed_signers", says]);
    }
    std::fs::remove_file(scene.path("allowed_signers")).unwrap();
    refused(28, &["[FILE_NOT_READABLE]", "allowed_signers"]);
    std::fs::remove_file(scene.path("trust.toml")).unwrap();
    refused(28, &["[FILE_NOT_READABLE]", "trust.toml"]);
}

/// A trust file beside the set is not looked for: whoever changes the set could
/// change it.
#[test]
fn one_that_nobody_names_does_not_count() {
    let scene = Scene::approved();
    scene.set.write("trust.toml", "this is no trust file");
    scene.policy(&["verify"]).run().expect_code(0);
    let unsigned = scene
        .set
        .policy(&scene.home, &["verify"])
        .run()
        .expect_code(0);
    assert!(
        unsigned.stdout.contains("unsigned: no trust file is named"),
        "{}",
        unsigned.stdout
    );
}
