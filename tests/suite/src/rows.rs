//! The rows of all operations, as the functions have them.

use std::sync::Arc;

use policy::Operation;

/// Every row of every function.
pub fn all() -> Vec<Arc<Operation>> {
    let functions = [
        functions::accounts::routes(),
        functions::applications::routes(),
        functions::audit_log::routes(),
        functions::auth::routes(),
        functions::configuration::routes(),
        functions::consent::routes(),
        functions::credentials::routes(),
        functions::developer::routes(),
        functions::environment::routes(),
        functions::extension::routes(),
        functions::files::routes(),
        functions::groups::routes(),
        functions::introspection::routes(),
        functions::key_authorization::routes(),
        functions::operators::routes(),
        functions::portal_admin::routes(),
        functions::secret_store::routes(),
        functions::service_directory::routes(),
        functions::service_key::routes(),
        functions::tenants::routes(),
        functions::tokens::routes(),
    ];
    functions.iter().flat_map(|routes| routes.operations().iter().cloned()).collect()
}
