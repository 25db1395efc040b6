//! The rows of all operations, as the functions have them.

use std::sync::Arc;

use functions::gateway::routes;
use policy::Operation;

/// Every row of every function.
pub fn all() -> Vec<Arc<Operation>> {
    of_functions().into_iter().flat_map(|(_, rows)| rows).collect()
}

/// The rows of each function that has operations, by the function's name.
pub fn of_functions() -> Vec<(&'static str, Vec<Arc<Operation>>)> {
    let of_function = |function: &routes::Function| {
        let routes = functions::routes(function.name)?;
        Some((function.name, routes.operations().iter().flat_map(|row| mounted(function, row)).collect()))
    };
    routes::FUNCTIONS.iter().filter_map(of_function).collect()
}

/// A row at each path where its function serves it: both APIs have some operations in common, under their own prefixes.
fn mounted(function: &routes::Function, row: &Arc<Operation>) -> Vec<Arc<Operation>> {
    let leads_here = |path: &str| routes::find(path).is_some_and(|found| found.name == function.name);
    if leads_here(&row.path) {
        return vec![row.clone()];
    }
    let paths = ["/caas", "/licenses"].map(|prefix| format!("{prefix}{}", row.path));
    let paths = paths.into_iter().filter(|path| leads_here(path));
    let at = |path| Operation { method: row.method.clone(), path, access: row.access, audit: row.audit };
    paths.map(|path| Arc::new(at(path))).collect()
}
