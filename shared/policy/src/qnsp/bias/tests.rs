#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
use serde_json::{Value, json};

use super::*;

/// Rows of a group: so many of each label and prediction.
fn rows(group: &str, counts: &[(u8, u8, usize)]) -> Vec<Value> {
    let row = |(label, prediction, count): &(u8, u8, usize)| {
        vec![json!({ "sex": group, "label": label, "prediction": prediction, "score": 0.5 }); *count]
    };
    counts.iter().flat_map(row).collect()
}

fn json_set(rows: &[Value]) -> Dataset {
    Dataset::read(json!(rows).to_string().as_bytes(), Format::Json).unwrap()
}

fn of(kind: EvaluationType, rows: &[Value]) -> Result<Fairness, Failure> {
    evaluate(kind, &json_set(rows), &["sex".to_owned()], usize::MAX)
}

use EvaluationType::{Calibration, DemographicParity, EqualizedOdds};

/// Ten women, of whom 4 are chosen: 3 of the 5 who are good, and 1 of the 5 who are not. Eight men, of whom 5 are chosen: 4 of
/// the 5 who are good, and 1 of the 3 who are not.
fn by_hand() -> Vec<Value> {
    let women = rows("f", &[(1, 1, 3), (1, 0, 2), (0, 1, 1), (0, 0, 4)]);
    let men = rows("m", &[(1, 1, 4), (1, 0, 1), (0, 1, 1), (0, 0, 2)]);
    women.into_iter().chain(men).collect()
}

#[test]
fn demographic_parity_is_the_ratio_of_the_rates() {
    // 4/10 against 5/8: 0.4 / 0.625 = 0.64.
    let found = of(DemographicParity, &by_hand()).unwrap();
    assert_eq!((found.score, found.is_fair, found.rows), (0.64, false, 18));
    let group = |n, rate| GroupResult { n, rate: Some(rate), ..GroupResult::default() };
    let groups = BTreeMap::from([("f".to_owned(), group(10, 0.4)), ("m".to_owned(), group(8, 0.625))]);
    assert_eq!(found.attributes["sex"], AttributeResult { score: 0.64, fair: false, groups });
}

#[test]
fn equalized_odds_is_one_less_the_greater_difference() {
    // True positives 3/5 against 4/5, a difference of 0.2; false positives 1/5 against 1/3, a difference of 2/15.
    let found = of(EqualizedOdds, &by_hand()).unwrap();
    assert_eq!((found.score, found.is_fair), (0.8, true));
    let group = |n, tpr, fpr| GroupResult { n, tpr: Some(tpr), fpr: Some(fpr), ..GroupResult::default() };
    let groups = BTreeMap::from([("f".to_owned(), group(10, 0.6, 0.2)), ("m".to_owned(), group(8, 0.8, 0.3333))]);
    assert_eq!(found.attributes["sex"].groups, groups);
}

#[test]
fn calibration_is_one_less_the_greatest_gap() {
    // All scores are 0.5: the mean label is 5/10 of the women, a gap of 0, and 5/8 of the men, a gap of 0.125.
    let found = of(Calibration, &by_hand()).unwrap();
    assert_eq!((found.score, found.is_fair), (0.875, true));
    let gaps: Vec<_> = found.attributes["sex"].groups.values().map(|group| (group.gap, group.rate)).collect();
    assert_eq!(gaps, [(Some(0.0), None), (Some(0.125), None)]);
}

#[test]
fn groups_that_cannot_take_part_do_not() {
    let none = [rows("f", &[(0, 0, 5)]), rows("m", &[(1, 0, 5)])].concat();
    assert_eq!(of(DemographicParity, &none).unwrap().score, 1.0, "nobody is predicted positive");
    let found = of(EqualizedOdds, &none).unwrap();
    assert_eq!(found.score, 1.0, "one group has positives, another negatives");
    let group = &found.attributes["sex"].groups["f"];
    assert_eq!((group.tpr, group.fpr), (None, Some(0.0)));
    // A group of four is left out.
    let few = [by_hand(), rows("x", &[(1, 0, 4)])].concat();
    let found = of(DemographicParity, &few).unwrap();
    assert_eq!((found.score, found.rows, found.attributes["sex"].groups.len()), (0.64, 22, 2));
    assert_eq!(of(DemographicParity, &rows("f", &[(1, 1, 9)])), Err(Failure::TooFewGroups));
    assert_eq!(
        of(DemographicParity, &[rows("f", &[(1, 1, 9)]), rows("m", &[(1, 1, 4)])].concat()),
        Err(Failure::TooFewGroups)
    );
}

#[test]
fn the_least_attribute_decides() {
    let with_age = |(index, mut row): (usize, Value)| {
        row["age"] = json!(index % 2);
        row
    };
    let rows: Vec<_> = by_hand().into_iter().enumerate().map(with_age).collect();
    let attributes = ["age".to_owned(), "sex".to_owned()];
    let found = evaluate(EqualizedOdds, &json_set(&rows), &attributes, usize::MAX).unwrap();
    assert_eq!(found.score, found.attributes.values().map(|one| one.score).fold(1.0, f64::min));
    assert_eq!(found.attributes["age"].groups.keys().collect::<Vec<_>>(), ["0", "1"]);
}

#[test]
fn only_the_first_rows_are_used() {
    let women_first = by_hand();
    let found = evaluate(DemographicParity, &json_set(&women_first), &["sex".to_owned()], 15).unwrap();
    assert_eq!((found.rows, found.attributes["sex"].groups["m"].n), (15, 5));
    let alone = evaluate(DemographicParity, &json_set(&women_first), &["sex".to_owned()], 10);
    assert_eq!(alone, Err(Failure::TooFewGroups));
}

#[test]
fn a_row_that_misses_a_value_or_has_another_is_named() {
    for (name, value) in [
        ("prediction", json!(2)),
        ("prediction", json!("1")),
        ("prediction", json!(true)),
        ("prediction", json!(null)),
        ("label", json!(0.5)),
        ("sex", json!(null)),
        ("sex", json!(["f"])),
    ] {
        let mut rows = by_hand();
        rows[3][name] = value;
        assert_eq!(of(EqualizedOdds, &rows), Err(Failure::BadRow(3)), "{name}");
    }
    let mut rows = by_hand();
    rows[0]["score"] = json!(1.01);
    rows[5] = json!(7);
    assert_eq!(of(Calibration, &rows), Err(Failure::BadRow(0)));
    assert_eq!(of(DemographicParity, &rows), Err(Failure::BadRow(5)), "no score is needed");
}

#[test]
fn csv_says_the_same() {
    let header = "sex,label,prediction,score\r\n".to_owned();
    let line = |row: &Value| {
        format!("{},{},{},{}\r\n", row["sex"].as_str().unwrap(), row["label"], row["prediction"], row["score"])
    };
    let text = header.clone() + &by_hand().iter().map(line).collect::<String>();
    let csv = |text: &str| Dataset::read(text.as_bytes(), Format::Csv);
    for kind in [DemographicParity, EqualizedOdds, Calibration] {
        let found = evaluate(kind, &csv(&text).unwrap(), &["sex".to_owned()], usize::MAX);
        assert_eq!(found, of(kind, &by_hand()), "{kind:?}");
    }
    let of = |text: &str| evaluate(Calibration, &csv(text).unwrap(), &["sex".to_owned()], usize::MAX);
    assert_eq!(of(&header), Err(Failure::NoRows));
    assert_eq!(of(""), Err(Failure::NoRows));
    assert_eq!(of("sex,label\nf,1"), Err(Failure::BadRow(0)));
    assert_eq!(of("sex,label,score\nf,1,0.5\n,1,0.5"), Err(Failure::BadRow(1)));
    assert_eq!(of("sex,label,score\nf,1,NaN"), Err(Failure::BadRow(0)));
    assert_eq!(of("sex,label,score\nf,true,0.5"), Err(Failure::BadRow(0)));
    assert_eq!(of("sex,label,score\nf"), Err(Failure::BadRow(0)));
}

#[test]
fn what_cannot_be_parsed_is_bad_data() {
    for (data, format) in [
        (&b"{}"[..], Format::Json),
        (b"[1", Format::Json),
        (b"", Format::Json),
        (b"\"a", Format::Csv),
        (b"\xff", Format::Csv),
    ] {
        assert_eq!(Dataset::read(data, format).err(), Some(Failure::BadData), "{data:?}");
    }
    assert_eq!(of(DemographicParity, &[]), Err(Failure::NoRows));
    assert_eq!(Failure::BadRow(7).reason(), "bad_row:7");
}
