//! One atomic batch per request: guards, statements, the audit entry. Either all of it happens or nothing. Handlers read
//! outcomes by [`Slot`], never by position; who calls ([`Actor`]) adds what stands before and after their statements.

mod actor;
pub(crate) mod unasked;

use std::sync::Arc;

use crypto::seal::DataKey;
use platform::{Outcome, Row, SqlError, Statement};

use crate::{
    App, Audit, Error, Guard, Result, data_keys,
    guard::{self, MOST_GUARDS},
};

pub use actor::Actor;

/// Where the outcome of a statement will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(usize);

/// A tenant's data key that was open already, or where a batch reads it.
pub struct DataKeySlot {
    tenant: String,
    open: Option<Arc<DataKey>>,
    slot: Option<Slot>,
}

impl DataKeySlot {
    /// The key, if this instance had it open before the batch.
    pub fn open(&self) -> Option<&DataKey> {
        self.open.as_deref()
    }
}

/// A batch that is being put together.
pub struct Batch<A> {
    actor: A,
    guards: Vec<Guard>,
    statements: Vec<Statement>,
    entry: Option<(Audit, Option<Slot>)>,
    /// Entries besides the one that the answer names.
    others: Vec<Audit>,
    violations: Vec<(SqlError, Error)>,
}

impl<A: Actor> Batch<A> {
    pub fn new(actor: A) -> Self {
        let guards = actor.guards();
        Self { actor, guards, statements: Vec::new(), entry: None, others: Vec::new(), violations: Vec::new() }
    }

    /// Adds a statement.
    pub fn push(&mut self, statement: Statement) -> Slot {
        self.statements.push(statement);
        Slot(self.statements.len() - 1)
    }

    /// Adds a condition. The first one that does not hold gives the answer.
    pub fn require(&mut self, guard: Guard) {
        self.guards.push(guard);
    }

    /// The refusal when a value of this column (`table.column`) is taken.
    pub fn on_duplicate(&mut self, column: &str, refusal: Error) {
        self.violations.push((SqlError::Unique(column.to_owned()), refusal));
    }

    /// The refusal when this column (`table.column`) would be NULL.
    pub fn on_null(&mut self, column: &str, refusal: Error) {
        self.violations.push((SqlError::NotNull(column.to_owned()), refusal));
    }

    /// Records the entry if the statement of this slot changes something.
    pub fn record(&mut self, audit: Audit, when: Slot) {
        self.entry = Some((audit, Some(when)));
    }

    /// Records the entry whatever the statements find: a read of secrets.
    pub fn record_always(&mut self, audit: Audit) {
        self.entry = Some((audit, None));
    }

    /// Records one more entry, which the answer does not name.
    pub fn record_also(&mut self, audit: Audit) {
        self.others.push(audit);
    }

    /// Reads a tenant's data key in the same round trip, unless this instance has it open.
    pub fn read_data_key(&mut self, tenant: &str) -> DataKeySlot {
        let open = data_keys::opened(&self.actor.app, tenant);
        let slot = open.is_none().then(|| self.push(data_keys::select(tenant)));
        DataKeySlot { tenant: tenant.to_owned(), open, slot }
    }

    /// The tenant's data key for what this batch is about to write. A first key is created only for who may pass.
    pub async fn data_key(&self, tenant: &str) -> Result<Arc<DataKey>> {
        let app = &self.actor.app;
        if let Some(key) = data_keys::existing(app, tenant).await? {
            return Ok(key);
        }
        self.actor.check().await?;
        unasked::create_data_key(app, tenant).await
    }

    pub fn actor(&self) -> &A {
        &self.actor
    }

    /// A guard without a column would not be asked.
    fn check_guards(&self) -> Result<()> {
        if self.guards.len() <= MOST_GUARDS {
            return Ok(());
        }
        Err(Error::internal(format!("a batch of {} guards; there may be {MOST_GUARDS}", self.guards.len())))
    }

    /// Runs reading statements. What was found is thrown away where a guard does not hold. Of changes it only leaves the
    /// nonce, which a power failure may take with it.
    pub async fn read(mut self) -> Result<Outcomes> {
        self.check_guards()?;
        let select = (!self.guards.is_empty()).then(|| guard::select(&self.guards));
        let plan = self.plan(select);
        // An answer waits for no more changes than it must.
        unasked::run_later(&self.actor.app, self.actor.closing());
        let outcomes = self.run(plan, false).await?.map_err(|error| self.violated(error))?;
        if !self.guards.is_empty() {
            let row = outcomes.guards.as_ref().and_then(|outcome| outcome.rows.first());
            for (index, guard) in self.guards.iter().enumerate() {
                let holds = row.and_then(|row| row.get::<Option<bool>>(&format!("g{index}")).ok().flatten());
                if holds != Some(true) {
                    return Err(self.refused_by(guard));
                }
            }
        }
        Ok(outcomes.found)
    }

    /// Runs a change, or a read of secrets: all of it with its entry and nonce, or nothing; durable when it returns.
    pub async fn write(mut self) -> Result<Outcomes> {
        self.check_guards()?;
        let abort = (!self.guards.is_empty()).then(|| guard::abort_unless(&self.guards));
        let mut plan = self.plan(abort);
        plan.statements.extend(self.actor.closing().into_iter().map(Statement::uncounted));
        let ran = self.run(plan, true).await?.map_err(|error| self.violated(error))?;
        Ok(ran.found)
    }
}

/// Statements in the order in which they run, and where those are whose outcomes are read.
#[derive(Default)]
struct Plan {
    statements: Vec<Statement>,
    guards: Option<usize>,
    /// By slot.
    positions: Vec<usize>,
    entry: Option<usize>,
}

impl Plan {
    fn add(&mut self, statement: Statement) -> usize {
        self.statements.push(statement);
        self.statements.len() - 1
    }
}

struct Ran {
    guards: Option<Outcome>,
    found: Outcomes,
}

impl<A: Actor> Batch<A> {
    /// The entry stands right behind the statement that decides on it, so that nothing comes between the two. One that
    /// reads changes nothing, so there is no entry: what the database counts is the change before it, of whoever made that.
    fn plan(&mut self, guards: Option<Statement>) -> Plan {
        let opening = self.actor.opening().into_iter().map(Statement::uncounted);
        let mut plan = Plan { statements: opening.collect(), ..Plan::default() };
        plan.guards = guards.map(|guards| plan.add(guards.uncounted()));
        for (index, statement) in std::mem::take(&mut self.statements).into_iter().enumerate() {
            let is_reading = statement.is_reading();
            let position = plan.add(statement);
            plan.positions.push(position);
            if let Some((audit, Some(slot))) = &self.entry
                && slot.0 == index
                && !is_reading
            {
                plan.entry = Some(plan.add(self.append(audit, false)));
            }
        }
        for audit in &self.others {
            plan.add(self.append(audit, true));
        }
        if let Some((audit, None)) = &self.entry {
            plan.entry = Some(plan.add(self.append(audit, true)));
        }
        plan
    }

    fn append(&self, audit: &Audit, always: bool) -> Statement {
        let audit = match self.actor.name() {
            Some(name) => audit.clone().by_default(name),
            None => audit.clone(),
        };
        audit.append(self.actor.nonce(), self.actor.request_id(), self.actor.now, always)
    }

    /// The inner error is one that is not about the caller or a guard.
    async fn run(&self, plan: Plan, durable: bool) -> Result<Result<Ran, SqlError>> {
        let sql = self.actor.app.sql();
        let Plan { statements, guards, positions, entry } = plan;
        // The database consumes the statements. Only requests with the first system key pay for the copy.
        let mut again = self.actor.may_retry().then(|| statements.clone());
        let mut next = Some(statements);
        while let Some(statements) = next.take() {
            let result = if durable { sql.batch(statements).await } else { sql.read_batch(statements).await };
            let error = match result {
                Ok(mut outcomes) => {
                    self.actor.committed();
                    let mut take = |position: usize| outcomes.get_mut(position).map(std::mem::take);
                    if let (Some(position), Some((audit, _))) = (entry, &self.entry) {
                        self.actor.log.record(take(position).and_then(|outcome| audit.position(&outcome)));
                    }
                    let guards = guards.and_then(&mut take);
                    let found = positions.into_iter().map(|position| take(position).unwrap_or_default()).collect();
                    return Ok(Ok(Ran { guards, found: Outcomes { app: self.actor.app.clone(), found } }));
                }
                Err(error) => error,
            };
            if let Some(guard) = guard::failed(&error).and_then(|index| self.guards.get(index)) {
                return Err(self.refused_by(guard));
            }
            match self.actor.explain(&error, self.asked()).await {
                Some(explained) => explained?,
                None => return Ok(Err(error)),
            }
            next = again.take();
        }
        Err(Error::license())
    }

    /// What a refusal is recorded as.
    fn asked(&self) -> Audit {
        self.entry.as_ref().map_or_else(|| self.actor.asked(), |(audit, _)| audit.clone())
    }

    fn refused_by(&self, guard: &Guard) -> Error {
        if guard.is_recorded
            && let Some(name) = self.actor.name()
        {
            self.actor.log.refuse(self.asked().refused_to(name), self.actor.request_id(), self.actor.now);
        }
        guard.refusal.clone()
    }

    fn violated(&self, error: SqlError) -> Error {
        let found = self.violations.iter().find(|(violation, _)| match (violation, &error) {
            (SqlError::Unique(column), error) => error.is_unique(column),
            (violation, error) => violation == error,
        });
        found.map_or_else(|| error.clone().into(), |(_, refusal)| refusal.clone())
    }
}

/// What the statements of a batch gave, by slot.
pub struct Outcomes {
    app: App,
    found: Vec<Outcome>,
}

impl Outcomes {
    pub fn rows(&self, slot: Slot) -> &[Row] {
        self.found.get(slot.0).map(|outcome| outcome.rows.as_slice()).unwrap_or_default()
    }

    pub fn row(&self, slot: Slot) -> Option<&Row> {
        self.rows(slot).first()
    }

    /// The row of a statement that always gives one.
    #[track_caller]
    pub fn one(&self, slot: Slot) -> Result<&Row> {
        match self.row(slot) {
            Some(row) => Ok(row),
            None => Err(Error::internal("a statement that always gives a row gave none")),
        }
    }

    pub fn changed(&self, slot: Slot) -> bool {
        self.changes(slot) > 0
    }

    pub fn changes(&self, slot: Slot) -> u64 {
        self.found.get(slot.0).map_or(0, |outcome| outcome.changes)
    }

    /// The data key that was open already, or the one that was read; `None` when the tenant has none yet.
    pub fn data_key(&self, slot: &DataKeySlot) -> Result<Option<Arc<DataKey>>> {
        match (&slot.open, slot.slot) {
            (None, Some(read)) => data_keys::open(&self.app, &slot.tenant, self.rows(read)),
            (open, _) => Ok(open.clone()),
        }
    }
}
