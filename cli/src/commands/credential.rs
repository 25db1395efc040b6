//! `chancery credential`: credentials of other portals, brought along.

use clap::Subcommand;

use super::{Session, note};
use crate::{
    Error, Result, input,
    json::{self, Json},
    request::Request,
};

const CREDENTIALS: &str = "/caas/portal/credentials";

#[derive(Subcommand)]
pub(super) enum Credential {
    /// Import keys and JWT credentials for developers and applications
    ///
    /// Each is an object: type (key-auth or jwt), developer (id or e-mail address) or application (id), key, and for a
    /// jwt secret, algorithm and rsa_public_key. They are imported one after the other until one is refused.
    Import {
        /// File with a JSON object or an array of them, or - for standard input
        #[arg(default_value = "-")]
        file: String,
        /// Go on where a credential with the same key exists
        #[arg(long)]
        skip_existing: bool,
    },
}

impl Credential {
    pub fn run(&self, session: &Session) -> Result<String> {
        let Self::Import { file, skip_existing } = self;
        let requests = requests(&input::document(file)?)?;
        let client = session.client()?;
        let (mut imported, mut skipped) = (Vec::new(), 0);
        for (number, request) in requests.iter().enumerate() {
            match request.send(&client) {
                Ok(reply) => imported.push(reply.text()?.to_owned()),
                Err(Error::Refused { status: 409, .. }) if *skip_existing => skipped += 1,
                Err(error) => {
                    note(&format!("{} imported; the one at position {} was refused", imported.len(), number + 1));
                    return Err(error);
                }
            }
        }
        if session.json() {
            let all = format!(r#"{{"imported":[{}],"skipped":{skipped}}}"#, imported.join(","));
            return Ok(json::indented(&all));
        }
        Ok(format!("imported {}, skipped {skipped}\n", imported.len()))
    }
}

fn requests(text: &str) -> Result<Vec<Request>> {
    let wrong = || Error::usage("expected a JSON object or an array of objects".to_owned());
    // The error does not quote the text: it holds secrets.
    let given = match Json::parse(text).map_err(|_| wrong())? {
        Json::List(all) => all,
        one => vec![one],
    };
    if given.is_empty() || !given.iter().all(|one| one.object().is_some()) {
        return Err(wrong());
    }
    Ok(given.into_iter().map(|one| Request::new("POST", CREDENTIALS).body(one)).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn each_object_is_a_request() {
        let one = requests(r#"{"type":"key-auth","key":"k"}"#).unwrap();
        assert_eq!((one.len(), one[0].method, one[0].path.as_str()), (1, "POST", CREDENTIALS));
        assert_eq!(requests(r#"[{"key":"a"},{"key":"b"}]"#).unwrap().len(), 2);
        for bad in ["", "[]", "7", r#"[{"key":"s3cret"},1]"#, r#"{"key":"s3cret""#] {
            let error = requests(bad).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
