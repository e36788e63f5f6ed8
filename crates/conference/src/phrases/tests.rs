use super::*;

fn sounds() -> Sounds {
    Sounds { digits: Some("d".to_owned()), ..Sounds::built_in() }
}

/// The parts, without folder and ending.
fn spoken(files: Vec<String>) -> String {
    let part = |file: &String| file.trim_start_matches("d/").trim_end_matches(".wav").to_owned();
    files.iter().map(part).collect::<Vec<_>>().join(" ")
}

#[test]
fn numbers_are_spoken_by_the_grammar_of_the_language() {
    let cases = [
        ("", 0, "0"),
        ("en", 7, "7"),
        ("en", 20, "20"),
        ("en-US", 21, "20 1"),
        ("en", 30, "30"),
        ("en", 99, "90 9"),
        ("en", 100, "1 hundred"),
        ("en/us/callie", 342, "3 hundred 40 2"),
        ("en", 1_004, "1 thousand 4"),
        ("en", 21_115, "20 1 thousand 1 hundred 15"),
        ("en", 2_000_000, "2 million"),
        ("de", 1, "1"),
        ("de", 12, "12"),
        ("de", 21, "ein and 20"),
        ("de_AT", 42, "2 and 40"),
        ("de", 100, "ein hundred"),
        ("de", 199, "ein hundred 9 and 90"),
        ("de", 1_021, "ein thousand ein and 20"),
        ("fr", 421, "4 2 1"),
        ("zz", 0, "0"),
    ];
    for (language, number, parts) in cases {
        assert_eq!(spoken(super::number(&sounds(), language, number)), parts, "{number} in {language}");
    }
}

#[test]
fn a_value_has_its_sign() {
    assert_eq!(spoken(value(&sounds(), "en", 4)), "4");
    assert_eq!(spoken(value(&sounds(), "en", -3)), "currency/negative 3");
}

#[test]
fn keys_and_phone_numbers_are_spoken_one_by_one() {
    assert_eq!(spoken(digits(&sounds(), "*1#")), "star 1 pound");
    assert_eq!(spoken(digits(&sounds(), "+49 30/x")), "plus 4 9 3 0");
    assert!(digits(&Sounds::default(), "12").is_empty(), "without a folder nothing is spoken");
}

#[test]
fn every_part_of_a_number_is_among_the_files() {
    let all = sounds().all();
    for number in (0..1000).chain([1000, 99_999, 1_000_000, u32::MAX]) {
        let german = super::number(&sounds(), "de", number);
        german.iter().for_each(|file| assert!(all.contains(file), "{file}"));
        super::number(&sounds(), "en", number).iter().for_each(|file| assert!(all.contains(file), "{file}"));
    }
}
