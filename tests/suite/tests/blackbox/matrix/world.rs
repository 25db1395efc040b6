//! What the requests of one operation name: each thing is made when a sample first asks for it.

use std::cell::OnceCell;

use policy::Access;
use serde_json::{Value, json};

use super::callers::Credentials;
use crate::{
    answer::ok,
    config_project::Project,
    deployment::{Caller, Deployment, community, secrets_of, unique},
    portal::{Developer, developer},
    portal_applications::{application, credential, id, instance, service},
    portal_credentials::{create, hs256},
};

pub struct World<'a> {
    pub t: &'a Deployment,
    pub credentials: &'a Credentials<'a>,
    /// In which the caller has its standing.
    pub community: String,
    pub tenant: String,
    owner: OnceCell<Owner<'a>>,
    logged: OnceCell<String>,
}

/// A developer, and one of everything that a developer can have.
pub struct Owner<'a> {
    pub developer: Developer<'a>,
    pub key: Value,
    pub jwt: Value,
    pub app: Value,
    /// Of the application.
    pub client: Value,
    pub instance: Value,
    /// That the application has not asked for.
    pub service: Value,
}

impl<'a> World<'a> {
    pub fn new(t: &'a Deployment, credentials: &'a Credentials<'a>) -> Self {
        let (community, tenant) = (community(), unique("tenant"));
        Self { t, credentials, community, tenant, owner: OnceCell::new(), logged: OnceCell::new() }
    }

    pub fn owner(&self) -> &Owner<'a> {
        self.owner.get_or_init(|| Owner::new(self.t))
    }

    /// The project that the tokens of the Config API lead to.
    pub fn project(&self) -> &Project<'a> {
        &self.credentials.project
    }

    /// A new licence that others do something to.
    pub fn licence(&self) -> Caller {
        self.t.licence(model::AuthLevel::Basic)
    }

    /// A new licence that is a member of the community.
    pub fn member(&self) -> Caller {
        let member = self.licence();
        self.t.admit(&member, &self.community);
        member
    }

    /// A new secret in the community, by its tag.
    pub fn secret(&self) -> String {
        let tag = unique("secret");
        put_secret(self.t, &secrets_of(&self.tenant, &self.community), &tag);
        tag
    }

    /// A new file of the portal's pages, by its path.
    pub fn portal_file(&self) -> String {
        let path = format!("content/{}.txt", unique("file"));
        ok(&self.t.service.put(&format!("/caas/portal/files/{path}"), &json!({ "contents": "x" })), 200);
        path
    }

    /// A tenant with an entry in the audit log.
    pub fn logged_tenant(&self) -> &str {
        self.logged.get_or_init(|| {
            let tenant = unique("tenant");
            put_secret(self.t, &secrets_of(&tenant, &community()), "a");
            tenant
        })
    }

    /// What is there for an operation to change, where it can be told.
    pub fn witness(&self, access: Access) -> Vec<Value> {
        match access {
            Access::ConfigToken(_) => ["/groups", "/items"].map(|path| ok(&self.project().get(path), 200)).into(),
            Access::Session => {
                let owner = self.owner();
                let of_app = format!("/applications/{}", id(&owner.app));
                let [instances, clients] = ["application_instances", "credentials"].map(|it| format!("{of_app}/{it}"));
                let paths =
                    ["/developer", "/applications", "/credentials/key-auth", "/credentials/jwt", &instances, &clients];
                paths.map(|path| ok(&owner.developer.session.get(path), 200)).into()
            }
            _ => Vec::new(),
        }
    }

    /// What no answer to somebody else may hold.
    pub fn marks(&self, access: Access) -> Vec<String> {
        match access {
            Access::ConfigToken(_) => vec![self.project().tenant.clone(), MARK.to_owned()],
            Access::Session => {
                let owner = self.owner();
                let of = [&owner.key, &owner.jwt, &owner.app, &owner.client, &owner.instance];
                of.into_iter().map(|it| id(it).to_owned()).chain([owner.developer.id.clone()]).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Stands in the values of items.
pub const MARK: &str = "only for its project";

fn put_secret(t: &Deployment, place: &str, tag: &str) {
    ok(&t.root.put(place, &json!({ "tag": tag, "value": "v", "createdBy": "suite" })), 201);
}

impl<'a> Owner<'a> {
    fn new(t: &'a Deployment) -> Self {
        let developer = developer(t);
        let session = &developer.session;
        let app = application(session);
        Self {
            key: create(session, "/credentials/key-auth", &json!({})),
            jwt: create(session, "/credentials/jwt", &hs256(&unique("jwt"))),
            client: credential(session, &app),
            instance: instance(session, &app, &service(t, &json!({}))),
            service: service(t, &json!({})),
            app,
            developer,
        }
    }
}
