//! Batches by position, for functions that have not moved to [`crate::Batch`] yet. To be removed with the last of them.

use std::sync::Arc;

use crypto::seal::DataKey;
use model::AuthLevel;
use platform::{Outcome, SqlError, Statement};
use policy::{Action, config::Permission};

use crate::{Actor, App, Audit, Authorization, Batch, Bearer, DataKeys, Error, Result, Signed};

pub type Holder = Bearer;

#[derive(Clone)]
pub struct Gate<'a>(Authorization<'a>);

impl Signed {
    pub fn gate(&self, action: Action) -> Gate<'_> {
        Gate(self.authorize_as(action))
    }
}

impl Gate<'_> {
    #[must_use]
    pub fn community(self, community: &str) -> Self {
        Self(self.0.community(community))
    }

    #[must_use]
    pub fn target_key(self, key: &str) -> Self {
        Self(self.0.target_key(key))
    }

    #[must_use]
    pub fn target_level(self, level: AuthLevel) -> Self {
        Self(self.0.target_level(level))
    }

    #[must_use]
    pub fn about(self, tenant: &str, subject: impl Into<String>) -> Self {
        Self(self.0.about(tenant, subject))
    }

    pub async fn check(&self) -> Result<()> {
        self.0.check().await
    }

    pub async fn read(self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        read(self.0.batch(), statements).await
    }

    pub async fn write(self, statements: Vec<Statement>, audit: Audit) -> Result<Result<Vec<Outcome>, SqlError>> {
        write(self.0.batch(), statements, audit).await
    }
}

impl Bearer {
    pub async fn holder(mut self, needs: Permission) -> Result<Holder> {
        self.admit(needs).await?;
        Ok(self)
    }

    pub fn audit_as(&self, action: &'static str, key: &str) -> Audit {
        Audit::new(self.tenant.as_str(), action, format!("{}/{key}", self.project))
    }

    pub async fn read(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        read(self.batch(), statements).await
    }

    pub async fn write(&self, statements: Vec<Statement>, audit: Audit) -> Result<Result<Vec<Outcome>, SqlError>> {
        write(self.batch(), statements, audit).await
    }

    pub async fn data_key(&self) -> Result<Arc<DataKey>> {
        self.batch().data_key(&self.tenant).await
    }
}

impl DataKeys {
    pub fn with_select(&self, tenant: &str, mut statements: Vec<Statement>) -> (Vec<Statement>, Option<Arc<DataKey>>) {
        let open_key = self.open_key(tenant);
        if open_key.is_none() {
            statements.push(Self::select(tenant));
        }
        (statements, open_key)
    }

    pub fn found(
        &self,
        app: &App,
        tenant: &str,
        open_key: Option<Arc<DataKey>>,
        outcomes: &[Outcome],
    ) -> Result<Option<Arc<DataKey>>> {
        match (open_key, outcomes.last()) {
            (None, Some(found)) => self.admit(app, tenant, &found.rows),
            (open_key, _) => Ok(open_key),
        }
    }

    pub async fn for_writing(&self, gate: &Gate<'_>, tenant: &str) -> Result<Arc<DataKey>> {
        gate.0.clone().batch().data_key(tenant).await
    }
}

pub(crate) async fn read(mut batch: Batch<impl Actor>, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
    for statement in statements {
        batch.push(statement);
    }
    batch.read().await.map(crate::Outcomes::into_vec)
}

/// The entry is written when the last changing statement changed something.
pub(crate) async fn write(
    mut batch: Batch<impl Actor>,
    statements: Vec<Statement>,
    audit: Audit,
) -> Result<Result<Vec<Outcome>, SqlError>> {
    let mut last = None;
    for statement in statements {
        last = Some(batch.push(statement));
    }
    match last {
        _ if audit.is_unconditional() => batch.record_always(audit),
        Some(last) => batch.record(audit, last),
        None => return Err(Error::internal("a change without a statement")),
    }
    Ok(batch.write_raw().await?.map(crate::Outcomes::into_vec))
}
