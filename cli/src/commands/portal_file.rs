//! `chancery portal-file`: the files of the developer portal's pages.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Session, developer::demanded};
use crate::{Result, client::segment, input, output, request::Request};

const FILES: &str = "/caas/portal/files";

#[derive(Subcommand)]
pub(super) enum PortalFile {
    /// Put a file at a path; its front matter says who may read it (readable_by)
    Put {
        /// Such as content/index.md
        path: String,
        #[command(flatten)]
        contents: input::Value,
    },
    /// Print the contents of a file
    Get { path: String },
    /// Delete a file
    Delete { path: String },
    /// All files, by path
    List {
        /// The offset of the page before
        #[arg(long)]
        offset: Option<String>,
    },
}

impl PortalFile {
    pub fn run(&self, session: &Session) -> Result<String> {
        if let Self::Delete { path } = self {
            session.confirm(&format!("Delete {path} for good?"))?;
        }
        let reply = self.request()?.send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        Ok(match self {
            Self::Put { path, .. } => format!("stored {path}\n"),
            Self::Delete { path } => format!("deleted {path}\n"),
            Self::Get { .. } => demanded(&answer, "contents")?.to_owned(),
            Self::List { .. } => {
                let columns = ["path", "type", "readable_by", "checksum", "updated_at"];
                let row = |file: &Value| columns.iter().map(|name| output::text(file, name)).collect();
                output::table(&columns, output::rows(&answer, "data").iter().map(row))
            }
        })
    }

    fn request(&self) -> Result<Request> {
        let one = |path: &str| format!("{FILES}/{}", path.split('/').map(segment).collect::<Vec<_>>().join("/"));
        Ok(match self {
            Self::Put { path, contents } => Request::new("PUT", one(path)).body(json!({"contents": *contents.read()?})),
            Self::Get { path } => Request::new("GET", one(path)),
            Self::Delete { path } => Request::new("DELETE", one(path)),
            Self::List { offset } => {
                offset.iter().fold(Request::new("GET", FILES), |request, offset| request.query("offset", offset))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::commands::typed;

    #[test]
    fn a_path_keeps_its_slashes() {
        let request = |words: &[&str]| typed::<PortalFile>(words.iter().copied()).unwrap().request().unwrap();
        let put = request(&["put", "content/a b.md", "# Hello"]);
        assert_eq!((put.method, put.path.as_str()), ("PUT", "/caas/portal/files/content/a%20b.md"));
        assert_eq!(put.json(), json!({"contents": "# Hello"}));
        // Front matter begins with hyphens.
        let put = request(&["put", "a.md", "---\nreadable_by: x\n---\n"]);
        assert_eq!(put.json(), json!({"contents": "---\nreadable_by: x\n---\n"}));
        // Only --file names a file.
        assert_eq!(request(&["put", "a.md", "@team"]).json(), json!({"contents": "@team"}));
        let file = std::env::temp_dir().join(format!("chancery-portal-file-{}", std::process::id()));
        std::fs::write(&file, "a\r\n\n").unwrap();
        let put = request(&["put", "a.md", "--file", file.to_str().unwrap()]);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(put.json(), json!({"contents": "a\r\n\n"}));
        assert_eq!(request(&["list", "--offset", "x"]).query, [("offset", "x".to_owned())]);
    }
}
