//! Since 3.47 SQLite looks at the value of a parameter after `LIMIT`, and since 3.54 in any condition that no index serves.
//! Then it plans the statement anew whenever the parameter is bound. It looks at a parameter that stands alone, not into
//! an expression: a unary plus makes it one, and changes no value of any type. Natively, where the connection is ours, a
//! setting of it has the same effect.

/// The same statement with a plus in front of each parameter, so that it is planned once.
pub(crate) fn planned_once(text: &str) -> String {
    let mut planned = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'?' | b'\'' | b'"' | b'`' | b'[' | b'-' | b'/')) {
        let (before, found) = rest.split_at(at);
        planned.push_str(before);
        if found.starts_with('?') {
            planned.push('+');
        }
        let (kept, after) = found.split_at(length_of_token(found));
        planned.push_str(kept);
        rest = after;
    }
    planned.push_str(rest);
    planned
}

/// The length of what begins here: a string, a quoted name or a comment as a whole, and one character of anything else.
/// A quotation mark that is doubled ends one token and begins another, which comes to the same.
fn length_of_token(text: &str) -> usize {
    let (opening, closing) = match text.as_bytes() {
        [quote @ (b'\'' | b'"' | b'`'), ..] => (1, char::from(*quote).to_string()),
        [b'[', ..] => (1, "]".to_owned()),
        [b'-', b'-', ..] => (2, "\n".to_owned()),
        [b'/', b'*', ..] => (2, "*/".to_owned()),
        _ => return 1,
    };
    let inside = text.get(opening..).unwrap_or_default();
    inside.find(&closing).map_or(text.len(), |end| opening + end + closing.len())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use rusqlite::{Connection, StatementStatus, types::Value};

    use super::*;

    #[test]
    fn each_parameter_gets_a_plus() {
        assert_eq!(
            planned_once("SELECT v FROM t WHERE a=?1 AND b - ?12 > 0 LIMIT ?2"),
            "SELECT v FROM t WHERE a=+?1 AND b - +?12 > 0 LIMIT +?2"
        );
        assert_eq!(planned_once("INSERT INTO t VALUES (?1, -?2)"), "INSERT INTO t VALUES (+?1, -+?2)");
        assert_eq!(planned_once("BEGIN"), "BEGIN");
        assert_eq!(planned_once("?1"), "+?1");
    }

    #[test]
    fn texts_names_and_comments_stay() {
        for text in [
            "'?1'",
            "'it''s ?1'",
            "\"a ?1\"",
            "\"a \"\" ?1\"",
            "`?1`",
            "[?1]",
            "'\"?1'",
            "\"'?1\"",
            "'--?1'",
            "'/*?1'",
            "-- ?1",
            "-- it's ?1\n",
            "/* ?1 ' */",
            "'é?1'",
            "a -> '$.b' / 2 - 1",
            "'never closed ?1",
            "/* never closed ?1",
        ] {
            assert_eq!(planned_once(text), text);
            let closed = !text.contains("never") && text != "-- ?1";
            if closed {
                assert_eq!(planned_once(&format!("{text}?1")), format!("{text}+?1"));
            }
        }
    }

    #[test]
    fn it_is_planned_once_and_finds_the_same() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (v INTEGER); INSERT INTO t VALUES (0), (1), (2), (2)").unwrap();
        let times_replanned = |text: &str| {
            for (value, limit, expected) in [(0_i64, 9, 1), (2, 9, 2), (2, 1, 1), (7, 1, 0)] {
                let mut statement = connection.prepare_cached(text).unwrap();
                let found: Vec<i64> =
                    statement.query_map((value, limit), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
                assert_eq!(found, vec![value; expected]);
            }
            connection.prepare_cached(text).unwrap().get_status(StatementStatus::RePrepare)
        };
        let text = "SELECT v FROM t WHERE v = ?1 LIMIT ?2";
        assert!(times_replanned(text) > 0);
        assert_eq!(times_replanned(&planned_once(text)), 0);
    }

    #[test]
    fn a_value_of_any_type_stays_what_it_is() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (i INTEGER, x TEXT, b BLOB, n)").unwrap();
        let values = [
            Value::Null,
            Value::Integer(i64::MAX),
            Value::Real(2.5),
            Value::Text("12".to_owned()),
            Value::Text("it's ?1".to_owned()),
            Value::Blob(vec![0, 159, 255]),
        ];
        for text in [
            "SELECT ?1, typeof(?1), ?1 = '12', ?1 IN (?1, 12), length(?1), json_array(hex(?1))",
            "INSERT INTO t VALUES (?1, ?1, ?1, ?1) RETURNING i, x, b, n, typeof(i), typeof(x), typeof(b), typeof(n)",
            "SELECT count(*) FROM t WHERE i = ?1 OR x = ?1 OR b = ?1 OR n = ?1",
            "SELECT group_concat(value) FROM json_each(json_array(hex(?1), '?1'))",
        ] {
            for value in &values {
                let run = |text: &str| -> Vec<Value> {
                    let mut statement = connection.prepare(text).unwrap();
                    let columns = statement.column_count();
                    statement.query_row([value], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap()
                };
                assert_eq!(run(text), run(&planned_once(text)), "{text} {value:?}");
                connection.execute("DELETE FROM t WHERE rowid > 1", []).unwrap();
            }
        }
    }
}
