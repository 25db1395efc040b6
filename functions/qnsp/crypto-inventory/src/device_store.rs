//! The rows of devices.

use model::{qnsp::inventory::Device, time::IsoTime};
use platform::{Row, Statement};
use policy::qnsp::{Algorithm, algorithm::Family};
use qnsp::{Caller, missing, word};
use serde_json::{Value, json};
use service::{Guard, Result};

use crate::lists::{json_list, list};

/// What capabilities say of algorithms.
pub(crate) struct Capabilities {
    pub words: Vec<String>,
    algorithms: Vec<Algorithm>,
    pub is_post_quantum: bool,
}

impl Capabilities {
    pub(crate) fn of(words: Vec<String>) -> Self {
        let named: Vec<_> = words.iter().map(|word| Algorithm::of(word)).collect();
        let is_post_quantum = named.iter().any(|algorithm| {
            algorithm.as_str() == "PQC" || matches!(algorithm.family(), Some(Family::MlKem | Family::MlDsa))
        });
        let algorithms = named.into_iter().filter(Algorithm::is_complete).collect();
        Self { words, algorithms, is_post_quantum }
    }

    pub(crate) fn json_words(&self) -> String {
        json_list(self.words.iter().map(String::as_str))
    }

    pub(crate) fn json_algorithms(&self) -> String {
        Value::from_iter(self.algorithms.iter().map(|algorithm| json!(algorithm.names()))).to_string()
    }
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_hardware WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such device")).bind(caller.tenant()).bind(id)
}

pub(crate) const COLUMNS: &str = "id, created_at, updated_at, name, type, vendor, model, serial_number, location, capabilities, \
     firmware_version, status, last_health_check_at";

pub(crate) fn one(caller: &Caller, id: &str) -> Statement {
    let select = format!("SELECT {COLUMNS} FROM qnsp_hardware WHERE tenant_id = ?1 AND id = ?2");
    Statement::new(select).bind(caller.tenant()).bind(id)
}

pub(crate) fn device(row: &Row) -> Result<Device> {
    Ok(Device {
        hardware_id: row.get("id")?,
        name: row.get("name")?,
        kind: word(row, "type")?,
        vendor: row.get("vendor")?,
        model: row.get("model")?,
        serial_number: row.get("serial_number")?,
        location: row.get("location")?,
        capabilities: list(row, "capabilities")?,
        firmware_version: row.get("firmware_version")?,
        status: word(row, "status")?,
        last_health_check_at: row.get::<Option<i64>>("last_health_check_at")?.map(IsoTime),
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_name_algorithms_with_their_sizes_and_anything_else() {
        for (words, algorithms, is_post_quantum) in [
            (&["aes", "rsa", "fips-140-3"][..], "[]", false),
            (&["RSA_2048", "ecdsa-p256"], r#"[["RSA-2048","RSA"],["ECDSA-P256","ECDSA"]]"#, false),
            (&["md5"], r#"[["MD5"]]"#, false),
            (&["PQC"], "[]", true),
            (&["ml-kem"], "[]", true),
            (&["dilithium3"], r#"[["ML-DSA-65","ML-DSA"]]"#, true),
            (&["slh-dsa-sha2-128s"], r#"[["SLH-DSA-SHA2-128S","SLH-DSA"]]"#, false),
        ] {
            let capabilities = Capabilities::of(words.iter().map(|word| (*word).to_owned()).collect());
            assert_eq!(capabilities.json_algorithms(), algorithms, "{words:?}");
            assert_eq!(capabilities.is_post_quantum, is_post_quantum, "{words:?}");
            assert_eq!(capabilities.words, words);
        }
    }
}
