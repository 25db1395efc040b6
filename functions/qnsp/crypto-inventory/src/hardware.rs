//! Devices and the checks of their health. A device has the status of its latest check.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        List, Text,
        inventory::{
            ChangeHardware, CreateHardware, Device, Devices, HardwareCreated, HardwareMetrics, HardwareStatus,
            HardwareSummary, HardwareType, HealthRecorded, RecordHealth, SdkDevice, SdkHealthCheck,
        },
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{AskPage, Call, Nothing, conflict, new_id, word};
use serde::Deserialize;
use serde_json::json;
use service::{Error, Result};

use crate::{
    device_store::{COLUMNS, Capabilities, device, exists, one},
    lists::text,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfHardware {
    hardware_id: Uuid,
}

/// Register a device, which is healthy until a check says otherwise.
#[utoipa::path(
    post, path = "/crypto/v1/hardware", tag = "Crypto inventory", request_body = CreateHardware,
    responses((status = 201, body = HardwareCreated), (status = 400), (status = 401), (status = 403), (status = 409)),
)]
pub(crate) async fn create_hardware(call: Call<CreateHardware>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    let kind = new.kind.or(new.hardware_type.map(HardwareType::from));
    let kind = kind.ok_or_else(|| Error::internal("a device without a type"))?;
    let supported = words(new.supported_algorithms.as_ref());
    let mut all = words(new.capabilities.as_ref());
    all.extend(supported.iter().cloned());
    if new.pqc_capable == Some(true) {
        all.push("pqc".to_owned());
    }
    let capabilities = Capabilities::of(all);
    call.about_named(id.as_str(), new.name.as_str());
    let insert = Statement::new(
        "INSERT INTO qnsp_hardware (tenant_id, id, created_at, updated_at, name, type, vendor, model, serial_number, location, \
         capabilities, algorithms, is_post_quantum, firmware_version, status) \
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    );
    let insert = insert
        .bind(call.tenant())
        .bind(id.as_str())
        .bind(call.now)
        .bind(new.name.as_str())
        .bind(<&str>::from(kind))
        .bind(text(new.vendor.as_ref()))
        .bind(text(new.model.as_ref()))
        .bind(text(new.serial_number.as_ref()))
        .bind(text(new.location.as_ref()))
        .bind(capabilities.json_words())
        .bind(capabilities.json_algorithms())
        .bind(capabilities.is_post_quantum)
        .bind(text(new.firmware_version.as_ref()))
        .bind(<&str>::from(HardwareStatus::Healthy));
    let mut work = call.work();
    work.push(insert);
    let is_taken = conflict("The vendor has another device with this serial number");
    work.on_duplicate("qnsp_hardware.serial_number", is_taken);
    let created_at = IsoTime(call.now);
    let device = new.hardware_type.map(|hardware_type| SdkDevice {
        id: id.clone(),
        name: new.name.as_str().to_owned(),
        hardware_type,
        vendor: text(new.vendor.as_ref()),
        model: text(new.model.as_ref()),
        serial_number: text(new.serial_number.as_ref()),
        location: text(new.location.as_ref()),
        firmware_version: text(new.firmware_version.as_ref()),
        supported_algorithms: supported,
        pqc_capable: capabilities.is_post_quantum,
        health_status: HardwareStatus::Healthy,
        created_at,
        updated_at: created_at,
    });
    let created = HardwareCreated { hardware_id: id, name: new.name.as_str().to_owned(), created_at, device };
    work.commit(StatusCode::CREATED, &created).await
}

fn words(list: Option<&List<Text<1, 128>>>) -> Vec<String> {
    list.iter().flat_map(|list| &list.0).map(|word| word.as_str().to_owned()).collect()
}

/// List devices, the oldest first.
#[utoipa::path(
    get, path = "/crypto/v1/hardware", tag = "Crypto inventory", params(AskPage),
    responses((status = 200, body = Devices), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_hardware(call: Call<Nothing, AskPage>) -> Result<Json<Devices>> {
    let (limit, offset) = (call.query.limit.0, call.query.offset.0);
    let page =
        format!("SELECT {COLUMNS} FROM qnsp_hardware WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT ?2 OFFSET ?3");
    let total = "SELECT count(*) AS total FROM qnsp_hardware WHERE tenant_id = ?1";
    let mut work = call.work();
    let page = work.push(Statement::new(page).bind(call.tenant()).bind(limit).bind(offset));
    let total = work.push(Statement::new(total).bind(call.tenant()));
    let outcomes = work.run().await?;
    let devices = outcomes.rows(page).iter().map(device).collect::<Result<_>>()?;
    Ok(Json(Devices { devices, total: outcomes.one(total)?.get("total")?, limit, offset }))
}

/// Show how many devices there are of each type and status.
#[utoipa::path(
    get, path = "/crypto/v1/hardware/summary", tag = "Crypto inventory",
    responses((status = 200, body = HardwareSummary), (status = 401), (status = 403)),
)]
pub(crate) async fn show_hardware_summary(call: Call) -> Result<Json<HardwareSummary>> {
    let count =
        "SELECT type, status, count(*) AS devices FROM qnsp_hardware WHERE tenant_id = ?1 GROUP BY type, status";
    let mut work = call.work();
    let counts = work.push(Statement::new(count).bind(call.tenant()));
    let outcomes = work.run().await?;
    let mut summary = HardwareSummary { total_devices: 0, by_type: Default::default(), by_status: Default::default() };
    for row in outcomes.rows(counts) {
        let devices: i64 = row.get("devices")?;
        summary.total_devices += devices;
        *match word(row, "type")? {
            HardwareType::Hsm => &mut summary.by_type.hsm,
            HardwareType::Tpm => &mut summary.by_type.tpm,
            HardwareType::Smartcard => &mut summary.by_type.smartcard,
            HardwareType::Accelerator => &mut summary.by_type.accelerator,
        } += devices;
        *match word(row, "status")? {
            HardwareStatus::Healthy => &mut summary.by_status.healthy,
            HardwareStatus::Degraded => &mut summary.by_status.degraded,
            HardwareStatus::Failed => &mut summary.by_status.failed,
        } += devices;
    }
    Ok(Json(summary))
}

/// Show a device.
#[utoipa::path(
    get, path = "/crypto/v1/hardware/{hardwareId}", tag = "Crypto inventory", params(("hardwareId" = String, Path)),
    responses((status = 200, body = Device), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_hardware(call: Call<Nothing, Nothing, OfHardware>) -> Result<Json<Device>> {
    let id = call.path.hardware_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let found = work.push(one(&call, id));
    let outcomes = work.run().await?;
    device(outcomes.one(found)?).map(Json)
}

/// Change a device. What is not given stays.
#[utoipa::path(
    patch, path = "/crypto/v1/hardware/{hardwareId}", tag = "Crypto inventory", request_body = ChangeHardware,
    params(("hardwareId" = String, Path)),
    responses((status = 200, body = Device), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn change_hardware(call: Call<ChangeHardware, Nothing, OfHardware>) -> Result<Json<Device>> {
    let (change, id) = (&call.body, call.path.hardware_id.as_str());
    call.about(id);
    let capabilities = change.capabilities.as_ref().map(|list| Capabilities::of(words(Some(list))));
    let update = format!(
        "UPDATE qnsp_hardware SET updated_at = ?3, name = coalesce(?4, name), location = coalesce(?5, location), \
         capabilities = coalesce(?6, capabilities), algorithms = coalesce(?7, algorithms), \
         is_post_quantum = coalesce(?8, is_post_quantum), firmware_version = coalesce(?9, firmware_version) \
         WHERE tenant_id = ?1 AND id = ?2 RETURNING {COLUMNS}"
    );
    let update = Statement::new(update)
        .bind(call.tenant())
        .bind(id)
        .bind(call.now)
        .bind(text(change.name.as_ref()))
        .bind(text(change.location.as_ref()))
        .bind(capabilities.as_ref().map(Capabilities::json_words))
        .bind(capabilities.as_ref().map(Capabilities::json_algorithms))
        .bind(capabilities.as_ref().map(|capabilities| capabilities.is_post_quantum))
        .bind(text(change.firmware_version.as_ref()));
    let mut work = call.work();
    work.require(exists(&call, id));
    let changed = work.push(update);
    let outcomes = work.run().await?;
    device(outcomes.one(changed)?).map(Json)
}

/// Delete a device.
#[utoipa::path(
    delete, path = "/crypto/v1/hardware/{hardwareId}", tag = "Crypto inventory", params(("hardwareId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_hardware(call: Call<Nothing, Nothing, OfHardware>) -> Result<StatusCode> {
    let id = call.path.hardware_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let delete = "DELETE FROM qnsp_hardware WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Record a check of a device. Its metrics stand in the event of the call.
#[utoipa::path(
    post, path = "/crypto/v1/hardware/{hardwareId}/health", tag = "Crypto inventory", request_body = RecordHealth,
    params(("hardwareId" = String, Path)),
    responses((status = 201, body = HealthRecorded), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn record_hardware_health(call: Call<RecordHealth, Nothing, OfHardware>) -> Result<Response> {
    let (check, id) = (&call.body, call.path.hardware_id.as_str());
    let status = check.status.or(check.health_status.map(HardwareStatus::from));
    let status = status.ok_or_else(|| Error::internal("a check without a status"))?;
    let metrics = check.metrics.as_ref().unwrap_or(&check.beside);
    let check_id = new_id()?;
    call.about(id);
    call.payload(json!({ "healthCheckId": check_id, "status": status, "metrics": shown(metrics) }));
    let update = "UPDATE qnsp_hardware SET status = ?3, last_health_check_at = ?4 WHERE tenant_id = ?1 AND id = ?2";
    let update = Statement::new(update).bind(call.tenant()).bind(id).bind(<&str>::from(status)).bind(call.now);
    let mut work = call.work();
    work.require(exists(&call, id));
    work.push(update);
    let recorded_at = IsoTime(call.now);
    let health_check = check.health_status.map(|health_status| SdkHealthCheck {
        id: check_id.clone(),
        hardware_id: id.to_owned(),
        health_status,
        temperature: metrics.temperature.map(|temperature| temperature.0),
        checked_at: recorded_at,
    });
    let recorded = HealthRecorded { health_check_id: check_id, recorded_at, health_check };
    work.commit(StatusCode::CREATED, &recorded).await
}

fn shown(metrics: &HardwareMetrics) -> serde_json::Value {
    json!({
        "temperature": metrics.temperature.map(|temperature| temperature.0),
        "operationsPerSecond": metrics.operations_per_second,
        "errorRate": metrics.error_rate.map(|rate| rate.0),
    })
}
