//! Files of variables, `NAME=value`. Reading follows the grammar of npm's `dotenv`; writing uses only what a shell, Node,
//! npm's `dotenv` and Python's `python-dotenv` read alike. docs/formats.md lists where reading differs.

mod read;
mod write;

pub(super) use read::parse;
pub(super) use write::write;

/// The comment behind a quoted value that is JSON and not a text.
const JSON_COMMENT: &str = "json";
