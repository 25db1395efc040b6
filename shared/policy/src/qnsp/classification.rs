//! How a document is classified: by rules whose patterns are searched in its name and its content.

use model::qnsp::storage::{DataType, Level};

use super::pattern::{Case, Pattern};

/// The number by which a level is stored: 1 to 4; 0 is none.
#[must_use]
pub fn number(level: Option<Level>) -> i64 {
    level.and_then(|level| LEVELS.iter().position(|it| *it == level)).map_or(0, |index| index as i64 + 1)
}

#[must_use]
pub fn level(number: i64) -> Option<Level> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    LEVELS.get(index).copied()
}

const LEVELS: [Level; 4] = [Level::Public, Level::Internal, Level::Confidential, Level::Restricted];

/// With the number that stands for each in a sum.
const DATA_TYPES: [(DataType, i64); 4] =
    [(DataType::Pii, 1), (DataType::Phi, 2), (DataType::Pci, 4), (DataType::Custom, 8)];

/// The sum by which data types are stored.
pub fn sum(types: &[DataType]) -> i64 {
    DATA_TYPES.iter().filter(|(kind, _)| types.contains(kind)).map(|(_, number)| number).sum()
}

/// Those of a sum, in order.
#[must_use]
pub fn data_types(sum: i64) -> Vec<DataType> {
    DATA_TYPES.iter().filter(|(_, number)| sum & number != 0).map(|(kind, _)| *kind).collect()
}

/// How large the patterns may be together that one document is tested with, in bytes: the worst of them take about seven
/// seconds for the largest document (natively, optimised).
pub const LARGEST_TOGETHER: i64 = 128 << 10;

/// A rule that is ready to be searched.
pub struct Rule {
    pattern: Pattern,
    found: Classification,
}

impl Rule {
    /// `None` when the text is no pattern.
    #[must_use]
    pub fn new(pattern: &str, level: Level, data_types: i64) -> Option<Self> {
        let pattern = Pattern::compile(pattern, Case::AsWritten)?;
        Some(Self { pattern, found: Classification { level: Some(level), data_types } })
    }
}

/// What a document is classified as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classification {
    pub level: Option<Level>,
    /// A [`sum`].
    pub data_types: i64,
}

impl Classification {
    /// The stricter level, and the data types of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { level: self.level.max(other.level), data_types: self.data_types | other.data_types }
    }

    /// What these rules say of a document. Each is searched in the name and in the content, of which invalid UTF-8 is
    /// replaced.
    #[must_use]
    pub fn of(rules: &[Rule], name: &str, content: &[u8]) -> Self {
        let content = String::from_utf8_lossy(content);
        let matching = rules.iter().filter(|rule| rule.pattern.is_match(name) || rule.pattern.is_match(&content));
        matching.fold(Self::default(), |all, rule| all.and(rule.found))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn rule(pattern: &str, level: Level, types: &[DataType]) -> Rule {
        Rule::new(pattern, level, sum(types)).unwrap()
    }

    fn classified(rules: &[Rule], name: &str, content: &[u8]) -> (Option<&'static str>, Vec<&'static str>) {
        let found = Classification::of(rules, name, content);
        (found.level.map(Into::into), data_types(found.data_types).into_iter().map(Into::into).collect())
    }

    #[test]
    fn the_strictest_level_and_all_types_of_what_matches_are_found() {
        let rules = [
            rule(r"\d{3}-\d{2}-\d{4}", Level::Confidential, &[DataType::Pii]),
            rule("^patients/", Level::Restricted, &[DataType::Phi, DataType::Custom]),
            rule("press release", Level::Public, &[]),
        ];
        assert_eq!(classified(&rules, "a", b"b"), (None, vec![]));
        assert_eq!(classified(&rules, "a", b"a press release"), (Some("public"), vec![]));
        assert_eq!(classified(&rules, "a", b"Press Release"), (None, vec![]), "case counts");
        assert_eq!(classified(&rules, "a", b"123-45-6789"), (Some("confidential"), vec!["pii"]));
        let both = (Some("restricted"), vec!["pii", "phi", "custom"]);
        assert_eq!(classified(&rules, "patients/1", b"123-45-6789 press release"), both);
        assert_eq!(classified(&rules, "x", b"patients/"), (Some("restricted"), vec!["phi", "custom"]));
    }

    #[test]
    fn name_and_content_are_searched_separately_and_invalid_bytes_are_replaced() {
        let rules = [rule("ab", Level::Internal, &[])];
        assert_eq!(classified(&rules, "a", b"b"), (None, vec![]));
        assert_eq!(classified(&rules, "x", b"\xff\xfeab\xff"), (Some("internal"), vec![]));
        let replaced = [rule("a\u{fffd}b", Level::Internal, &[])];
        assert_eq!(classified(&replaced, "x", b"a\xffb"), (Some("internal"), vec![]));
    }

    #[test]
    fn numbers_go_both_ways() {
        for it in LEVELS {
            assert_eq!(level(number(Some(it))), Some(it));
        }
        assert_eq!((number(None), level(0), level(5), level(-1)), (0, None, None, None));
        for (kind, number) in DATA_TYPES {
            assert_eq!((sum(&[kind, kind]), data_types(number)), (number, vec![kind]));
        }
    }

    fn any_classification() -> impl Strategy<Value = Classification> {
        let levels = prop::option::of(prop::sample::select(LEVELS.to_vec()));
        (levels, 0_i64..16).prop_map(|(level, data_types)| Classification { level, data_types })
    }

    proptest! {
        #[test]
        fn a_classification_only_tightens(a in any_classification(), b in any_classification()) {
            let both = a.and(b);
            prop_assert!(both.level >= a.level && both.data_types & a.data_types == a.data_types);
            prop_assert_eq!(both, b.and(a));
            prop_assert_eq!(both.and(a), both);
        }
    }
}
