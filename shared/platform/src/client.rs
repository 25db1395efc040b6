//! Who is at the other end of a connection, as the runtime says it. A caller cannot choose what stands here.

use http::{Extensions, HeaderMap};

/// The address of the client, with or without its port. `None` where the runtime does not know it.
pub fn client_address(headers: &HeaderMap, extensions: &Extensions) -> Option<String> {
    crate::runtime::client_address(headers, extensions)
}
