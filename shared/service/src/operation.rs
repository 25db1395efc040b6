//! How the rows of operations become a router. A row stands in a function's `lib.rs`; method and path come from the
//! handler's `#[utoipa::path]`, so that each of them stands once.

use std::sync::Arc;

use axum::{
    Extension, Router,
    handler::Handler,
    routing::{MethodFilter, on},
};
use policy::{Access, Operation};
use utoipa::openapi::HttpMethod;

use crate::App;

/// The operations of a function with their handlers.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    operations: Vec<Arc<Operation>>,
    aliases: Vec<Arc<Operation>>,
}

impl Routes {
    /// Adds the row of a handler. A last parameter `{path}` takes the rest of the path. The macro [`crate::operations`] calls this.
    #[must_use]
    pub fn add<H, T>(
        mut self,
        path: &str,
        methods: &[HttpMethod],
        (access, audit): (Access, Option<&'static str>),
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        // The name says that slashes belong to it, which OpenAPI has no notation for.
        let routed = match path.strip_suffix("/{path}") {
            Some(before) => format!("{before}/{{*path}}"),
            None => path.to_owned(),
        };
        for (method, filter) in methods.iter().filter_map(named) {
            self.router = self.router.route(&routed, on(filter, handler.clone()));
            let operation = Operation { method: method.to_owned(), path: path.to_owned(), access, audit };
            if let Access::Qnsp(controls) = access
                && controls.bare
                && let (Some(path), Some(routed)) = (without_first_segment(path), without_first_segment(&routed))
            {
                self.router = self.router.route(&routed, on(filter, handler.clone()));
                self.aliases.push(Arc::new(Operation { path, ..operation.clone() }));
            }
            self.operations.push(Arc::new(operation));
        }
        self
    }

    /// Serves a documented operation at one more path, which the OpenAPI document does not list.
    #[must_use]
    pub fn alias<H, T>(self, path: &str, method: HttpMethod, row: (Access, Option<&'static str>), handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let listed = self.operations.len();
        let mut routes = self.add(path, &[method], row, handler);
        routes.aliases.extend(routes.operations.drain(listed..));
        routes
    }

    /// A layer around every handler, inside of those that all functions have.
    #[must_use]
    pub fn map_router(self, map: impl FnOnce(Router<App>) -> Router<App>) -> Self {
        Self { router: map(self.router), ..self }
    }

    /// Something that every handler may ask for.
    #[must_use]
    pub fn extension<T: Clone + Send + Sync + 'static>(self, value: T) -> Self {
        Self { router: self.router.layer(Extension(value)), ..self }
    }

    /// The same operations under several prefixes; `""` is the root.
    #[must_use]
    pub fn under(self, prefixes: &[&str]) -> Self {
        let router = prefixes.iter().fold(Router::new(), |router, prefix| match *prefix {
            "" => router.merge(self.router.clone()),
            prefix => router.nest(prefix, self.router.clone()),
        });
        Self { router, ..self }
    }

    /// The rows, for tests that compare them with what is documented and answered.
    pub fn operations(&self) -> &[Arc<Operation>] {
        &self.operations
    }

    pub(crate) fn into_parts(self) -> (Router<App>, Vec<Arc<Operation>>) {
        (self.router, self.operations.into_iter().chain(self.aliases).collect())
    }
}

impl From<Router<App>> for Routes {
    /// Operations without rows.
    fn from(router: Router<App>) -> Self {
        Self { router, ..Self::default() }
    }
}

/// `/audit/v1/events` is `/v1/events`.
fn without_first_segment(path: &str) -> Option<String> {
    path.strip_prefix('/')?.split_once('/').map(|(_, rest)| format!("/{rest}"))
}

fn named(method: &HttpMethod) -> Option<(&'static str, MethodFilter)> {
    Some(match method {
        HttpMethod::Get => ("GET", MethodFilter::GET),
        HttpMethod::Post => ("POST", MethodFilter::POST),
        HttpMethod::Put => ("PUT", MethodFilter::PUT),
        HttpMethod::Patch => ("PATCH", MethodFilter::PATCH),
        HttpMethod::Delete => ("DELETE", MethodFilter::DELETE),
        _ => return None,
    })
}

/// The rows of a function, by the module of their handlers: `handler => access, "word of the audit log";`. Makes
/// `routes()` for the router and `Operations` for the OpenAPI document.
///
/// ```ignore
/// service::operations! {
///     secrets: {
///         fetch_secrets => Access::Licence(&[Action::FetchSecrets]), "secret.read";
///     }
/// }
/// ```
#[macro_export]
macro_rules! operations {
    ($($module:ident: { $($handler:ident => $access:expr $(, $audit:literal)?;)+ })+) => {
        /// The operations of this function with their handlers.
        pub fn routes() -> $crate::Routes {
            $crate::pastey::paste! {
                $crate::Routes::default()
                $($(
                    .add(
                        &<$module::[<__path_ $handler>] as utoipa::Path>::path(),
                        &<$module::[<__path_ $handler>] as utoipa::Path>::methods(),
                        ($access, [$($audit)?].first().copied()),
                        $module::$handler,
                    )
                )+)+
            }
        }

        /// The operations of this function, for the OpenAPI document.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($module::$handler),+),+))]
        pub struct Operations;
    };
}
