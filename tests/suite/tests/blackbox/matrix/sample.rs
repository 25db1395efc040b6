//! Samples: one right request per operation, and per action of the permission table where a row has several.

use std::sync::OnceLock;

use chancery_tests::documented::{self, Documented, matches};
use model::AuthLevel;
use policy::{Access, Action, Operation, qnsp::Role};
use serde_json::Value;

use super::{
    samples_caas, samples_config, samples_operators, samples_others, samples_portal, samples_qnsp, samples_qnsp_access,
    samples_qnsp_ai, samples_qnsp_data, samples_qnsp_dynamic, samples_qnsp_escrow, samples_qnsp_hsm, samples_qnsp_kms,
    samples_qnsp_storage, samples_qnsp_vault, world::World,
};

/// A request without its credential; the method is that of the row.
#[derive(Clone)]
pub struct Request {
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

pub struct Sample {
    /// The row: its method and its path.
    pub of: &'static str,
    make: Box<dyn Fn(&World) -> Request>,
    action: Option<Action>,
    /// The level of the licence that it is about.
    pub target: Option<AuthLevel>,
    status: Option<u16>,
    /// The request names the tenant of QNSP that its callers are of.
    pub names_tenant: bool,
    /// The body names something of a tenant, as a path may.
    names_thing: bool,
    /// The role of QNSP that it takes, where that is more than the row says.
    pub least: Option<Role>,
    /// A body that is refused to those for whom the operation is.
    pub wrong: Option<Value>,
}

/// Every sample.
pub fn all() -> Vec<Sample> {
    [
        samples_caas::samples(),
        samples_config::samples(),
        samples_operators::samples(),
        samples_others::samples(),
        samples_portal::samples(),
        samples_qnsp::samples(),
        samples_qnsp_access::samples(),
        samples_qnsp_ai::samples(),
        samples_qnsp_data::samples(),
        samples_qnsp_dynamic::samples(),
        samples_qnsp_escrow::samples(),
        samples_qnsp_hsm::samples(),
        samples_qnsp_kms::samples(),
        samples_qnsp_storage::samples(),
        samples_qnsp_vault::samples(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The sample of a row.
pub fn of(of: &'static str, make: impl Fn(&World) -> Request + 'static) -> Sample {
    Sample {
        of,
        make: Box::new(make),
        action: None,
        target: None,
        status: None,
        names_tenant: false,
        names_thing: false,
        least: None,
        wrong: None,
    }
}

/// A request with this path, and nothing else.
pub fn at(path: impl Into<String>) -> Request {
    Request { path: path.into(), headers: Vec::new(), body: None }
}

impl Request {
    pub fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Sample {
    /// Which action of the row it is for.
    pub fn action(self, action: Action) -> Self {
        Self { action: Some(action), ..self }
    }

    pub fn about(self, target: AuthLevel) -> Self {
        Self { target: Some(target), ..self }
    }

    /// What it answers to those for whom it is, where that is no success: the state allows none.
    pub fn answers(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Who is of another tenant, and no operator, is refused.
    pub fn names_tenant(self) -> Self {
        Self { names_tenant: true, ..self }
    }

    /// Others do not find what the body names.
    pub fn names_thing(self) -> Self {
        Self { names_thing: true, ..self }
    }

    /// What it asks for needs this role, though the row admits lower ones.
    pub fn needs(self, least: Role) -> Self {
        Self { least: Some(least), ..self }
    }

    pub fn refuses(self, wrong: Value) -> Self {
        Self { wrong: Some(wrong), ..self }
    }

    pub fn is_of(&self, row: &Operation) -> bool {
        self.of.split_once(' ') == Some((row.method.as_str(), row.path.as_str()))
    }

    pub fn request(&self, world: &World) -> Request {
        (self.make)(world)
    }

    pub fn fits(&self, row: &Operation, path: &str) -> bool {
        matches(&row.path, path.split('?').next().unwrap_or(path))
    }

    /// The action that a licence needs.
    pub fn needed(&self, row: &Operation) -> Action {
        match (self.action, row.access) {
            (Some(action), _) => action,
            (None, Access::Licence([action])) => *action,
            (None, Access::TokenOrLicence(action)) => action,
            _ => panic!("{}: the sample does not say for which action it is", self.of),
        }
    }

    /// What is answered to those for whom the operation is.
    pub fn admitted(&self, row: &Operation) -> u16 {
        self.status.or_else(|| documented(row).success()).unwrap()
    }

    /// What is answered to those who may call the operation, but not on what it is about.
    pub fn to_strangers(&self, row: &Operation) -> u16 {
        let in_path = row.path.contains('{') && documented(row).statuses.contains(&404);
        let names_something = in_path || self.names_thing;
        if names_something { 404 } else { self.admitted(row) }
    }
}

/// What a row lacks: a sample, one for an action, or a documented status.
pub fn faults(row: &Operation, samples: &[Sample]) -> Vec<String> {
    let name = format!("{} {}", row.method, row.path);
    let of_row: Vec<_> = samples.iter().filter(|sample| sample.is_of(row)).collect();
    let mut faults = Vec::new();
    if of_row.is_empty() {
        faults.push(format!("{name} has no sample"));
    }
    if let Access::Licence(actions) = row.access {
        let has = |action: &Action| of_row.iter().any(|sample| sample.needed(row) == *action);
        faults.extend(actions.iter().filter(|action| !has(action)).map(|a| format!("{name} has no sample for {a:?}")));
    }
    for sample in of_row {
        if sample.status.is_some_and(|status| !documented(row).statuses.contains(&status)) {
            faults.push(format!("{name} documents no {:?}", sample.status));
        }
    }
    faults
}

fn documented(row: &Operation) -> &'static Documented {
    static ALL: OnceLock<Vec<Documented>> = OnceLock::new();
    let all = ALL.get_or_init(|| documented::operations().unwrap());
    let found = all.iter().find(|it| it.method == row.method && it.path == row.path);
    found.unwrap_or_else(|| panic!("{} {} is not documented", row.method, row.path))
}
