//! A libSQL database for a deployment: one of our own server over a file of its state, or one that a given server makes
//! for it.
//!
//! `LIBSQL_TEST_URL` is the address of a server's databases with `{name}` in the place of a name, such as
//! `http://localhost:8080/dev/{name}`; `LIBSQL_TEST_ADMIN_URL` is where sqld makes them (`--enable-namespaces`), and
//! `LIBSQL_TEST_AUTH_TOKEN` what opens them. Cases that look into the files of a database fail there.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{
    native,
    variables::{random_base64, random_uuid},
};

pub struct Database {
    url: String,
    token: String,
    server: Option<hrana::Server>,
}

/// Whether the databases are those of a given server.
pub fn is_given() -> bool {
    env::var_os("LIBSQL_TEST_URL").is_some()
}

impl Database {
    pub fn start(state: &Path) -> Result<Self, String> {
        match env::var("LIBSQL_TEST_URL") {
            Ok(url) => Self::given(&url),
            Err(_) => Self::own(state),
        }
    }

    fn own(state: &Path) -> Result<Self, String> {
        let token = random_base64();
        let server = hrana::Server::start(&state.join(native::DATABASE), Some(&token));
        let server = server.map_err(|error| format!("the Hrana server: {error}"))?;
        Ok(Self { url: server.url.clone(), token, server: Some(server) })
    }

    fn given(url: &str) -> Result<Self, String> {
        let name = format!("chancery-{}", random_uuid());
        if !url.contains("{name}") {
            return Err("LIBSQL_TEST_URL must hold {name}: each deployment has a database of its own".to_owned());
        }
        if let Ok(admin) = env::var("LIBSQL_TEST_ADMIN_URL") {
            let create = format!("{}/v1/namespaces/{name}/create", admin.trim_end_matches('/'));
            let created = ureq::post(create).content_type("application/json").send("{}");
            created.map_err(|error| format!("LIBSQL_TEST_ADMIN_URL: {error}"))?;
        }
        let token = env::var("LIBSQL_TEST_AUTH_TOKEN").unwrap_or_default();
        Ok(Self { url: url.replace("{name}", &name), token, server: None })
    }

    /// The file of the database of this state, where it is one.
    pub fn file(&self, state: &Path) -> Option<PathBuf> {
        self.server.as_ref().map(|_| state.join(native::DATABASE))
    }

    /// What can be made to go wrong.
    pub fn faults(&self) -> Option<&hrana::Faults> {
        self.server.as_ref().map(|server| &*server.faults)
    }

    /// What a deployment is told, with the host that a component may then reach.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let host = self.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        vec![("LIBSQL_URL", self.url.clone()), ("LIBSQL_AUTH_TOKEN", self.token.clone()), ("LIBSQL_HOST", host)]
    }
}
