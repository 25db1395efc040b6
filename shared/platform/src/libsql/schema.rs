//! Migrations on a libSQL server. Several instances may start at once, so each migration is one batch, and who comes
//! second finds it recorded.

use super::{
    LibSql,
    plan::{Marker, Plan},
};
use crate::{Sql as _, SqlError, Statement, clock, migrations};

pub(super) async fn bring_up_to_date(sql: &LibSql) -> Result<(), SqlError> {
    if is_current(sql).await? {
        return Ok(());
    }
    let tables = [migrations::CREATE_TABLE, Marker::CREATE_TABLE].map(Statement::new);
    sql.repeat(&Plan::writing(&tables, None)).await?;
    let missing = sql.query(migrations::select_missing()).await?;
    let missing = missing.iter().map(|row| row.get("name")).collect::<Result<Vec<String>, _>>()?;
    for migration in migrations::MIGRATIONS.iter().filter(|migration| missing.iter().any(|name| name == migration.name))
    {
        let record = Statement::new(migrations::RECORD).bind(migration.name).bind(clock::now_ms());
        let statements: Vec<_> = std::iter::once(record).chain(migration.statements().map(Statement::new)).collect();
        match sql.write(&statements).await {
            Ok(_) | Err(SqlError::Committed) => {}
            Err(error) if error.is_unique("schema_migrations.name") => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The first request of all finds no table at all. A database that was filled elsewhere has no table of markers.
async fn is_current(sql: &LibSql) -> Result<bool, SqlError> {
    let count = format!("{} WHERE EXISTS (SELECT 1 FROM batch_markers LIMIT 1) IS NOT NULL", migrations::COUNT);
    match sql.query(Statement::new(count)).await {
        Ok(rows) => {
            let applied = rows.first().and_then(|row| row.get::<u64>("n").ok());
            Ok(applied == Some(migrations::MIGRATIONS.len() as u64))
        }
        Err(error @ SqlError::Unanswered(_)) => Err(error),
        Err(_) => Ok(false),
    }
}
