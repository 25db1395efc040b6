//! The caller who activates an extension: the holder of a bearer token, or else a licence. With a token the licence is not looked
//! at, be it good or bad.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use service::{App, Error, Result, Signed, Unlicensed};

use crate::introspection::{self, Claims, Introspection};

pub(crate) struct Activator {
    pub signed: Signed,
    /// Of the token, if there is one.
    pub bearer: Option<Bearer>,
}

pub(crate) struct Bearer {
    pub subject: String,
    pub claims: Claims,
}

impl FromRequestParts<App> for Activator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let authorization = parts.headers.get(header::AUTHORIZATION).filter(|value| !value.is_empty()).cloned();
        let Some(authorization) = authorization else {
            return Ok(Self { signed: Signed::from_request_parts(parts, app).await?, bearer: None });
        };
        let request = Unlicensed::open(parts, app)?;
        let token = introspection::token(authorization.to_str().unwrap_or_default())?;
        let server = parts.extensions.get::<Option<Arc<Introspection>>>().cloned().flatten();
        let server = server.ok_or_else(|| Error::unauthorized("Tokens are not taken here; sign with a license"))?;
        let (subject, claims) = introspection::introspect(&server, token, request.now()).await?;
        Ok(Self { signed: request.with_token_subject(&subject), bearer: Some(Bearer { subject, claims }) })
    }
}
