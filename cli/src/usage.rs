//! What is wrong with a command line. clap repeats what it does not understand, and that may be a secret in the wrong
//! place: here it is named by its position.

use std::{error::Error as _, fmt::Write as _};

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Help or a version, asked for or in place of a missing command.
pub(crate) fn is_help(error: &clap::Error) -> bool {
    !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

/// The reason, possible values and the usage; nothing of what was given.
pub(crate) fn explain(error: &clap::Error, arguments: impl Iterator<Item = String>) -> String {
    let context = |kind| error.get(kind).map(text).filter(|text| !text.is_empty());
    // The name of an option of ours, where clap found a wrong value; what was given, where it knows no such thing.
    let given = context(ContextKind::InvalidArg);
    let mut text = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let reason = error.source().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("the value of {} is not understood{reason}", given.unwrap_or_else(|| "an argument".to_owned()))
        }
        ErrorKind::UnknownArgument => unknown(given, arguments),
        ErrorKind::InvalidSubcommand => unknown(context(ContextKind::InvalidSubcommand), arguments),
        ErrorKind::TooManyValues => "there are too many values".to_owned(),
        _ => return error.to_string().trim_start_matches("error: ").trim_end().to_owned(),
    };
    for (kind, title) in [
        (ContextKind::ValidValue, "possible values"),
        (ContextKind::SuggestedArg, "similar"),
        (ContextKind::SuggestedSubcommand, "similar"),
        (ContextKind::ValidSubcommand, "commands"),
    ] {
        if let Some(known) = context(kind) {
            let _ = write!(text, "\n{title}: {known}");
        }
    }
    if let Some(usage) = context(ContextKind::Usage) {
        let _ = write!(text, "\n\n{}", usage.trim_end());
    }
    text + "\n\nFor more information, try '--help'."
}

fn unknown(given: Option<String>, mut arguments: impl Iterator<Item = String>) -> String {
    let given = given.unwrap_or_default();
    let is_it =
        |argument: String| argument.strip_prefix(&given).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
    let position = arguments.position(is_it).map_or_else(|| "an argument".to_owned(), |at| format!("argument {at}"));
    let hint = if given.starts_with('-') { " (a value that begins with - stands behind --)" } else { "" };
    format!("{position} is not understood{hint}")
}

fn text(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use clap::Parser;

    use super::*;
    use crate::commands::Cli;

    fn explained(arguments: &[&str]) -> String {
        let arguments: Vec<_> = ["chancery"].iter().chain(arguments).map(|argument| (*argument).to_owned()).collect();
        explain(&Cli::try_parse_from(&arguments).err().unwrap(), arguments.into_iter())
    }

    #[test]
    fn no_error_repeats_what_was_given() {
        const SECRET: &str = "-----BEGIN s3cret KEY-----\nAA==\n";
        for arguments in [
            &["secret", "put", "t", "c", "--s3cret"][..],
            &["secret", "put", "t", SECRET],
            &["secret", "put", "t", "c", "a", "b", "s3cret"],
            &["secret", "fetch", "t", "c", SECRET],
            &["secret", "s3cret"],
            &["s3cret"],
            &["licence", "create", "x", "--level", "s3cret"],
            &["licence", "list", "--page", "s3cret"],
            &["licence", "list", "--page", "-s3cret"],
            &["--curve", "s3cret", "keygen"],
            &["--license=x", "--licens=s3cret", "keygen"],
            &["--json=s3cret", "keygen"],
            &["token", "create", "t", "--scope", "s3cret"],
            &["call", "GET", "/x", "--encrypt", "--anonymous", "-d", "s3cret"],
        ] {
            let text = explained(arguments);
            assert!(!text.contains("s3cret"), "{arguments:?}: {text}");
            assert!(text.contains("--help") || text.contains("Usage"), "{text}");
        }
    }

    #[test]
    fn the_argument_is_named_by_its_position_and_what_is_close_is_suggested() {
        assert!(explained(&["keygen", "--jsn"]).starts_with("argument 2 is not understood"));
        assert!(explained(&["--licens=x", "keygen"]).contains("similar: --license"));
        assert!(explained(&["licence", "create", "x", "--level", "x"]).contains("possible values: "));
        let text = explained(&["licenc"]);
        assert!(text.contains("similar: ") && text.contains("licence"), "{text}");
    }
}
