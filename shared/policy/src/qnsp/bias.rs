//! How fair a model is to the groups of protected attributes, by what it predicted for rows of a dataset.

mod dataset;
mod tally;

use std::collections::BTreeMap;

use model::qnsp::ai::{AttributeResult, EvaluationType, GroupResult};

pub use dataset::{Dataset, Format};
use tally::{Fraction, Tally};

use super::number;

/// Groups of fewer rows say nothing.
const LEAST_ROWS: i64 = 5;

/// A score from here on is fair.
const FAIR: f64 = 0.8;

/// Why an evaluation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    UnsupportedSource,
    DatasetNotFound,
    BadData,
    NoRows,
    /// Counted from 0.
    BadRow(usize),
    TooFewGroups,
}

impl Failure {
    pub fn reason(self) -> String {
        match self {
            Self::UnsupportedSource => "unsupported_source".to_owned(),
            Self::DatasetNotFound => "dataset_not_found".to_owned(),
            Self::BadData => "bad_data".to_owned(),
            Self::NoRows => "no_rows".to_owned(),
            Self::BadRow(row) => format!("bad_row:{row}"),
            Self::TooFewGroups => "too_few_groups".to_owned(),
        }
    }
}

#[derive(Debug, PartialEq)]
pub struct Fairness {
    /// 0 to 1 with 4 decimals: the least of the attributes.
    pub score: f64,
    pub is_fair: bool,
    pub attributes: BTreeMap<String, AttributeResult>,
    pub rows: usize,
}

/// Computes a metric over the first rows of a dataset for each attribute.
pub fn evaluate(
    kind: EvaluationType,
    dataset: &Dataset,
    attributes: &[String],
    most_rows: usize,
) -> Result<Fairness, Failure> {
    let rows = dataset.rows().min(most_rows);
    if rows == 0 {
        return Err(Failure::NoRows);
    }
    let mut groups: Vec<BTreeMap<String, Tally>> = attributes.iter().map(|_| BTreeMap::new()).collect();
    for row in 0..rows {
        let facts = dataset.facts(kind, row).ok_or(Failure::BadRow(row))?;
        for (attribute, groups) in attributes.iter().zip(&mut groups) {
            let group = dataset.group(row, attribute).ok_or(Failure::BadRow(row))?;
            groups.entry(group).or_default().add(facts);
        }
    }
    let mut all = BTreeMap::new();
    for (attribute, mut groups) in attributes.iter().zip(groups) {
        groups.retain(|_, tally| tally.rows >= LEAST_ROWS);
        if groups.len() < 2 {
            return Err(Failure::TooFewGroups);
        }
        all.insert(attribute.clone(), result(kind, &groups));
    }
    let score = all.values().map(|result| result.score).fold(1.0, f64::min);
    Ok(Fairness { score, is_fair: score >= FAIR, attributes: all, rows })
}

fn result(kind: EvaluationType, groups: &BTreeMap<String, Tally>) -> AttributeResult {
    let tallies = || groups.values();
    let score = match kind {
        EvaluationType::DemographicParity => ratio(tallies().map(Tally::rate)),
        EvaluationType::EqualizedOdds => {
            let true_positives = difference(tallies().filter_map(Tally::true_positive_rate));
            let false_positives = difference(tallies().filter_map(Tally::false_positive_rate));
            true_positives.max(false_positives).complement().decimals()
        }
        EvaluationType::Calibration => number::round(1.0 - tallies().map(Tally::gap).fold(0.0, f64::max), 4),
    };
    let group = |tally: &Tally| {
        let n = tally.rows;
        let decimals = |rate: Option<Fraction>| rate.map(Fraction::decimals);
        match kind {
            EvaluationType::DemographicParity => {
                GroupResult { n, rate: Some(tally.rate().decimals()), ..GroupResult::default() }
            }
            EvaluationType::EqualizedOdds => GroupResult {
                n,
                tpr: decimals(tally.true_positive_rate()),
                fpr: decimals(tally.false_positive_rate()),
                ..GroupResult::default()
            },
            EvaluationType::Calibration => {
                GroupResult { n, gap: Some(number::round(tally.gap(), 4)), ..GroupResult::default() }
            }
        }
    };
    let groups = groups.iter().map(|(value, tally)| (value.clone(), group(tally))).collect();
    AttributeResult { score, fair: score >= FAIR, groups }
}

/// The least rate as a part of the greatest; 1 where nobody is predicted positive.
fn ratio(rates: impl Iterator<Item = Fraction> + Clone) -> f64 {
    let (least, most) = (rates.clone().min(), rates.max());
    let ratio = least.zip(most).and_then(|(least, most)| least.of(most));
    ratio.map_or(1.0, Fraction::decimals)
}

/// Between the greatest and the least; 0 of fewer than two.
fn difference(rates: impl Iterator<Item = Fraction>) -> Fraction {
    let rates: Vec<_> = rates.collect();
    match (rates.iter().max(), rates.iter().min()) {
        (Some(most), Some(least)) => most.minus(*least),
        _ => Fraction::ZERO,
    }
}

#[cfg(test)]
mod peer;
#[cfg(test)]
mod tests;
