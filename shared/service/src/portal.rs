//! What the functions of the developer portal stand on: its settings, sessions, bodies, pages, one-time tokens and
//! mails. Its rows are in the functions; what a body must hold is in `model::portal`.

mod admin_token;
mod body;
mod cookie;
mod credential;
mod files;
mod guesses;
mod holder;
mod letter;
mod mail;
mod origin;
mod page;
mod password;
mod session;
mod settings;
mod sorted;
mod source;
mod switch;
mod token;

use axum::Router;
use model::faults::{Fault, Faults};
use platform::Host;
use serde_json::{Map, Value, json};

use crate::{App, Audit, Error, Routes, Shape};

pub use admin_token::{AdminToken, admin_token_hash, new_admin_token};
pub use body::PortalBody;
pub use cookie::{Cookie, Transport};
pub use credential::{Credential, checked_jwt, needed, new_secret};
pub use files::{FILE_BODY_LIMIT, check_file, delete_file, files_of, put_file, select_file};
pub use guesses::{Attempt, Candidate, Guess, know_source, know_source_of_owner, too_many_guesses};
pub use holder::Holder;
pub use letter::{Letter, LinkTemplates};
pub use mail::{DUE_MAILS, Mail, MailKind};
pub use page::{Page, PageQuery, query_value};
pub use password::{hash_password, renewed_password, verify_password};
pub use session::{Session, open_session, sweep_sessions};
pub use settings::{AccountSettings, MailSettings, Settings};
pub use sorted::{SortColumn, Sorted};
pub use source::{Source, guess_key};
pub use switch::{select_enabled, set_enabled};
pub use token::{OneTimeToken, Purpose};

pub use crate::new_id;

/// The tenant under which the portal's secrets are sealed and its audit rows are kept.
pub const PORTAL_TENANT: &str = "portal";

/// Serves a function of the portal: its paths stand at the root of the origin and under `/portal`, and what changes
/// something is refused to pages of other origins.
pub async fn serve(host: Host, routes: Routes) -> Router {
    let settings = Settings::load(host.vars.as_ref()).await;
    let app = app(host, settings).await;
    behind_origin_guard(&app, behind_switch(&app, routes))
}

/// Serves a function of developers' accounts: as [`serve`] does, with the settings of accounts, and it writes mails.
pub async fn serve_accounts(host: Host, routes: Routes) -> Router {
    let vars = host.vars.as_ref();
    let settings = Settings::load(vars).await.with_accounts(vars).await.with_mail(vars).await;
    let app = app(host, settings).await;
    behind_origin_guard(&app, sending_mails(&app, behind_switch(&app, routes)))
}

/// Serves the portal's function for operators, who sign their requests. It writes mails.
pub async fn serve_operators(host: Host, routes: Routes) -> Router {
    let settings = Settings::default().with_mail(host.vars.as_ref()).await;
    let app = App::signed(host).await;
    app.set(settings);
    sending_mails(&app, app.clone().serve(routes, Shape::Kosmos))
}

async fn app(host: Host, settings: Settings) -> App {
    let app = App::new(host).await;
    app.set(settings);
    app
}

fn behind_switch(app: &App, routes: Routes) -> Router {
    let served = app.clone().serve(routes.under(&["", "/portal"]), Shape::Kong);
    let switch = (app.clone(), switch::Switch::default());
    served.layer(axum::middleware::from_fn_with_state(switch, switch::guard))
}

fn sending_mails(app: &App, served: Router) -> Router {
    served.layer(axum::middleware::from_fn_with_state(app.clone(), mail::send_after_response))
}

fn behind_origin_guard(app: &App, served: Router) -> Router {
    served.layer(axum::middleware::from_fn_with_state(app.clone(), origin::guard))
}

/// A refusal of a body by its fields: 400, code 2.
#[track_caller]
pub fn refused_fields(faults: Faults) -> Error {
    Error::bad_request("schema violation").with_body(json!({ "fields": fields(&faults), "code": 2 }))
}

/// What is taken already: 409, code 5.
#[track_caller]
pub fn taken(field: &str, value: &str) -> Error {
    let faults = Faults::one(field, format!("already exists: {value}"));
    Error::conflict("unique violation").with_body(json!({ "fields": fields(&faults), "code": 5 }))
}

/// By field, why it was refused: a text, or an object of texts where the field has fields of its own. The first fault of
/// a field counts.
fn fields(faults: &Faults) -> Map<String, Value> {
    let mut fields = Map::new();
    for Fault { path, message } in faults.iter() {
        let Some((outer, inner)) = path.split_once('.') else {
            fields.entry(path).or_insert_with(|| json!(message));
            continue;
        };
        // The rest is one name, which may have dots in it.
        if let Value::Object(within) = fields.entry(outer).or_insert_with(|| json!({})) {
            within.entry(inner).or_insert_with(|| json!(message));
        }
    }
    fields
}

/// Missing and foreign look alike.
#[track_caller]
pub fn missing() -> Error {
    Error::not_found("Not found")
}

#[track_caller]
pub(crate) fn unauthorized() -> Error {
    Error::unauthorized("Unauthorized")
}

/// The same was refused to this developer.
pub fn refused(audit: Audit, developer: &str) -> Audit {
    audit.refused_to(developer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_rendered_by_field() {
        let mut faults = Faults::one("meta.a.b", "expected a string");
        faults.add("key", "first");
        faults.add("key", "second");
        faults.add("meta.c", "required field missing");
        faults.add("key.inner", "third");
        faults.add("meta", "expected a JSON object");
        let meta = json!({ "a.b": "expected a string", "c": "required field missing" });
        assert_eq!(json!(fields(&faults)), json!({ "key": "first", "meta": meta }));
    }
}
