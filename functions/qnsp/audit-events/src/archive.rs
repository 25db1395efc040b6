//! Events that were erased from the log and archived. They are sealed, so they are filtered after they were opened.

use model::qnsp::audit::Events;
use platform::Statement;
use qnsp::{Caller, Cursor, audit_event};
use service::{Error, Result};

use crate::{erasure::aad, filter::Filter};

/// How many archived events one call opens.
const WINDOW: i64 = 500;

/// A page of the events under a label, the newest entry first.
pub(crate) async fn list(caller: &Caller, filter: &Filter, label: &str) -> Result<Events> {
    let cursors = Cursor::of(caller, &filter.key())?;
    let before = filter.before(&cursors)?;
    let mut work = caller.work();
    let select = Statement::new(
        "SELECT leaf_index, sealed_entry FROM qnsp_event_archive \
         WHERE tenant_id = ?1 AND destination = ?2 AND leaf_index < ?3 ORDER BY leaf_index DESC LIMIT ?4",
    );
    let found = work.push(select.bind(caller.tenant()).bind(label).bind(before).bind(WINDOW));
    let key = work.read_data_key(caller.tenant());
    let outcomes = work.run().await?;
    let rows = outcomes.rows(found);
    let (limit, mut items, mut next) = (filter.limit(), Vec::new(), None);
    if let Some(key) = outcomes.data_key(&key)? {
        for row in rows {
            let index: i64 = row.get("leaf_index")?;
            let sealed: Vec<u8> = row.get("sealed_entry")?;
            let text = key.open(&aad(caller.tenant(), label, &index.to_string()), &sealed)?;
            let text = std::str::from_utf8(&text).map_err(|_| Error::internal("an archived event is not text"))?;
            let event = audit_event::of(index, text)?;
            if filter.matches(&event) {
                items.push(event);
            }
            next = Some(index);
            if items.len() == limit {
                break;
            }
        }
    }
    let has_more = items.len() == limit || i64::try_from(rows.len()).is_ok_and(|count| count == WINDOW);
    Ok(Events { items, next_cursor: Filter::cursor_at(&cursors, next.filter(|_| has_more))? })
}
