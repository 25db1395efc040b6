//! The `data` of a body and of its answer: one base64 text, encrypted as the headers of a signed request are, or in
//! plain mode the JSON itself. Plain mode is about `data` alone; the headers stay encrypted.

use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
};
use crypto::SharedKey;
use model::caas::{Carried, WithData};
use platform::random;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{Api, App, Error, Result, extract, signed};

/// Asks for plain mode.
const PLAIN_HEADER: &str = "requestfromswagger";

/// What a request and its answer are written in. Comes after `Signed` in a handler, whose derived key it takes over;
/// without one it derives the key itself.
pub struct Envelope {
    app: App,
    api: Api,
    /// Absent in plain mode.
    key: Option<Arc<SharedKey>>,
}

/// A body whose `data` has been opened, with the envelope for its answer. A wrong one is a 400 that names the place.
pub struct Sealed<T, const LIMIT: usize = { extract::BODY_LIMIT }> {
    pub data: T,
    pub envelope: Envelope,
}

#[derive(Deserialize)]
struct Body {
    data: Box<RawValue>,
}

impl Envelope {
    /// Puts an answer into the envelope, with the service's public key beside it.
    pub fn answer<T: Serialize>(&self, data: T) -> Result<Answer<WithData<T>>> {
        let data = match &self.key {
            None => Carried::Plain(data),
            Some(key) => {
                let json = serde_json::to_vec(&data).map_err(|error| Error::internal(error.to_string()))?;
                Carried::Sealed(key.encrypt(random::bytes()?, &json))
            }
        };
        Ok(Answer(WithData { data, public_key: self.app.signing()?.public_key(self.api)?.to_owned() }))
    }

    fn open<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T> {
        let body: Body = extract::parse(body, "Body")?;
        let Some(key) = &self.key else { return extract::parse(body.data.get().as_bytes(), "data") };
        let text: String = serde_json::from_str(body.data.get()).map_err(|_| {
            Error::bad_request("data must be one base64 text; with the header requestfromswagger: true it is plain")
        })?;
        let plain = key.decrypt(&text).map_err(|_| {
            Error::bad_request("data does not open; encrypt it with the key in force at /publickeys, as the headers")
        })?;
        extract::parse(&plain, "data")
    }
}

impl FromRequestParts<App> for Envelope {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let api = Api::of(parts.uri.path());
        let key = if is_plain(&parts.headers) {
            if !app.signing()?.plain_mode {
                return Err(Error::bad_request("Plain mode is switched off here; leave requestfromswagger out"));
            }
            None
        } else {
            Some(match parts.extensions.get::<Arc<SharedKey>>() {
                Some(key) => key.clone(),
                None => signed::shared_key(app, api, &signed::public_key(app, &parts.headers)?)?,
            })
        };
        Ok(Self { app: app.clone(), api, key })
    }
}

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<App> for Sealed<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let envelope = Envelope::from_request_parts(&mut parts, app).await?;
        let body = extract::read_body(Request::from_parts(parts, body), LIMIT).await?;
        Ok(Self { data: envelope.open(&body)?, envelope })
    }
}

fn is_plain(headers: &HeaderMap) -> bool {
    headers.get(PLAIN_HEADER).is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"true"))
}
