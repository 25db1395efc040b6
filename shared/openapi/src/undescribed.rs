//! What the code of a function names of utoipa, without any description.

pub use chancery_openapi_macros::{IntoParams, OpenApi, ToSchema, path};

/// Every type has a schema, as nobody asks which.
pub trait ToSchema {}

impl<T: ?Sized> ToSchema for T {}

/// Where an operation is.
pub trait Path {
    fn methods() -> Vec<openapi::HttpMethod>;
    fn path() -> String;
}

pub mod openapi {
    pub enum HttpMethod {
        Get,
        Post,
        Put,
        Delete,
        Options,
        Head,
        Patch,
        Trace,
    }
}
