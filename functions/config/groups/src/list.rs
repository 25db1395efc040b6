//! Which rows a list holds, as SQL: tags by their index, the search within the rows of the project.

use std::borrow::Cow;

use model::config::ListQuery;
use platform::Statement;
use service::Bearer;

/// `?1` and `?2` are tenant and project, here and in every statement of this function.
const TAGGED: &str = " AND id IN (SELECT owner_id FROM config_tags WHERE tenant_id = ?1 AND project_id = ?2 \
     AND tag IN (SELECT value FROM json_each(?3)) GROUP BY owner_id HAVING count(*) = ?4)";
const UNTAGGED: &str = " AND ?3 = '[]' AND ?4 = 0";
const SEARCHED: &str =
    " AND (instr(name_folded, ?5) OR instr(lower(key), ?5) OR coalesce(instr(description_folded, ?5), 0))";
const UNSEARCHED: &str = " AND ?5 = ''";

/// The rows of the project, in the order of their keys.
const PROJECT: &str = "tenant_id = ?1 AND project_id = ?2";
/// The same where few of them are wanted and another index finds those. The plus takes the column from the index;
/// without it SQLite would go through the whole project, to have the rows in the order of the list.
const FEW: &str = "+tenant_id = ?1 AND +project_id = ?2";

/// The four texts of a list: with and without tags, with and without a search. `group` is an expression for the group
/// to stay in.
pub(crate) fn texts(select: &str, group: Option<&str>, more: &str) -> [String; 4] {
    let (untagged, tagged) = match group {
        None => (PROJECT.to_owned(), FEW.to_owned()),
        Some(group) => (format!("{FEW} AND group_id = {group}"), format!("{FEW} AND +group_id = {group}")),
    };
    let (untagged, tagged) = (untagged + UNTAGGED, tagged + TAGGED);
    [(&untagged, UNSEARCHED), (&untagged, SEARCHED), (&tagged, UNSEARCHED), (&tagged, SEARCHED)]
        .map(|(place, search)| format!("{select} WHERE {place}{search}{more} ORDER BY key"))
}

/// The one of them that a query needs, with its parameters up to `?5`.
pub(crate) fn statement(texts: [String; 4], bearer: &Bearer, query: &ListQuery) -> Statement {
    let (tags, needle) = (query.tags(), query.needle());
    let [plain, searched, tagged, both] = texts;
    let text = match (tags.is_empty(), needle.is_empty()) {
        (true, true) => plain,
        (true, false) => searched,
        (false, true) => tagged,
        (false, false) => both,
    };
    let count = i64::try_from(tags.len()).unwrap_or(i64::MAX);
    project(text, bearer).bind(serde_json::Value::from(tags).to_string()).bind(count).bind(needle)
}

/// A statement about the holder's project.
pub(crate) fn project(text: impl Into<Cow<'static, str>>, bearer: &Bearer) -> Statement {
    Statement::new(text).bind(bearer.tenant.as_str()).bind(bearer.project.as_str())
}
