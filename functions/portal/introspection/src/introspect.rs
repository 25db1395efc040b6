//! The question of a gateway, and its answer.

use axum::Json as Answer;
use crypto::jwt::{Algorithm, Token, VerifyingKey};
use model::portal::{
    CredentialType, IntrospectRequest, Introspection, IntrospectionFacts, IntrospectionRequest, Presented,
};
use platform::{Row, Statement};
use service::{
    Result, Signed,
    portal::{Credential, PORTAL_TENANT, PortalBody, needed, refused_fields},
};

use crate::store;

/// Check whether a key, a JSON web token, or a client id with its secret is valid for a service.
///
/// It is when the application that it belongs to, or one of the developer's, has an approved instance of the service
/// that is not suspended, and the developer is approved. A token must also be signed with its credential's algorithm and
/// lie within its times, give or take 30 seconds.
#[utoipa::path(
    post, path = "/portal/introspect", tag = "Chancery", operation_id = "introspect", request_body = IntrospectionRequest,
    responses((status = 200, body = Introspection), (status = 400), (status = 401)),
)]
pub(crate) async fn introspect(signed: Signed, PortalBody(body): PortalBody) -> Result<Answer<Introspection>> {
    let mut batch = signed.authorize()?.batch();
    let request = match IntrospectRequest::from_body(&body) {
        Ok(request) => request,
        Err(faults) => {
            batch.read().await?;
            return Err(refused_fields(faults));
        }
    };
    let Some(question) = Question::new(&signed, &request)? else {
        batch.read().await?;
        return Ok(Answer(Introspection::inactive()));
    };
    let found = batch.push(question.select(&request.service));
    let key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    let key = outcomes.data_key(&key)?;
    let Some(row) = outcomes.row(found) else {
        return Ok(Answer(Introspection::inactive()));
    };
    if let Question::Jwt { token, .. } = &question {
        let verifies = match verifying_key(row, key.as_deref())? {
            Some(key) => token.verify(&key, signed.now.div_euclid(1000)).is_ok(),
            None => false,
        };
        if !verifies {
            return Ok(Answer(Introspection::inactive()));
        }
    }
    Ok(Answer(Introspection { active: true, facts: Some(question.facts(row)?) }))
}

/// What storage is asked, and what is known before.
enum Question<'a> {
    Key { hash: String },
    Jwt { issuer: String, token: Token<'a> },
    Client { id: &'a str, hash: String },
}

impl<'a> Question<'a> {
    /// `None` when storage cannot know an answer: a token that cannot be read, or that names nobody.
    fn new(signed: &Signed, request: &'a IntrospectRequest) -> Result<Option<Self>> {
        Ok(match &request.presented {
            Presented::Key(key) => Some(Self::Key { hash: Credential::KeyAuth.lookup_hash(&signed.app, &[key])? }),
            Presented::Jwt(text) => Token::parse(text).ok().and_then(|token| {
                let issuer = token.issuer()?.to_owned();
                Some(Self::Jwt { issuer, token })
            }),
            Presented::Client { id, secret } => {
                Some(Self::Client { id, hash: Credential::Client.lookup_hash(&signed.app, &[id, secret])? })
            }
        })
    }

    fn select(&self, service: &str) -> Statement {
        match self {
            Self::Key { hash } => store::select_by_key(service, hash),
            Self::Jwt { issuer, .. } => store::select_by_issuer(service, issuer),
            Self::Client { id, hash } => store::select_by_client(service, id, hash),
        }
    }

    fn facts(self, row: &Row) -> Result<IntrospectionFacts> {
        let facts = |kind| store::facts(row, kind);
        match self {
            Self::Key { .. } => facts(CredentialType::KeyAuth),
            Self::Jwt { issuer, token } => {
                let exp = token.expires();
                Ok(IntrospectionFacts { iss: Some(issuer), exp, ..facts(CredentialType::Jwt)? })
            }
            Self::Client { id, .. } => {
                Ok(IntrospectionFacts { client_id: Some(id.to_owned()), ..facts(CredentialType::Oauth2)? })
            }
        }
    }
}

/// The key of a stored JWT credential, for its own algorithm. `None` when it is not one that verifies anything.
fn verifying_key(row: &Row, data_key: Option<&crypto::seal::DataKey>) -> Result<Option<VerifyingKey>> {
    let Ok(algorithm) = row.get::<String>("algorithm")?.parse::<Algorithm>() else { return Ok(None) };
    if !algorithm.is_symmetric() {
        let pem: Option<String> = row.get("rsa_public_key")?;
        return Ok(pem.and_then(|pem| VerifyingKey::public(algorithm, &pem).ok()));
    }
    let (id, sealed): (String, Vec<u8>) = (row.get("credential_id")?, row.get("sealed_secret")?);
    let secret = Credential::Jwt.open(needed(data_key)?, &id, &sealed)?;
    Ok(VerifyingKey::secret(algorithm, secret.as_bytes()).ok())
}
