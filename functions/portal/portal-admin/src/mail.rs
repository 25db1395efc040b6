//! The outbox of the portal's mails: what was to be sent, to whom, and what it says.

use axum::Json as Answer;
use model::portal::{
    List,
    admin::{FullMail, MailEntry},
};
use platform::{Row, Statement};
use service::{
    Error, Path, Result, Signed,
    portal::{Mail, PORTAL_TENANT, Page, PageQuery},
};

/// List the mails of the outbox, newest first.
#[utoipa::path(
    get, path = "/caas/portal/mail", tag = "Chancery", params(PageQuery),
    responses((status = 200, body = List<MailEntry>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_mail(signed: Signed, page: Page) -> Result<Answer<List<MailEntry>>> {
    let before: i64 = page.after().parse().unwrap_or(1 << 52);
    let select = Statement::new(
        "SELECT seq, id, kind, recipient, created_at, sent_at, attempts, failure FROM portal_mail \
         WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
    );
    let count = Statement::new("SELECT count(*) AS total FROM portal_mail");
    let mut batch = signed.authorize()?.batch();
    let (count, listed) = (batch.push(count), batch.push(select.bind(before).bind(page.size + 1)));
    let outcomes = batch.read().await?;
    let seq = |row: &Row| Ok(row.get::<i64>("seq")?.to_string());
    let total = outcomes.one(count)?.get("total")?;
    page.list_by("/caas/portal/mail", outcomes.rows(listed), total, entry, seq).map(Answer)
}

/// Get a mail with its text.
#[utoipa::path(
    get, path = "/caas/portal/mail/{id}", tag = "Chancery", params(("id" = String, Path)),
    responses((status = 200, body = FullMail), (status = 401), (status = 404)),
)]
pub(crate) async fn get_mail(signed: Signed, Path(id): Path<String>) -> Result<Answer<FullMail>> {
    let select = Statement::new(
        "SELECT id, kind, recipient, sealed, created_at, sent_at, attempts, failure FROM portal_mail WHERE id = ?1",
    );
    let mut batch = signed.authorize()?.batch();
    batch.record_always(signed.audit(PORTAL_TENANT, id.as_str()));
    let found = batch.push(select.bind(id.as_str()));
    let key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.write().await?;
    let (Some(row), Some(key)) = (outcomes.row(found), outcomes.data_key(&key)?) else {
        return Err(Error::not_found("No mail with this id"));
    };
    let letter = Mail::open(&key, &id, &row.get::<Vec<u8>>("sealed")?)?;
    Ok(Answer(FullMail { mail: entry(row)?, subject: letter.subject, text: letter.text }))
}

fn entry(row: &Row) -> Result<MailEntry> {
    Ok(MailEntry {
        id: row.get("id")?,
        kind: row.get("kind")?,
        to: row.get("recipient")?,
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        sent_at: row.get::<Option<i64>>("sent_at")?.map(|time| time.div_euclid(1000)),
        attempts: row.get("attempts")?,
        failure: row.get("failure")?,
    })
}
