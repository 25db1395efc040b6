//! The configuration that an installation or a community starts with. Where a context has one already, what is new is
//! merged into it, and the revision before is kept as ever.

use model::{
    configuration::{Context, Owner, WHOLE},
    environment::Gateways,
    ids::{CommunityId, Invalid, OpaqueName, TenantId},
};
use platform::Statement;
use serde::Serialize;
use serde_json::Value;
use service::{CALLER_KEY_ID, Error, Result, Signed, config_key};

use crate::store::CommunityRef;

/// Of a community: its gateways. Nothing where there are none.
pub(crate) fn of_community(signed: &Signed, place: &CommunityRef, gateways: &Gateways) -> Result<Vec<Statement>> {
    if gateways.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = TenantId::try_from(place.tenant.clone()).map_err(invalid)?;
    let community = CommunityId::try_from(place.community.clone()).map_err(invalid)?;
    merge(signed, Owner::Community { tenant, community }, &to_value(gateways)?)
}

/// Of an app: its settings, and the ids that they belong to.
pub(crate) fn of_app(signed: &Signed, app: &str, ids: &Value, settings: &impl Serialize) -> Result<Vec<Statement>> {
    let mut document = to_value(settings)?;
    if let (Value::Object(document), Value::Object(ids)) = (&mut document, ids) {
        document.extend(ids.clone());
    }
    merge(signed, Owner::App(OpaqueName::try_from(app.to_owned()).map_err(invalid)?), &document)
}

/// The revision, and then the document as of it.
fn merge(signed: &Signed, owner: Owner, document: &Value) -> Result<Vec<Statement>> {
    let record = format!(
        "INSERT INTO config_revisions (context_key, revision, action, key_path, previous, updated_by, updated_at) \
         SELECT ?1, coalesce(c.revision, 0) + 1, 'set', ?2, c.data, {CALLER_KEY_ID}, ?3 \
         FROM request_nonces m LEFT JOIN configs c ON c.context_key = ?1 WHERE m.nonce = ?4"
    );
    let context = Context { owner, internal: false };
    let key = config_key(&context);
    let record = Statement::new(record).bind(key.as_str()).bind(WHOLE).bind(signed.now).bind(signed.nonce());
    let set = Statement::new(
        "INSERT INTO configs (context_key, context, data, revision, updated_by, updated_at) \
         SELECT ?1, ?2, json_patch(coalesce((SELECT data FROM configs WHERE context_key = ?1), '{}'), ?3), \
           revision, updated_by, updated_at \
         FROM (SELECT revision, updated_by, updated_at FROM config_revisions WHERE context_key = ?1 \
           ORDER BY revision DESC LIMIT 1) WHERE true \
         ON CONFLICT (context_key) DO UPDATE SET data = excluded.data, revision = excluded.revision, \
           updated_by = excluded.updated_by, updated_at = excluded.updated_at",
    );
    Ok(vec![record, set.bind(key).bind(context.canonical()).bind(document.to_string())])
}

fn to_value(settings: &impl Serialize) -> Result<Value> {
    serde_json::to_value(settings).map_err(|error| Error::internal(format!("settings: {error}")))
}

fn invalid(rule: Invalid) -> Error {
    Error::internal(rule.0)
}
