//! What is counted of a group, and exact fractions of it.

use std::cmp::Ordering;

use super::super::number::divide;

/// What a row says. What a metric does not need is left as it is here.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub is_positive: bool,
    pub is_predicted: bool,
    pub score: f64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub rows: i64,
    positive: i64,
    predicted: i64,
    predicted_positive: i64,
    scores: f64,
}

impl Tally {
    pub(super) fn add(&mut self, row: Facts) {
        self.rows += 1;
        self.positive += i64::from(row.is_positive);
        self.predicted += i64::from(row.is_predicted);
        self.predicted_positive += i64::from(row.is_positive && row.is_predicted);
        self.scores += row.score;
    }

    /// Of positive predictions.
    pub(super) fn rate(&self) -> Fraction {
        Fraction::new(self.predicted, self.rows).unwrap_or(Fraction::ZERO)
    }

    /// `None` without positives.
    pub(super) fn true_positive_rate(&self) -> Option<Fraction> {
        Fraction::new(self.predicted_positive, self.positive)
    }

    /// `None` without negatives.
    pub(super) fn false_positive_rate(&self) -> Option<Fraction> {
        Fraction::new(self.predicted - self.predicted_positive, self.rows - self.positive)
    }

    /// Between the mean score and the mean label.
    #[expect(clippy::cast_precision_loss, reason = "rows of a body")]
    pub(super) fn gap(&self) -> f64 {
        ((self.scores - self.positive as f64) / self.rows.max(1) as f64).abs()
    }
}

/// A rate from 0 to 1. Numbers of rows are small, so that products of four of them do not overflow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fraction {
    part: i128,
    whole: i128,
}

impl Fraction {
    pub(super) const ZERO: Self = Self { part: 0, whole: 1 };

    fn new(part: i64, whole: i64) -> Option<Self> {
        (whole > 0).then_some(Self { part: part.into(), whole: whole.into() })
    }

    /// As a part of another one, unless that is 0.
    pub(super) fn of(self, other: Self) -> Option<Self> {
        (other.part > 0).then_some(Self { part: self.part * other.whole, whole: self.whole * other.part })
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self { part: self.part * other.whole - other.part * self.whole, whole: self.whole * other.whole }
    }

    /// What is missing to 1.
    pub(super) fn complement(self) -> Self {
        Self { part: self.whole - self.part, whole: self.whole }
    }

    /// With 4 decimals.
    pub(super) fn decimals(self) -> f64 {
        divide(self.part * 10_000, self.whole) as f64 / 10_000.0
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.part * other.whole).cmp(&(other.part * self.whole))
    }
}
