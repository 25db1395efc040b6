//! Prompts that try to take a model over: which patterns they match, and what is to be done with them.

use std::sync::LazyLock;

use model::qnsp::{
    ai::{AttackCategory, PromptRecommendation},
    auth::Severity,
};
use unicode_normalization::UnicodeNormalization as _;

use super::pattern::{Case, Pattern};

/// How many characters of a match are shown.
const LONGEST_SHOWN: usize = 200;

/// From this score on a prompt is not safe, and from the next one on it is blocked.
const UNSAFE: i64 = 25;
const BLOCKED: i64 = 75;

/// What a prompt is searched for.
pub struct Rule {
    pub id: String,
    pub category: AttackCategory,
    pub severity: Severity,
    pub pattern: Pattern,
    /// Texts in lower case of which every match holds one. Where none occurs, the pattern need not be searched for, which
    /// takes much longer. Empty where no such texts are known.
    parts: &'static [&'static str],
    /// Whether it sees lines as they are, and not runs of white space as one blank.
    by_line: bool,
}

impl Rule {
    /// A tenant's own.
    pub fn of_tenant(id: String, category: AttackCategory, severity: Severity, pattern: Pattern) -> Self {
        Self { id, category, severity, pattern, parts: &[], by_line: false }
    }
}

/// What a rule has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    pub rule: String,
    pub category: AttackCategory,
    pub severity: Severity,
    /// The first match, at most 200 characters of it.
    pub matched: String,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Analysis {
    /// 0 to 100.
    pub score: i64,
    pub is_safe: bool,
    pub recommendation: PromptRecommendation,
    /// The gravest first.
    pub detections: Vec<Detection>,
}

/// Searches texts for the built-in rules and those of a tenant. A rule counts once, whatever it matches how often.
pub fn analyze(texts: &[&str], own: &[Rule]) -> Analysis {
    let texts: Vec<_> = texts.iter().map(|text| Searched::of(text)).collect();
    let mut detections: Vec<_> = BUILT_IN.iter().chain(own).filter_map(|rule| detect(rule, &texts)).collect();
    detections.sort_by(|one, other| (other.severity, &one.rule).cmp(&(one.severity, &other.rule)));
    let sum: i64 = detections.iter().map(|detection| points(detection.severity)).sum();
    let score = sum.min(100);
    let is_critical = detections.iter().any(|detection| detection.severity == Severity::Critical);
    let recommendation = match score {
        BLOCKED.. => PromptRecommendation::Block,
        _ if is_critical => PromptRecommendation::Block,
        UNSAFE.. => PromptRecommendation::Sanitize,
        _ => PromptRecommendation::Allow,
    };
    Analysis { score, is_safe: score < UNSAFE, recommendation, detections }
}

fn points(severity: Severity) -> i64 {
    match severity {
        Severity::Low => 10,
        Severity::Medium => 25,
        Severity::High => 50,
        Severity::Critical => 80,
    }
}

fn detect(rule: &Rule, texts: &[Searched]) -> Option<Detection> {
    let found = texts.iter().filter(|text| text.may_match(rule)).find_map(|text| {
        let searched = if rule.by_line { &text.lines } else { &text.words };
        rule.pattern.find(searched)
    })?;
    let matched = found.chars().take(LONGEST_SHOWN).collect();
    Some(Detection { rule: rule.id.clone(), category: rule.category, severity: rule.severity, matched })
}

/// A text as it is searched: compatible forms are one (NFKC), and nothing invisible stands between letters.
struct Searched {
    lines: String,
    /// With single blanks.
    words: String,
    /// These in lower case.
    lower: String,
}

impl Searched {
    fn of(text: &str) -> Self {
        let lines: String = text.nfkc().filter(|character| !is_invisible(*character)).collect();
        let mut words = String::with_capacity(lines.len());
        for character in lines.chars() {
            match character.is_whitespace() {
                true if words.ends_with(' ') => {}
                true => words.push(' '),
                false => words.push(character),
            }
        }
        let lower = words.to_ascii_lowercase();
        Self { lines, words, lower }
    }

    fn may_match(&self, rule: &Rule) -> bool {
        rule.parts.is_empty() || rule.parts.iter().any(|part| self.lower.contains(part))
    }
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

static BUILT_IN: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rules = TABLE.iter().filter_map(|(name, category, severity, parts, pattern)| {
        Some(Rule {
            id: format!("builtin:{name}"),
            category: *category,
            severity: *severity,
            pattern: Pattern::compile(pattern, Case::Ignored)?,
            parts,
            by_line: *name == ROLE_TAG,
        })
    });
    rules.collect()
});

const ROLE_TAG: &str = "role-tag";

#[rustfmt::skip]
const TABLE: [(&str, AttackCategory, Severity, &[&str], &str); 12] = {
    use AttackCategory::{DataExtraction, InstructionOverride, Jailbreak};
    use Severity::{Critical, High, Medium};
    [
        ("ignore-instructions", InstructionOverride, Critical, &["instruction", "rules", "prompt", "direction"],
         r"\b(ignore|disregard|forget)\b.{0,40}\b(previous|prior|above|earlier|all)\b.{0,40}\b(instructions?|rules|prompts?|directions)\b"),
        ("new-instructions", InstructionOverride, High, &[" new instructions", " new rules"],
         r"\b(your|these are) new (instructions|rules)\b"),
        (ROLE_TAG, InstructionOverride, High, &["<|im_start|>", "[inst]", "[/inst]", "<<sys>>", "system"],
         r"(?m)(<\|im_start\|>|\[/?inst\]|<<sys>>|^\s*system\s*:)"),
        ("override-safety", InstructionOverride, High, &["override", "bypass", "disable"],
         r"\b(override|bypass|disable)\b.{0,30}\b(safety|filters?|guardrails?|restrictions?|policy)\b"),
        ("dan", Jailbreak, Critical, &["do anything now", "you are"],
         r"\b(do anything now|you are (now )?dan)\b"),
        ("no-restrictions", Jailbreak, High, &["restrictions", "limitations", "filters", "censorship"],
         r"\b(without|no|free of) (any )?(restrictions|limitations|filters|censorship)\b"),
        ("developer-mode", Jailbreak, High, &[" mode"], r"\b(developer|debug|god|sudo) mode\b"),
        ("pretend", Jailbreak, Medium, &[" to be", " you are", " you have"],
         r"\b(pretend|act as if|roleplay as|imagine) (to be|you are|you have)\b"),
        ("system-prompt", DataExtraction, High, &[" prompt", " instruction", " message"],
         r"\b(reveal|show|print|repeat|output|leak)\b.{0,40}\b(system|initial|hidden|original) (prompt|instructions?|message)\b"),
        ("verbatim-above", DataExtraction, Medium, &[" above"], r"\brepeat (everything|all|the text|the words) above\b"),
        ("secrets", DataExtraction, High, &["api key", "password", "credentials", "secrets", "private key", "access token"],
         r"\b(give|tell|show|send|reveal)\b.{0,30}\b(api keys?|passwords?|credentials|secrets|private keys?|access tokens?)\b"),
        ("exfiltrate", DataExtraction, High, &["http"], r"\b(send|post|upload|exfiltrate)\b.{0,60}https?://"),
    ]
};

#[cfg(test)]
mod tests;
