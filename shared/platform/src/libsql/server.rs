//! Where the server is, and one request to it.

use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, Uri, header};
use libsql_hrana::proto::{
    Batch, BatchResult, BatchStreamReq, CloseStreamReq, PipelineReqBody, PipelineRespBody, StreamRequest,
    StreamResponse, StreamResult,
};

use super::failure::{self, Failure};
use crate::{
    FetchError, SqlError, Vars,
    fetch::{self, Limits},
};

/// The server itself waits for a lock and executes a batch within this time.
const LIMITS: Limits = Limits { time: Duration::from_secs(20), bytes: 64 << 20 };

pub(crate) struct Server {
    pipeline: Uri,
    authorization: Option<HeaderValue>,
}

impl Server {
    /// The server that the variables name, if they name one.
    pub(crate) async fn from_vars(vars: &dyn Vars) -> Result<Option<Self>, SqlError> {
        match vars.get("LIBSQL_URL").await {
            Some(url) => Self::new(&url, vars.get("LIBSQL_AUTH_TOKEN").await.as_deref()).map(Some),
            None => Ok(None),
        }
    }

    /// Neither the address nor the token stands in an error: both may be secret.
    fn new(url: &str, token: Option<&str>) -> Result<Self, SqlError> {
        let pipeline = pipeline(url.trim()).ok_or_else(|| {
            SqlError::Other("LIBSQL_URL must be http://…, https://… or libsql://… without a query".to_owned())
        })?;
        let bearer = |token: &str| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.trim())).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        let unusable = || SqlError::Other("LIBSQL_AUTH_TOKEN holds characters that no header can".to_owned());
        let authorization = token.map(|token| bearer(token).ok_or_else(unusable)).transpose()?;
        Ok(Self { pipeline, authorization })
    }

    /// Executes a batch on a connection of its own, which is closed by the same request.
    pub(super) async fn execute(&self, batch: &Batch) -> Result<BatchResult, Failure> {
        let request = self.request(batch).map_err(Failure::Refused)?;
        let (parts, body) = fetch::fetch(request, LIMITS).await.map_err(failed)?.into_parts();
        if parts.status != StatusCode::OK {
            return Err(of_status(parts.status));
        }
        let answer: PipelineRespBody = serde_json::from_slice(&body)
            .map_err(|_| Failure::Unanswered("the answer is not one of Hrana".to_owned()))?;
        match answer.results.into_iter().next() {
            Some(StreamResult::Ok { response: StreamResponse::Batch(response) }) => Ok(response.result),
            Some(StreamResult::Error { error }) => Err(failure::of_request(&error)),
            _ => Err(Failure::Unanswered("the answer lacks the result of the batch".to_owned())),
        }
    }

    fn request(&self, batch: &Batch) -> Result<Request<Vec<u8>>, String> {
        let requests = vec![
            StreamRequest::Batch(BatchStreamReq { batch: batch.clone() }),
            StreamRequest::Close(CloseStreamReq {}),
        ];
        let body = serde_json::to_vec(&PipelineReqBody { baton: None, requests }).map_err(|error| error.to_string())?;
        let mut request = Request::post(self.pipeline.clone()).header(header::CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.body(body).map_err(|error| error.to_string())
    }
}

/// Where batches go. An address may have a path, under which the server stands.
fn pipeline(url: &str) -> Option<Uri> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = match scheme {
        "libsql" => "https",
        "http" | "https" => scheme,
        _ => return None,
    };
    if rest.is_empty() || rest.contains(['?', '#', '@']) {
        return None;
    }
    format!("{scheme}://{}/v3/pipeline", rest.trim_end_matches('/')).parse().ok()
}

fn failed(error: FetchError) -> Failure {
    match error {
        FetchError::Denied => Failure::Refused("LIBSQL_HOST does not allow the server of LIBSQL_URL".to_owned()),
        FetchError::Malformed => Failure::Refused("LIBSQL_URL or LIBSQL_AUTH_TOKEN cannot be sent".to_owned()),
        error => Failure::Unanswered(format!("libSQL server: {error}")),
    }
}

/// Whatever stands between us and the server may have passed the request on before it failed.
fn of_status(status: StatusCode) -> Failure {
    let text = format!("libSQL server: status {}", status.as_u16());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Failure::Refused(format!("{text}; is LIBSQL_AUTH_TOKEN right?"))
        }
        StatusCode::TOO_MANY_REQUESTS => Failure::Busy(text),
        status if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT => Failure::Refused(text),
        _ => Failure::Unanswered(text),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn an_address_names_the_place_of_batches() {
        for (url, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v3/pipeline"),
            ("libsql://name-org.turso.io/", "https://name-org.turso.io/v3/pipeline"),
            ("https://db.example/dev/name", "https://db.example/dev/name/v3/pipeline"),
        ] {
            assert_eq!(pipeline(url).unwrap().to_string(), expected);
        }
        for url in [
            "",
            "db.example",
            "file:db",
            "wss://db.example",
            "http://",
            "http://db.example?authToken=x",
            "http://a:b@db",
        ] {
            assert!(pipeline(url).is_none(), "{url}");
        }
    }

    #[test]
    fn an_unusable_variable_is_named_without_its_value() {
        let refused = |url: &str, token: &str| Server::new(url, Some(token)).err().unwrap().to_string();
        let (url, token) = (refused("ftp://hidden", "t"), refused("http://db", "hidden\n\u{1}"));
        assert!(url.contains("LIBSQL_URL") && !url.contains("hidden"), "{url}");
        assert!(token.contains("LIBSQL_AUTH_TOKEN") && !token.contains("hidden"), "{token}");
    }
}
