//! One effect for calls with one Idempotency-Key.

use platform::Statement;

use crate::deployment::{Deployment, FREE, FULL, Reply, THING, key};

const KEY: (&str, &str) = ("idempotency-key", "once");

async fn create(deployment: &Deployment, token: &str, body: &str) -> Reply {
    deployment.call("POST", &format!("/auth/v1/things/{THING}"), token, &[KEY], body).await
}

#[tokio::test]
async fn the_same_call_is_answered_again_and_has_no_second_effect() {
    let deployment = Deployment::new("again").await;
    let (token, body) = (key(FULL, "admin"), r#"{"name":"n-s3cret-n","weight":1}"#);
    let first = create(&deployment, &token, body).await;
    assert_eq!((first.status.as_u16(), first.header("x-idempotency-replayed")), (201, None));
    let again = create(&deployment, &token, body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("x-idempotency-replayed"), Some("true"));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(deployment.number("SELECT count(*) FROM qnsp_meters").await, 1);
    assert_eq!(deployment.number("SELECT sum(calls) FROM qnsp_minutes").await, 2);
    let events = deployment.events().await;
    assert!(events.len() == 2 && events.iter().all(|event| event.contains(" done ")), "{events:?}");

    let other = create(&deployment, &token, r#"{"name":"other","weight":1}"#).await;
    assert_eq!((other.status.as_u16(), other.error()), (409, "CONFLICT"));
    // Roles, tiers and validation hold for replays too, and keys belong to a tenant and a route.
    assert_eq!(create(&deployment, &key(FULL, "viewer"), body).await.status.as_u16(), 403);
    assert_eq!(create(&deployment, &key(FREE, "admin"), body).await.status.as_u16(), 403);
    assert_eq!(create(&deployment, &token, r#"{"name":"n-s3cret-n"}"#).await.status.as_u16(), 400);
    let hello = deployment.call("POST", &format!("/auth/hello/{FULL}"), &token, &[KEY], body).await;
    assert_eq!(hello.status.as_u16(), 200);

    let leaked = deployment.number("SELECT count(*) FROM qnsp_idempotency WHERE instr(CAST(sealed_answer AS TEXT), 's3cret') OR instr(body_hash, 's3cret')").await;
    assert_eq!(leaked, 0);
    deployment.execute(Statement::new("UPDATE qnsp_idempotency SET expires_at = 1")).await;
    assert_eq!(create(&deployment, &token, r#"{"name":"later","weight":1}"#).await.status.as_u16(), 201);
}

#[tokio::test]
async fn of_calls_at_once_one_has_the_effect_and_all_have_its_answer() {
    let deployment = Deployment::new("at-once").await;
    let (token, body) = (key(FULL, "admin"), r#"{"name":"n","weight":1}"#);
    let calls = (0..8).map(|_| create(&deployment, &token, body));
    let mut replayed = 0;
    for reply in futures_of(calls).await {
        assert_eq!((reply.status.as_u16(), &reply.body["name"]), (201, &"n".into()));
        replayed += usize::from(reply.header("x-idempotency-replayed").is_some());
    }
    assert_eq!(replayed, 7);
    assert_eq!(deployment.number("SELECT count(*) FROM service_directory").await, 1);
}

/// All at once, on the threads of the runtime.
async fn futures_of<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pinned: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut is_pending = false;
        for (future, done) in &mut pinned {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => is_pending = true,
                }
            }
        }
        if is_pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    pinned.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn a_refusal_is_not_kept_and_a_bad_key_is_refused() {
    let deployment = Deployment::new("refused").await;
    let token = key(FULL, "admin");
    assert_eq!(create(&deployment, &token, r#"{"name":"missing","weight":1}"#).await.status.as_u16(), 404);
    assert_eq!(create(&deployment, &token, r#"{"name":"other","weight":1}"#).await.status.as_u16(), 201);
    let long = "k".repeat(256);
    for bad in ["", long.as_str()] {
        let path = format!("/auth/v1/things/{THING}");
        let reply =
            deployment.call("POST", &path, &token, &[("idempotency-key", bad)], r#"{"name":"n","weight":1}"#).await;
        assert_eq!((reply.status.as_u16(), reply.body["details"]["Idempotency-Key"].is_string()), (400, true));
    }
}

#[tokio::test]
async fn an_answer_for_the_caller_alone_is_replayed_to_nobody_else() {
    let deployment = Deployment::new("personal").await;
    let ask = async |role: &str| deployment.call("POST", "/auth/me", &key(FULL, role), &[KEY], "").await;
    for role in ["admin", "owner"] {
        let first = ask(role).await;
        assert_eq!((first.body["user"].as_str(), first.header("x-idempotency-replayed")), (Some(role), None));
        let again = ask(role).await;
        assert_eq!((&again.body, again.header("x-idempotency-replayed")), (&first.body, Some("true")));
    }
}
