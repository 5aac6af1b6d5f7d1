use super::*;

fn pseudonyms(secret: u8) -> Pseudonyms {
    Pseudonyms::new([secret; 32], ["law_artifact", "Betriebsrat"].into_iter())
}

fn is_hidden(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|b| LETTERS.contains(&b))
}

#[test]
fn equal_words_get_equal_pseudonyms_and_others_others() {
    let mut p = pseudonyms(1);
    let acme = p.name("acme");
    assert!(is_hidden(&acme), "{acme}");
    assert_eq!(p.name("acme_id"), format!("{acme}_id"));
    assert_eq!(p.name("Acmes"), in_case_of("Acme", &acme) + "s");
    assert_eq!(
        p.name("ACME2.acmeId"),
        format!("{}2.{acme}Id", acme.to_uppercase())
    );
    assert_ne!(p.name("acne"), acme);
    assert_ne!(pseudonyms(2).name("acme"), acme);
}

/// One letter of another script is a word, and a picture is one too.
#[test]
fn short_names_of_other_scripts_are_hidden() {
    let mut p = pseudonyms(1);
    for name in ["薬", "客", "💊🇨🇭", "ж", "a·b", "x薬"] {
        let hidden = p.name(name);
        assert!(hidden.is_ascii(), "{name} is {hidden}");
        assert_eq!(p.name(name), hidden);
    }
    assert_ne!(p.name("薬"), p.name("客"));
}

#[test]
fn what_rules_look_at_is_kept() {
    let mut p = pseudonyms(1);
    for kept in [
        "id",
        "created_at",
        "UPDATED_BY",
        "audit_log",
        "",
        "__",
        "2024",
        "x",
        "md5",
        "timestamp with time zone",
        "law_artifact",
        "betriebsrat",
        " governed ",
        "BIRTH_EXEMPT_LOG",
    ] {
        assert_eq!(p.name(kept), kept);
    }
    // Endings of words that are written together.
    assert!(p.name("zebralog").ends_with("log"));
    assert!(p.name("zebraid").ends_with("id"));
    assert_eq!(p.name("zebras"), p.name("zebra") + "s");
    assert_eq!(p.name("zebry") + "s", p.name("zebries"));
}

#[test]
fn free_text_goes_whole_and_definitions_lose_their_numbers() {
    let mut p = pseudonyms(1);
    assert!(is_hidden(&p.said("the log of Zoe")));
    assert_eq!(p.said(" "), " ");
    // A word of the vocabulary is a word of names: said of somebody it is a name.
    assert!(is_hidden(&p.said("admin")));
    assert_eq!(p.said("betriebsrat"), "betriebsrat");
    let check = p.definition("CHECK ((limit_zebra > 4711))");
    assert_eq!(check, format!("CHECK ((limit_{} > 0000))", p.name("zebra")));
}

#[test]
fn no_text_is_lost_or_added_to() {
    for text in [
        "",
        "aB",
        "ABc1d",
        "ä_Ö ß",
        "\u{202e}x",
        "1a2B",
        "userId",
        "HTTPCode",
    ] {
        assert_eq!(pieces(text).collect::<String>(), text);
    }
    let words: Vec<&str> = pieces("HTTPCode_line2").filter(|p| is_word(p)).collect();
    assert_eq!(words, ["HTTP", "Code", "line2"]);
}

#[test]
fn the_vocabulary_is_sorted_and_of_small_words() {
    assert!(WORDS.lines().is_sorted());
    assert!(
        WORDS
            .lines()
            .all(|word| pieces(word).count() == 1 && word == word.to_lowercase())
    );
    assert!(ENDINGS.is_sorted());
}
