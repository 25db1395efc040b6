//! Show a consent, show one of its versions, put a consent.

use std::sync::Arc;

use axum::{Extension, Json as Answer};
use crypto::base64;
use model::{
    caas::{DataRequest, WithData},
    consent::{Consent, Content, EventData, PutConsent, Template},
    ids::{CommunityId, ConsentType, Invalid, TenantId},
};
use policy::Action;
use service::{Audit, Envelope, Error, Gate, Path, Result, Sealed, Signed};

use crate::{
    documents::Version,
    node::Node,
    store::{self, Copy, Place, Record},
    templates,
};

/// How often a writer looks again when others were faster. Each time one of them is through.
const ATTEMPTS: usize = 256;

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
    let place = Place { tenant, community };
    let outcomes =
        gate(&signed, Action::ReadConsent, &place, &id).read(vec![store::select_version(&place, &id)]).await?;
    let found = outcomes.first().map(|outcome| store::version(&outcome.rows)).transpose()?.flatten();
    let (updated_by, copy) = found.ok_or_else(|| Error::not_found("No such version of a consent"))?;
    let version = open(&signed, &place, &id, copy, node.as_deref()).await?;
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
    let place = Place { tenant, community };
    let consent_type = consent_type.as_str();
    let statements = vec![store::select_record(&place, consent_type), store::select_template(&place, consent_type)?];
    let outcomes = gate(&signed, Action::ReadConsent, &place, consent_type).read(statements).await?;
    let [record, template] = outcomes.as_slice() else { return Err(Error::internal("a batch without its outcomes")) };
    let Some((Record { consent_id: Some(id), is_enabled, updated_at, updated_by, .. }, copy)) =
        store::record(&record.rows)?
    else {
        return envelope.answer(unwritten(consent_type, store::template(&template.rows)?));
    };
    let version = open(&signed, &place, &id, copy, node.as_deref()).await?;
    envelope.answer(written(version, updated_at, updated_by, is_enabled))
}

/// Put a consent in force or out of force. New content makes a new version, linked to the one before.
#[utoipa::path(
    put, path = "/caas/tenants/{tenantId}/community/{communityId}/consents", tag = "Consent",
    params(
        ("tenantId" = String, Path), ("communityId" = String, Path),
        ("requestfromswagger" = Option<bool>, Header, description = "Plain mode"),
    ),
    request_body = DataRequest<PutConsent>,
    responses((status = 200, body = WithData<Consent>), (status = 400), (status = 401), (status = 500)),
)]
pub(crate) async fn put_consent(
    signed: Signed,
    Path((tenant, community)): Path<(TenantId, CommunityId)>,
    Extension(node): Ipfs,
    Sealed { data: put, envelope }: Sealed<PutConsent>,
) -> Result<Answer<WithData<Consent>>> {
    put.check().map_err(refused)?;
    let place = Place { tenant, community };
    let consent_type = put.consent_type.as_str();
    for _ in 0..ATTEMPTS {
        let next = match next(&signed, &place, &put, node.as_deref()).await {
            Ok(next) => next,
            // Only who may write learns what is wrong with it: that may depend on what is stored.
            Err(error) => {
                gate(&signed, Action::PutConsent, &place, consent_type).read(Vec::new()).await?;
                return Err(error);
            }
        };
        let mut statements = Vec::new();
        if next.is_new
            && let Some(version) = &next.version
        {
            statements.push(store::insert_document(&place, version, false));
        }
        statements.push(store::insert_record(&place, consent_type, &next.record));
        statements.push(store::select_template(&place, consent_type)?);
        let written_now = gate(&signed, Action::PutConsent, &place, consent_type)
            .write(statements, audit(&place, &put, &next))
            .await?;
        let outcomes = match written_now {
            Ok(outcomes) => outcomes,
            Err(error) if error.is_unique(store::TAKEN) => continue,
            Err(error) => return Err(error.into()),
        };
        let Some(version) = next.version else {
            let template = outcomes.last().map(|outcome| store::template(&outcome.rows)).transpose()?.flatten();
            return envelope.answer(unwritten(consent_type, template));
        };
        if next.is_new {
            pin(&signed, &place, &version, node.as_deref()).await;
        }
        let Record { is_enabled, updated_at, updated_by, .. } = next.record;
        return envelope.answer(written(version, updated_at, updated_by, is_enabled));
    }
    Err(Error::unavailable("a consent was written by others all the time"))
}

/// The next row of a consent.
struct Next {
    record: Record,
    version: Option<Version>,
    /// Whether this change makes the version.
    is_new: bool,
}

/// What a change makes of what is stored.
async fn next(signed: &Signed, place: &Place, put: &PutConsent, node: Option<&Node>) -> Result<Next> {
    let rows = signed.app.sql().query(store::select_record(place, put.consent_type.as_str())).await?;
    let found = store::record(&rows)?;
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
        // Nobody is known yet, and the node is not asked for everybody.
        copy.is_pinned = true;
        if copy.text.is_none() && before.consent_id.is_some() {
            gate(signed, Action::PutConsent, place, put.consent_type.as_str()).check().await?;
        }
        record.revision = before.revision + 1;
        record.updated_at = now.max(before.updated_at);
        if let Some(id) = before.consent_id {
            last = Some(open(signed, place, &id, copy, node).await?);
            record.consent_id = Some(id);
        }
    }
    if !put.is_enabled {
        return Ok(Next { record, version: last, is_new: false });
    }
    let stored = last.as_ref().map(|last| last.document.content());
    let content = content(put, stored.as_ref())?;
    if stored.as_ref() == Some(&content) {
        return Ok(Next { record, version: last, is_new: false });
    }
    let version = Version::compose(place, put.consent_type.as_str(), content, last.as_ref(), now)?;
    record.consent_id = Some(version.id.clone());
    Ok(Next { record, version: Some(version), is_new: true })
}

fn content(put: &PutConsent, stored: Option<&Content>) -> Result<Content> {
    let content = put.content(stored).map_err(refused)?;
    if put.body.is_some() && base64::decode_any(&content.body).is_err() {
        return Err(Error::bad_request("body must be base64"));
    }
    Ok(content)
}

/// The document of a version: the local copy, or else that of the node, which is kept then. A node that missed a
/// document gets it now.
async fn open(signed: &Signed, place: &Place, id: &str, copy: Copy, node: Option<&Node>) -> Result<Version> {
    if let Some(text) = copy.text {
        let version = Version::open(place, id, &text)?;
        if !copy.is_pinned {
            pin(signed, place, &version, node).await;
        }
        return Ok(version);
    }
    let missing = || Error::internal(format!("the document of consent {id} is neither here nor on an IPFS node"));
    let text = match node {
        Some(node) => node.cat(id).await.ok_or_else(missing)?,
        None => return Err(missing()),
    };
    let version = Version::open(place, id, &text)?;
    store::note(&signed.app, store::insert_document(place, &version, true)).await;
    Ok(version)
}

async fn pin(signed: &Signed, place: &Place, version: &Version, node: Option<&Node>) {
    let Some(node) = node else { return };
    if node.add(version).await {
        store::note(&signed.app, store::mark_pinned(place, &version.id)).await;
    }
}

fn gate<'a>(signed: &'a Signed, action: Action, place: &Place, what: &str) -> Gate<'a> {
    signed.gate(action).community(place.community.as_str()).about(place.tenant.as_str(), subject(place, what))
}

fn subject(place: &Place, what: &str) -> String {
    format!("{}/{what}", place.community.as_str())
}

/// What was put, and who the caller says stands behind it. The content is found by its id.
fn audit(place: &Place, put: &PutConsent, next: &Next) -> Audit {
    let audit = Audit::new(place.tenant.as_str(), "consent.put", subject(place, put.consent_type.as_str()))
        .detail("consentId", next.record.consent_id.clone())
        .detail("isEnabled", put.is_enabled)
        .detail("requestingUser", put.requesting_user.as_str());
    let told = put.event_data.iter().flat_map(EventData::texts);
    told.filter_map(|(name, text)| Some((name, text?))).fold(audit, |audit, (name, text)| audit.detail(name, text))
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

fn unwritten(consent_type: &str, template: Option<Template>) -> Consent {
    let template = template.unwrap_or_else(|| templates::built_in(consent_type));
    Consent {
        consent_type: consent_type.to_owned(),
        title: template.title,
        subtitle: template.subtitle,
        body: template.body,
        acknowledge_text: template.acknowledge_text,
        updated_at: None,
        updated_by: None,
        doc_updated_at: None,
        consent_id: None,
        prev_consent_id: None,
        is_enabled: false,
        version: None,
    }
}

fn refused(error: Invalid) -> Error {
    Error::bad_request(error.0)
}
