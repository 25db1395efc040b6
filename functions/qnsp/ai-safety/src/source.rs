//! Where the rows of an evaluation are: in the source itself, or in a document of the storage service.

use crypto::{base64, seal::DataKey};
use policy::qnsp::bias::{Failure, Format};
use qnsp::{Caller, documents};
use service::Result;

/// The data of a source, and how they are written.
pub(crate) async fn read(
    caller: &Caller,
    data_key: &DataKey,
    source: &str,
) -> Result<std::result::Result<(Vec<u8>, Format), Failure>> {
    match source.strip_prefix("storage:") {
        Some(document) => of_document(caller, data_key, document).await,
        None => Ok(of_url(source)),
    }
}

/// A document of the storage service.
async fn of_document(
    caller: &Caller,
    data_key: &DataKey,
    document: &str,
) -> Result<std::result::Result<(Vec<u8>, Format), Failure>> {
    let document = document.to_ascii_lowercase();
    let rows = caller.app.query(documents::select_content(caller.tenant(), &document, caller.now)).await?;
    let Some(row) = rows.first() else { return Ok(Err(Failure::DatasetNotFound)) };
    let content = documents::open_content(caller.tenant(), data_key, row)?;
    let format = if content.trim_ascii_start().starts_with(b"[") { Format::Json } else { Format::Csv };
    Ok(Ok((content.to_vec(), format)))
}

/// A `data:` URL (RFC 2397) of a type that is known.
fn of_url(source: &str) -> std::result::Result<(Vec<u8>, Format), Failure> {
    let unsupported = Failure::UnsupportedSource;
    let (scheme, rest) = source.split_once(':').ok_or(unsupported)?;
    let (head, data) = rest.split_once(',').ok_or(unsupported)?;
    if !scheme.eq_ignore_ascii_case("data") {
        return Err(unsupported);
    }
    let mut parts = head.split(';').map(|part| part.trim().to_ascii_lowercase());
    let format = match parts.next().as_deref() {
        Some("application/json") => Format::Json,
        Some("text/csv") => Format::Csv,
        _ => return Err(unsupported),
    };
    let data = unescaped(data);
    if parts.next_back().as_deref() == Some("base64") {
        let text = String::from_utf8(data).map_err(|_| Failure::BadData)?;
        return Ok((base64::decode_any(&text).map_err(|_| Failure::BadData)?, format));
    }
    Ok((data, format))
}

/// Bytes in which each `%` with two hexadecimal digits stands for one.
fn unescaped(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.split_at_checked(2).filter(|_| *first == b'%');
        let byte = escaped.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = byte.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_holds_json_or_csv() {
        let found =
            |source: &str| of_url(source).map(|(data, format)| (String::from_utf8_lossy(&data).into_owned(), format));
        let json = |text: &str| Ok((text.to_owned(), Format::Json));
        for (source, expected) in [
            ("data:application/json,[1]", json("[1]")),
            ("DATA:Application/JSON;charset=utf-8,%5b1,2%5D", json("[1,2]")),
            ("data:application/json;base64,WzFd", json("[1]")),
            ("data:application/json;charset=utf-8;base64,WzFd", json("[1]")),
            ("data:application/json;base64,WzFd%3D%3D%3D%3D", Err(Failure::BadData)),
            ("data:application/json;base64,???", Err(Failure::BadData)),
            ("data:application/json,100%+%1", json("100%+%1")),
            ("data:text/csv,a%0A1", Ok(("a\n1".to_owned(), Format::Csv))),
            ("data:text/csv;base64,YQ==", Ok(("a".to_owned(), Format::Csv))),
            ("data:,x", Err(Failure::UnsupportedSource)),
            ("data:text/html,x", Err(Failure::UnsupportedSource)),
            ("data:text/csv", Err(Failure::UnsupportedSource)),
            ("https://example.com/rows.csv,", Err(Failure::UnsupportedSource)),
            ("rows", Err(Failure::UnsupportedSource)),
        ] {
            assert_eq!(found(source), expected, "{source}");
        }
    }
}
