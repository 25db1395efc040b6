//! A use of a key is few statements, and the same ones each time: a connection of Spin keeps sixteen prepared.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc};

use platform::Statement;
use serde_json::json;
use testing::{Batches, Deployment, FULL, Recording, key};

/// What Spin keeps, without the statements that begin and commit a transaction.
const PREPARED: usize = 16 - 2;

const KEY: &str = "00000000-0000-4000-8000-0000000000a1";

/// Of a key of 2048 bits.
const PUBLIC_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvISDu0erRl6kd4/3/KSBLpr2KR8veWOwZ4ZCA6CK1umuwGYPfMb/wXA1g6vnimcO\
    PifKgEW7CCEwbjNckA53jBJfQUTEV53E/yJVxESo9Bm6WZ+DsD7fpfnG93bNke/3d8Vj8p1EWAwtXiY8DUvhIgOfV+DvB0qaz2BRIAv8W+p6M3FXF1bCHurkxjF7AjR5\
    gWe/k+t4hsv9ARLcbyoaa742HU+hgsBdKjPJ+F4dHKrG2qRx255zfRYbnxHEeAuYdDLdxSpBy6V1Xiwy9Wh+PVmWDfdCtg/MluWhWUV6skeVMwrjs3UHXRSu+jlsD5oc\
    S5uJ91jlmK32/06b9MCdRQIDAQAB";

#[tokio::test]
async fn a_use_of_a_key_is_no_more_statements_than_spin_keeps_prepared() {
    let batches = Batches::default();
    let recorded = batches.clone();
    let deployment = Deployment::of("kms-hsm-statements", &[], async |mut host: platform::Host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: recorded });
        kms_hsm::app(host).await
    })
    .await;
    let connection = Statement::new(
        "INSERT INTO qnsp_hsm_connections (tenant_id, id, created_at, updated_at, name, provider, endpoint, port, \
         credentials_type, metadata, status, unanswered, revision) \
         VALUES (?1, 'c', 0, 0, 'n', 'thales', 'sim://m', 443, 'api_key', '{}', 'active', 0, 0)",
    );
    deployment.execute(connection.bind(FULL)).await;
    let insert = Statement::new(
        "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, key_size, algorithm, mechanism, purposes, \
         public_key, status) VALUES (?1, ?2, 0, 'c', 'rsa', 2048, 'RSA-2048', 'RSA-OAEP-256', '[\"encrypt\"]', ?3, 'active')",
    );
    deployment.execute(insert.bind(FULL).bind(KEY).bind(PUBLIC_KEY)).await;
    let developer = key(FULL, "developer");
    let wrap = async |name: &str| {
        let body = json!({ "wrappingKeyId": KEY, "keyToWrap": "AAAA" }).to_string();
        // What is swept by some of the calls would be more.
        let headers = [("idempotency-key", name), ("x-request-id", "11111111-1111-4111-8111-111111111111")];
        batches.lock().unwrap().clear();
        let reply = deployment.call("POST", "/kms/v1/byohsm/wrap", &developer, &headers, &body).await;
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
        std::mem::take(&mut *batches.lock().unwrap())
    };
    wrap("first").await;
    let (second, third) = (wrap("second").await, wrap("third").await);
    let texts = |batch: &Vec<Statement>| batch.iter().map(|one| one.text.to_string()).collect::<Vec<_>>();
    assert_eq!(second.iter().map(texts).collect::<Vec<_>>(), third.iter().map(texts).collect::<Vec<_>>());
    let (writing, reading): (Vec<_>, Vec<_>) =
        second.iter().partition(|batch| batch.iter().any(|statement| !statement.is_reading()));
    // What is found out about the token is known by now.
    for batches in [writing, reading] {
        let prepared: BTreeSet<_> = batches.into_iter().flatten().map(|statement| &statement.text).collect();
        assert!((1..=PREPARED).contains(&prepared.len()), "{}: {prepared:#?}", prepared.len());
    }
}
