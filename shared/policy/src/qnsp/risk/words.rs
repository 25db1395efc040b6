//! The words of the wire for what an assessment says.

use super::{ChallengeType, Level, OnHighRisk, Recommendation};

/// `as_str`, `parse` and `ALL` of an enum whose variants are words.
macro_rules! words {
    ($type:ident: $($variant:ident = $word:literal),+) => {
        impl $type {
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|variant| variant.as_str() == word)
            }
        }
    };
}

words!(Level: Low = "low", Medium = "medium", High = "high", Critical = "critical");
words!(Recommendation: Allow = "allow", Challenge = "challenge", Deny = "deny");
words!(ChallengeType: Mfa = "mfa", Captcha = "captcha", EmailVerification = "email_verification");
words!(OnHighRisk: Challenge = "challenge", Deny = "deny");

impl Recommendation {
    /// The word of the SDK's `requiredAction`.
    pub fn required_action(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Challenge => "mfa_required",
            Self::Deny => "block",
        }
    }
}
