//! The Worker around the route table. It stays with the runtime's own request and response objects:
//! turning them into `http` types and back would cost more than the hop itself.

use crate::routes;
use worker::{Context, Env, Error, Response, Result, console_error, event, wasm_bindgen_futures::JsFuture};
use worker::{wasm_bindgen::JsCast, web_sys, worker_sys};

const REFUSAL_HEADERS: [(&str, &str); 3] =
    [("content-type", "application/json"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")];

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> Result<web_sys::Response> {
    let Some(function) = routes::find(&request.url()) else {
        read_small_body(&request).await?;
        return refuse(404, "Not Found", "No such resource");
    };
    match forward(&env, function.binding, &request).await {
        Ok(response) => Ok(response),
        Err(error) => {
            console_error!("{} did not answer: {error}", function.name);
            refuse(503, "Service Unavailable", "The service behind this path did not answer; try again")
        }
    }
}

async fn forward(env: &Env, binding: &str, request: &web_sys::Request) -> Result<web_sys::Response> {
    let service: worker_sys::Fetcher = env.service(binding)?.into_rpc();
    let response = JsFuture::from(service.fetch(request)?).await?;
    response.dyn_into().map_err(|_| Error::RustError("the answer is no response".to_owned()))
}

/// workerd resets the connection of a kept-alive client when an answer leaves a body unread.
async fn read_small_body(request: &web_sys::Request) -> Result<()> {
    let length = request.headers().get("content-length")?.and_then(|length| length.parse::<u32>().ok());
    if length.is_some_and(|length| length <= 64 * 1024) {
        JsFuture::from(request.array_buffer()?).await?;
    }
    Ok(())
}

fn refuse(status: u16, error: &str, message: &str) -> Result<web_sys::Response> {
    let body = format!(r#"{{"statusCode":{status},"error":"{error}","message":"{message}"}}"#);
    let mut response = Response::ok(body)?.with_status(status);
    // As every function does for its own refusals.
    for (name, value) in REFUSAL_HEADERS {
        response.headers_mut().set(name, value)?;
    }
    Ok(response.into())
}
