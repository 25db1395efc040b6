//! The statements over a real database, at times of the test's own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use model::qnsp::kms::AlgorithmStatus;
use platform::Row;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{deprecation, test_database::Database};

const TENANT: &str = "a";
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// The beginning of an hour.
const START: i64 = 1_764_000_000_000 / HOUR * HOUR;

impl Database {
    async fn run(&self, statements: Vec<Statement>) {
        for statement in &statements {
            assert!(statement.params.len() <= 100 && statement.text.len() <= 100_000, "the limits of D1");
        }
        self.sql.batch(statements).await.unwrap();
    }

    async fn rows(&self, select: &str) -> Vec<Row> {
        self.sql.query(Statement::new(select.to_owned())).await.unwrap()
    }

    /// The values of some expressions.
    async fn row(&self, values: &str) -> Value {
        let rows = self.rows(&format!("SELECT json_array({values}) AS row")).await;
        serde_json::from_str(&rows[0].get::<String>("row").unwrap()).unwrap()
    }

    /// A use, of which the rules hear at once.
    async fn uses(&self, of: &KeyUse<'_>) {
        let mut statements = counts(TENANT, of);
        statements.extend(statements_of(key_alerts::of_use(TENANT, of.key, of.at)));
        self.run(statements).await;
    }

    async fn rule(
        &self,
        id: &str,
        keys: Option<&[&str]>,
        (metric, operator, threshold): (&str, &str, f64),
        minutes: i64,
    ) {
        let insert = Statement::new(
            "INSERT INTO qnsp_key_alert_rules (tenant_id, id, created_at, updated_at, name, key_ids, metric, operator, threshold, \
             time_window, minutes, severity, channels, enabled) VALUES (?1, ?2, 0, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'low', \
             '[\"audit\",\"https://hooks.example/\"]', 1)",
        );
        let keys = keys.map(|keys| Value::from(keys.to_vec()).to_string());
        let insert = insert.bind(TENANT).bind(id).bind(keys).bind(metric).bind(operator).bind(threshold);
        self.run(vec![insert.bind(format!("{minutes}m")).bind(minutes)]).await;
    }

    async fn policy(&self, algorithm: &str, enforced: i64) {
        let policy = Statement::new(
            "INSERT INTO qnsp_deprecation_policies (tenant_id, id, created_at, updated_at, name, deprecation_date, \
             enforcement_date, notification_schedule, extra) VALUES (?1, ?2, 0, 0, ?2, 0, ?3, '[]', '{}')",
        );
        let named =
            "INSERT INTO qnsp_deprecated_algorithms (tenant_id, algorithm, policy_id, position) VALUES (?1, ?2, ?2, 0)";
        self.run(vec![
            policy.bind(TENANT).bind(algorithm).bind(enforced),
            Statement::new(named).bind(TENANT).bind(algorithm),
        ])
        .await;
    }

    /// Rule, key and type of all alerts, the oldest first.
    async fn alerts(&self) -> Vec<String> {
        let select = "SELECT rule_id || ' ' || key_id || ' ' || alert_type || ' ' || severity AS alert FROM qnsp_key_alerts \
                      ORDER BY triggered_at, rule_id, key_id";
        self.rows(select).await.iter().map(|row| row.get("alert").unwrap()).collect()
    }
}

fn statements_of(judgement: key_alerts::Judgement) -> [Statement; 2] {
    [judgement.end, judgement.raise]
}

fn use_of(key: &str, at: i64) -> KeyUse<'_> {
    KeyUse { key, application: None, operation: KeyOperation::Sign, bytes: 10, is_success: true, at, algorithm: None }
}

#[tokio::test]
async fn a_use_is_counted_everywhere() {
    let database = Database::new();
    let rsa = Algorithm::of("rsa2048");
    let application = |name| Some(Application { id: "app", name });
    for of in [
        KeyUse { application: application(Some("First")), ..use_of("k", START) },
        KeyUse { application: application(Some("Second")), algorithm: Some(&rsa), ..use_of("k", START + 59_999) },
        KeyUse { application: application(None), is_success: false, ..use_of("k", START + MINUTE) },
        KeyUse { operation: KeyOperation::Encrypt, bytes: i64::MAX, ..use_of("k", START + HOUR) },
        KeyUse { operation: KeyOperation::Encrypt, bytes: i64::MAX, ..use_of("k", START + HOUR) },
        // What comes late is not the last use.
        use_of("k", START - HOUR * 24),
    ] {
        database.uses(&of).await;
    }
    let (minute, hour, day) = (START / MINUTE, START / HOUR, START / HOUR / 24);
    let period = |number: i64, operation: &str, sums: [i64; 3]| json!([number, operation, sums[0], sums[1], sums[2]]);
    let minutes = database
        .row("(SELECT json_group_array(json_array(minute, operation, uses, bytes, failures)) FROM qnsp_key_minutes)")
        .await;
    let minutes: Value = serde_json::from_str(minutes[0].as_str().unwrap()).unwrap();
    assert_eq!(
        minutes,
        json!([
            period(minute - 1440, "sign", [1, 10, 0]),
            period(minute, "sign", [2, 20, 0]),
            period(minute + 1, "sign", [1, 10, 1]),
            period(minute + 60, "encrypt", [2, MOST_BYTES, 0]),
        ])
    );
    let hours = database
        .row("(SELECT json_group_array(json_array(hour, operation, uses, bytes, failures)) FROM qnsp_key_hours)")
        .await;
    let hours: Value = serde_json::from_str(hours[0].as_str().unwrap()).unwrap();
    assert_eq!(
        hours,
        json!([
            period(hour - 24, "sign", [1, 10, 0]),
            period(hour, "sign", [3, 30, 1]),
            period(hour + 1, "encrypt", [2, MOST_BYTES, 0]),
        ])
    );
    let key = database
        .row("(SELECT json_array(algorithm, encrypt, decrypt, sign, verify, last_used_at) FROM qnsp_used_keys)")
        .await;
    assert_eq!(key, json!([json!(["RSA-2048", 2, 0, 4, 0, START + HOUR]).to_string()]));
    let application = "(SELECT json_array(name, sign, encrypt, last_used_at) FROM qnsp_key_applications), \
                       (SELECT uses FROM qnsp_application_keys)";
    assert_eq!(database.row(application).await, json!([json!(["Second", 3, 0, START + MINUTE]).to_string(), 3]));
    // The first use was of a key whose algorithm nobody had named.
    let algorithms = "(SELECT json_array(algorithm, uses, last_used_at) FROM qnsp_used_algorithms), \
                      (SELECT group_concat(day || algorithm || uses) FROM qnsp_algorithm_days)";
    let days = format!("{}RSA-20481,{day}1,{day}RSA-20484", day - 1);
    assert_eq!(database.row(algorithms).await, json!([json!(["RSA-2048", 5, START + HOUR]).to_string(), days]));
}

#[tokio::test]
async fn the_algorithm_of_a_key_of_a_module_is_the_keys() {
    let database = Database::new();
    let insert = "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, algorithm, mechanism, purposes, \
                  status) VALUES ('a', 'k', 0, 'c', 'pqc', 'ML-KEM-768', 'ML-KEM-768', '[]', 'active'), \
                  ('b', 'other', 0, 'c', 'pqc', 'ML-KEM-512', 'ML-KEM-512', '[]', 'active')";
    database.run(vec![Statement::new(insert)]).await;
    let des = Algorithm::of("des");
    for key in ["k", "other"] {
        database.uses(&KeyUse { algorithm: Some(&des), ..use_of(key, START) }).await;
    }
    database.run(vec![Statement::new("DELETE FROM qnsp_hsm_keys")]).await;
    database.uses(&use_of("k", START)).await;
    let used = "(SELECT group_concat(key_id || ' ' || algorithm) FROM qnsp_used_keys), \
                (SELECT group_concat(algorithm || ' ' || uses) FROM qnsp_used_algorithms)";
    assert_eq!(database.row(used).await, json!(["k ML-KEM-768,other DES", "DES 1,ML-KEM-768 2"]));
}

#[tokio::test]
async fn a_rule_fires_once_until_its_condition_no_longer_holds() {
    let database = Database::new();
    database.rule("more", None, ("operation_count", "gt", 2.0), 5).await;
    database.rule("named", Some(&["b"]), ("operation_count", "eq", 1.0), 5).await;
    let at = |minute: i64| START + minute * MINUTE;
    for minute in [0, 0, 1] {
        database.uses(&use_of("a", at(minute))).await;
    }
    assert_eq!(database.alerts().await, ["more a threshold_exceeded low"]);
    // It goes on, and each key is by itself.
    for (key, minute) in [("a", 1), ("b", 2), ("a", 5)] {
        database.uses(&use_of(key, at(minute))).await;
    }
    assert_eq!(database.alerts().await, ["more a threshold_exceeded low", "named b threshold_exceeded low"]);
    // Of minute 20 is the only use in the window, so the next two make another occasion.
    for minute in [20, 21, 22] {
        database.uses(&use_of("a", at(minute))).await;
    }
    assert_eq!(database.alerts().await.len(), 3);
    let messages =
        database.row("(SELECT group_concat(DISTINCT message) FROM qnsp_key_alerts WHERE rule_id = 'more')").await;
    assert_eq!(messages, json!(["operation_count was 3 within 5m: more than 2"]));
    // All three have told both channels.
    let told = "(SELECT count(*) FROM qnsp_notifications WHERE url = 'audit'), (SELECT count(*) FROM qnsp_notifications \
                WHERE url = 'https://hooks.example/'), (SELECT min(body ->> 'triggeredAt') FROM qnsp_notifications)";
    assert_eq!(database.row(told).await, json!([3, 3, model::time::to_iso(at(1))]));
    database.run(vec![Statement::new("UPDATE qnsp_key_alert_rules SET enabled = 0")]).await;
    for minute in [60, 60, 60] {
        database.uses(&use_of("a", at(minute))).await;
    }
    assert_eq!(database.alerts().await.len(), 3, "a disabled rule never fires");
}

#[tokio::test]
async fn silence_is_noticed_for_named_keys() {
    let database = Database::new();
    database.rule("named", Some(&["a", "b"]), ("bytes_processed", "lt", 10.0), 2).await;
    database.rule("all", None, ("operation_count", "lt", 1.0), 2).await;
    database.rule("more", Some(&["a"]), ("operation_count", "gt", 0.0), 2).await;
    database.uses(&use_of("a", START)).await;
    assert_eq!(database.alerts().await, ["more a threshold_exceeded low"]);
    let look = async |minute: i64| {
        database.run(statements_of(key_alerts::of_silence(TENANT, START + minute * MINUTE)).to_vec()).await;
        database.alerts().await
    };
    assert_eq!(look(1).await.last().unwrap(), "named b threshold_exceeded low");
    assert_eq!(look(2).await.last().unwrap(), "named a threshold_exceeded low");
    assert_eq!(look(3).await.len(), 3);
    database.uses(&use_of("a", START + 4 * MINUTE)).await;
    assert_eq!(look(5).await.len(), 3);
    assert_eq!(look(6).await.len(), 4, "it has fallen silent again");
}

#[tokio::test]
async fn an_hour_is_unusual_once_that_is_far_above_the_day_before() {
    let database = Database::new();
    // 1 and 3 in turn: the mean is 2, the deviation 1.
    for hour in 0..24 {
        for _ in 0..(1 + hour % 2 * 2) {
            database.uses(&use_of("k", START + hour * HOUR)).await;
        }
    }
    // Another key has the same mean over the day, but no deviation.
    for hour in 0..24 {
        database.uses(&use_of("even", START + hour * HOUR)).await;
    }
    // One below the least mean.
    for hour in 1..24 {
        database.uses(&use_of("seldom", START + hour * HOUR)).await;
    }
    database.run(vec![Statement::new("DELETE FROM qnsp_key_alerts")]).await;
    let now = START + 24 * HOUR;
    for _ in 0..5 {
        database.uses(&use_of("k", now)).await;
        database.uses(&use_of("seldom", now)).await;
    }
    database.uses(&use_of("even", now)).await;
    assert_eq!(database.alerts().await, Vec::<String>::new(), "five is the mean and three deviations, not more");
    for _ in 0..2 {
        database.uses(&use_of("k", now + MINUTE)).await;
        database.uses(&use_of("even", now + MINUTE)).await;
    }
    let both = ["baseline even unusual_pattern medium", "baseline k unusual_pattern medium"];
    assert_eq!(database.alerts().await, both);
    let message = database.row("(SELECT min(message) FROM qnsp_key_alerts WHERE key_id = 'k')").await;
    assert_eq!(message, json!(["6 operations in this hour; the 24 hours before had 2.00 on average"]));
    for _ in 0..30 {
        database.uses(&use_of("k", now + HOUR)).await;
    }
    assert_eq!(database.alerts().await.len(), 3, "the next hour is another occasion");
}

#[tokio::test]
async fn the_use_of_a_forbidden_algorithm_is_a_violation_once() {
    let database = Database::new();
    database.policy("RSA", START + HOUR).await;
    let uses = async |key: &str, algorithm: &str, at: i64| {
        database.uses(&KeyUse { algorithm: Some(&Algorithm::of(algorithm)), ..use_of(key, at) }).await;
    };
    uses("rsa", "RSA-3072", START + HOUR - 1).await;
    uses("safe", "AES-256", START + HOUR).await;
    database.uses(&use_of("unknown", START + HOUR)).await;
    assert_eq!(database.alerts().await, Vec::<String>::new());
    uses("md5", "md5", START).await;
    for _ in 0..2 {
        uses("rsa", "RSA-3072", START + HOUR).await;
    }
    let found = ["compliance md5 compliance_violation high", "compliance rsa compliance_violation high"];
    assert_eq!(database.alerts().await, found);
}

#[tokio::test]
async fn the_database_knows_what_is_forbidden_as_the_policy_does() {
    let database = Database::new();
    for (algorithm, enforced) in
        [("ECDH", START), ("SHA-2", START), ("ML-KEM-768", START), ("FOO", START), ("AES", START + 1)]
    {
        database.policy(algorithm, enforced).await;
    }
    let texts = "aes aes-256 aes-gcm rsa rsa-512 rsa-1024 rsa-2047 rsa-2048 rsa-0512 rsa-20x rsa-pss rsa-99999999999 ecdsa-p256 \
                 ecdh x25519 ecdh-p256 dh-2048 ed25519 ml-kem ml-kem-512 ml-kem-768 ml-kem-999 kyber768 ml-dsa-65 slh-dsa-x hqc-128 \
                 fn-dsa-512 sha-1 sha-224 sha-256 sha-512/256 sha3-256 shake128 md5 des 3des rc4 rc45 foo foo-1 chacha20-poly1305";
    let mut forbidden = 0;
    for now in [START, START + 1, 2_082_758_400_000] {
        let mut enforced = ["ECDH", "SHA-2", "ML-KEM-768", "FOO"].map(Algorithm::of).to_vec();
        if now > START {
            enforced.push(Algorithm::of("AES"));
        }
        for algorithm in texts.split_whitespace().map(Algorithm::of) {
            let select = format!(
                "SELECT {} AS forbidden, {} AS family FROM (SELECT ?2 AS name, ?1 AS tenant) n",
                deprecation::is_forbidden("n.name", "?3", "?4"),
                deprecation::family("n.name", "?3"),
            );
            let select = Statement::new(select).bind(TENANT).bind(algorithm.as_str());
            let rows = database.sql.query(select.bind(deprecation::registry(now)).bind(now)).await.unwrap();
            let expected = algorithm.status(&enforced, now) == AlgorithmStatus::Forbidden;
            assert_eq!(rows[0].get::<bool>("forbidden").unwrap(), expected, "{} at {now}", algorithm.as_str());
            let family = rows[0].get::<Option<String>>("family").unwrap();
            assert_eq!(family.as_deref(), algorithm.family().map(|family| family.as_str()), "{}", algorithm.as_str());
            forbidden += usize::from(expected);
        }
    }
    assert!(forbidden > 30, "{forbidden}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the window and the time: what the database sums up by hours and minutes is the sum of the uses.
    #[test]
    fn the_value_of_a_rule_is_that_of_the_uses_in_its_window(
        minutes in prop_oneof![1..200_i64, 60..3_000_i64],
        ages in prop::collection::vec(0..3_000_i64, 1..40),
        now in 0..180_i64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let database = Database::new();
            database.rule("r", None, ("operation_count", "gt", -1.0), minutes).await;
            let now = START + now * MINUTE + 1;
            let mut statements: Vec<_> =
                ages.iter().flat_map(|age| counts(TENANT, &use_of("k", now - age * MINUTE))).collect();
            statements.extend(statements_of(key_alerts::of_use(TENANT, "k", now)));
            database.run(statements).await;
            let expected = ages.iter().filter(|age| **age < minutes).count();
            let message = database.row("(SELECT message FROM qnsp_key_alerts WHERE rule_id = 'r')").await;
            let expected = format!("operation_count was {expected} within {minutes}m: more than -1");
            assert_eq!(message, json!([expected]));
        });
    }
}
