//! Show a consent, show one of its versions, put a consent.

use std::sync::Arc;

use axum::{Extension, Json as Answer};
use crypto::base64;
use model::{
    caas::{DataRequest, WithData},
    consent::{Consent, Content, EventData, PutConsent},
    faults::Faults,
    ids::{CommunityId, ConsentType, TenantId},
};
use service::{Actor as _, Audit, Authorization, Envelope, Error, Path, Result, Sealed, Signed};

use crate::{
    documents::Version,
    node::Node,
    scope::Scope,
    store::{self, Copy, Record},
    templates,
};

/// For how long a writer tries again when others were faster, in milliseconds. Each time one of them is through.
const CONTENTION_DEADLINE: i64 = 10_000;

type Ipfs = Extension<Option<Arc<Node>>>;

/// Show one version of a consent by the hash of its document, as it was when it was written.
#[utoipa::path(
    get, path = "/caas/tenants/{tenantId}/community/{communityId}/consents/ipfs/{ipfsHash}", tag = "Consent",
    params(
        ("tenantId" = String, Path), ("communityId" = String, Path), ("ipfsHash" = String, Path),
        ("requestfromswagger" = Option<bool>, Header, description = "Plain mode"),
    ),
    responses((status = 200, body = WithData<Consent>), (status = 401), (status = 404), (status = 500)),
)]
pub(crate) async fn show_consent_version(
    signed: Signed,
    envelope: Envelope,
    Path((tenant, community, id)): Path<(TenantId, CommunityId, String)>,
    Extension(node): Ipfs,
) -> Result<Answer<WithData<Consent>>> {
    let scope = Scope { tenant, community };
    let mut batch = authorize(&signed, &scope, &id)?.batch();
    let found = batch.push(store::select_version(&scope, &id));
    let outcomes = batch.read().await?;
    let row = outcomes.row(found).ok_or_else(|| Error::not_found("No such version of a consent"))?;
    let (updated_by, copy) = store::version(row)?;
    let version = open(&signed, &scope, &id, copy, node.as_deref()).await?;
    let updated_at = version.document.doc_updated_at;
    envelope.answer(written(version, updated_at, updated_by, true))
}

/// Show the consent of a type that is in force; before there is one, its template.
#[utoipa::path(
    get, path = "/caas/tenants/{tenantId}/community/{communityId}/consents/{type}", tag = "Consent",
    params(
        ("tenantId" = String, Path), ("communityId" = String, Path), ("type" = String, Path),
        ("requestfromswagger" = Option<bool>, Header, description = "Plain mode"),
    ),
    responses((status = 200, body = WithData<Consent>), (status = 400), (status = 401), (status = 500)),
)]
pub(crate) async fn show_consent(
    signed: Signed,
    envelope: Envelope,
    Path((tenant, community, consent_type)): Path<(TenantId, CommunityId, ConsentType)>,
    Extension(node): Ipfs,
) -> Result<Answer<WithData<Consent>>> {
    let scope = Scope { tenant, community };
    let consent_type = consent_type.as_str();
    let mut batch = authorize(&signed, &scope, consent_type)?.batch();
    let record = batch.push(store::select_record(&scope, consent_type));
    let template = batch.push(store::select_template(&scope, consent_type)?);
    let outcomes = batch.read().await?;
    let (record, copy) = outcomes.row(record).map(store::record).transpose()?.unzip();
    let (Some(Record { consent_id: Some(id), is_enabled, updated_at, updated_by, .. }), Some(copy)) = (&record, copy)
    else {
        let template = templates::of(consent_type, store::template(outcomes.row(template))?);
        return envelope.answer(unwritten(consent_type, template, record));
    };
    let version = open(&signed, &scope, id, copy, node.as_deref()).await?;
    envelope.answer(written(version, *updated_at, updated_by.clone(), *is_enabled))
}

/// Put a consent in force or out of force. New content makes a new version, linked to the one before.
#[utoipa::path(
    put, path = "/caas/tenants/{tenantId}/community/{communityId}/consents", tag = "Consent",
    params(
        ("tenantId" = String, Path), ("communityId" = String, Path),
        ("requestfromswagger" = Option<bool>, Header, description = "Plain mode"),
    ),
    request_body = DataRequest<PutConsent>,
    responses(
        (status = 200, body = WithData<Consent>), (status = 400), (status = 401), (status = 409), (status = 500),
    ),
)]
pub(crate) async fn put_consent(
    signed: Signed,
    Path((tenant, community)): Path<(TenantId, CommunityId)>,
    Extension(node): Ipfs,
    Sealed { data: put, envelope }: Sealed<PutConsent>,
) -> Result<Answer<WithData<Consent>>> {
    let scope = Scope { tenant, community };
    let consent_type = put.consent_type.as_str();
    let stored = signed.app.query(store::select_record(&scope, consent_type)).await?;
    let mut found = stored.first().map(store::record).transpose()?;
    let template = match found {
        // Content that is stored needs no template.
        Some((Record { consent_id: Some(_), .. }, _)) => None,
        _ => store::template(signed.app.query(store::select_template(&scope, consent_type)?).await?.first())?,
    };
    let template = templates::of(consent_type, template);
    let mut authorization = authorize(&signed, &scope, consent_type)?;
    while platform::clock::now_ms() - signed.now < CONTENTION_DEADLINE {
        let next = match next(&signed, &authorization, &scope, &put, found, &template, node.as_deref()).await {
            Ok(next) => next,
            // Only a caller who may write learns what is wrong with it: that may depend on what is stored.
            Err(error) => {
                authorization.batch().read().await?;
                return Err(error);
            }
        };
        let mut batch = authorization.clone().batch();
        if next.is_new
            && let Some(version) = &next.version
        {
            batch.push(store::insert_document(&scope, version, false));
        }
        let appended = batch.push(store::insert_record(&scope, consent_type, &next.record));
        batch.record(audit(&signed, &scope, &put, &next), appended);
        let stored = batch.push(store::select_record(&scope, consent_type));
        let outcomes = batch.write().await?;
        if !outcomes.changed(appended) {
            found = Some(store::record(outcomes.one(stored)?)?);
            authorization = authorization.admitted();
            continue;
        }
        let Some(version) = next.version else {
            return envelope.answer(unwritten(consent_type, template, Some(next.record)));
        };
        if next.is_new {
            pin(&signed, &scope, &version, node.as_deref()).await;
        }
        let Record { is_enabled, updated_at, updated_by, .. } = next.record;
        return envelope.answer(written(version, updated_at, updated_by, is_enabled));
    }
    Err(Error::conflict("This consent is being changed by others; try again"))
}

/// The next row of a consent.
struct Next {
    record: Record,
    version: Option<Version>,
    /// Whether this change makes the version.
    is_new: bool,
}

/// What a change makes of what is stored.
async fn next(
    signed: &Signed,
    authorization: &Authorization<'_>,
    scope: &Scope,
    put: &PutConsent,
    found: Option<(Record, Copy)>,
    template: &Content,
    node: Option<&Node>,
) -> Result<Next> {
    let now = signed.now.div_euclid(1000);
    let mut record = Record {
        revision: 1,
        consent_id: None,
        is_enabled: put.is_enabled,
        updated_at: now,
        updated_by: put.requesting_user.clone(),
    };
    let mut last = None;
    if let Some((before, mut copy)) = found {
        // The caller is not known yet, and the node is not asked for unknown callers.
        copy.is_pinned = true;
        if copy.text.is_none() && before.consent_id.is_some() {
            authorization.check().await?;
        }
        record.revision = before.revision + 1;
        record.updated_at = now.max(before.updated_at);
        if let Some(id) = before.consent_id {
            last = Some(open(signed, scope, &id, copy, node).await?);
            record.consent_id = Some(id);
        }
    }
    if !put.is_enabled {
        return Ok(Next { record, version: last, is_new: false });
    }
    let stored = last.as_ref().map(|last| last.document.content());
    let content = put.content(stored.as_ref().unwrap_or(template))?;
    if stored.as_ref() == Some(&content) {
        return Ok(Next { record, version: last, is_new: false });
    }
    if base64::decode_any(&content.body).is_err() {
        return Err(Faults::one("body", "must be base64").into());
    }
    let version = Version::compose(scope, put.consent_type.as_str(), content, last.as_ref(), now)?;
    record.consent_id = Some(version.id.clone());
    Ok(Next { record, version: Some(version), is_new: true })
}

/// The document of a version: the local copy, or else that of the node, which is kept then. A node that missed a
/// document gets it now.
async fn open(signed: &Signed, scope: &Scope, id: &str, copy: Copy, node: Option<&Node>) -> Result<Version> {
    if let Some(text) = copy.text {
        let version = Version::open(scope, id, &text)?;
        if !copy.is_pinned {
            pin(signed, scope, &version, node).await;
        }
        return Ok(version);
    }
    let missing = || Error::internal(format!("the document of consent {id} is neither here nor on an IPFS node"));
    let text = match node {
        Some(node) => node.cat(id).await.ok_or_else(missing)?,
        None => return Err(missing()),
    };
    let version = Version::open(scope, id, &text)?;
    store::store_state(&signed.app, store::insert_document(scope, &version, true)).await;
    Ok(version)
}

async fn pin(signed: &Signed, scope: &Scope, version: &Version, node: Option<&Node>) {
    let Some(node) = node else { return };
    if node.add(version).await {
        store::store_state(&signed.app, store::mark_pinned(scope, &version.id)).await;
    }
}

fn authorize<'a>(signed: &'a Signed, scope: &Scope, what: &str) -> Result<Authorization<'a>> {
    let authorization = signed.authorize()?.community(scope.community.as_str());
    Ok(authorization.about(scope.tenant.as_str(), subject(scope, what)))
}

fn subject(scope: &Scope, what: &str) -> String {
    format!("{}/{what}", scope.community.as_str())
}

/// What was put, and the person in whose name the caller says it was. The content is found by its id.
fn audit(signed: &Signed, scope: &Scope, put: &PutConsent, next: &Next) -> Audit {
    let audit = signed
        .audit(scope.tenant.as_str(), subject(scope, put.consent_type.as_str()))
        .detail("consentId", next.record.consent_id.clone())
        .detail("isEnabled", put.is_enabled)
        .detail("requestingUser", put.requesting_user.as_str());
    let texts = put.event_data.iter().flat_map(EventData::texts);
    texts.filter_map(|(name, text)| Some((name, text?))).fold(audit, |audit, (name, text)| audit.detail(name, text))
}

fn written(version: Version, updated_at: i64, updated_by: String, is_enabled: bool) -> Consent {
    let Version { id, document } = version;
    Consent {
        consent_type: document.consent_type,
        title: document.title,
        subtitle: document.subtitle,
        body: document.body,
        acknowledge_text: document.acknowledge_text,
        updated_at: Some(updated_at),
        updated_by: Some(updated_by),
        doc_updated_at: Some(document.doc_updated_at),
        consent_id: Some(id),
        prev_consent_id: document.prev_consent_id,
        is_enabled,
        version: Some(document.version),
    }
}

/// A consent without content of its own: what is known of it, and the template.
fn unwritten(consent_type: &str, template: Content, record: Option<Record>) -> Consent {
    Consent {
        consent_type: consent_type.to_owned(),
        title: template.title,
        subtitle: template.subtitle,
        body: template.body,
        acknowledge_text: template.acknowledge_text,
        updated_at: record.as_ref().map(|record| record.updated_at),
        doc_updated_at: None,
        consent_id: None,
        prev_consent_id: None,
        is_enabled: record.as_ref().is_some_and(|record| record.is_enabled),
        updated_by: record.map(|record| record.updated_by),
        version: None,
    }
}
