//! A client that blocks, on a thread for it.

use http::{Request, Response};
use ureq::Agent;

use crate::{FetchError, Task, fetch::Limits};

pub(crate) fn fetch(request: Request<Vec<u8>>, limits: Limits) -> Task<'static, Result<Response<Vec<u8>>, FetchError>> {
    Box::pin(async move {
        let answer = tokio::task::spawn_blocking(move || send(request, limits)).await;
        answer.unwrap_or(Err(FetchError::Unreachable))
    })
}

fn send(request: Request<Vec<u8>>, limits: Limits) -> Result<Response<Vec<u8>>, FetchError> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(limits.time))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .build()
        .into();
    let (parts, mut body) = agent.run(request)?.into_parts();
    let body = body.with_config().limit(limits.bytes.saturating_add(1) as u64).read_to_vec()?;
    if body.len() > limits.bytes { Err(FetchError::TooLong) } else { Ok(Response::from_parts(parts, body)) }
}

impl From<ureq::Error> for FetchError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Self::Malformed,
            ureq::Error::Timeout(_) => Self::TimedOut,
            ureq::Error::BodyExceedsLimit(_) => Self::TooLong,
            _ => Self::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        net::TcpListener,
        thread,
        time::{Duration, Instant},
    };

    use super::*;

    const LIMITS: Limits = Limits { time: Duration::from_secs(5), bytes: 64 };

    /// Answers one request with `answer` after `pause`; gives its address, and what it was asked.
    fn server(answer: &'static str, pause: Duration) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/path?q=1", listener.local_addr().unwrap());
        let asked = thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let (mut asked, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                asked += &line;
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            thread::sleep(pause);
            let _ = stream.into_inner().write_all(answer.as_bytes());
            asked + std::str::from_utf8(&body).unwrap()
        });
        (url, asked)
    }

    async fn post(url: &str, limits: Limits) -> Result<Response<Vec<u8>>, FetchError> {
        let request = Request::post(url).header("x-word", "one").body(b"body".to_vec()).unwrap();
        crate::fetch::fetch(request, limits).await
    }

    #[tokio::test]
    async fn a_request_arrives_and_its_answer_comes_back() {
        let (url, asked) =
            server("HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 4\r\n\r\ngone", Duration::ZERO);
        let answer = post(&url, LIMITS).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (302, b"gone".as_slice()));
        assert_eq!(answer.headers().get("location").unwrap(), "/other");
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("POST /path?q=1 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("x-word: one\r\n") && asked.ends_with("\r\n\r\nbody"), "{asked}");
    }

    #[tokio::test]
    async fn what_takes_too_long_is_given_up() {
        let (url, _) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Duration::from_secs(3));
        let started = Instant::now();
        let limits = Limits { time: Duration::from_millis(200), ..LIMITS };
        assert_eq!(post(&url, limits).await.unwrap_err(), FetchError::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_its_limit() {
        let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n0123456789";
        let (url, _) = server(answer, Duration::ZERO);
        assert_eq!(post(&url, Limits { bytes: 10, ..LIMITS }).await.unwrap().body().len(), 10);
        let (url, _) = server(answer, Duration::ZERO);
        assert_eq!(post(&url, Limits { bytes: 9, ..LIMITS }).await.unwrap_err(), FetchError::TooLong);
    }

    #[tokio::test]
    async fn an_unreachable_server_is_reported_without_its_address() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = post(&format!("http://user:secret@{address}/"), LIMITS).await.unwrap_err();
        assert_eq!(error, FetchError::Unreachable);
        assert!(!format!("{error} {error:?}").contains("secret"));
        assert_eq!(post("/no/host", LIMITS).await.unwrap_err(), FetchError::Malformed);
    }
}
