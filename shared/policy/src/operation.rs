//! One row per operation: where it is, who may call it, and what it is called in the audit log. The router, the
//! authorisation matrix of the tests and the audit log read these rows; the OpenAPI document is compared with them.

use crate::{Action, config::Permission, qnsp::Controls};

/// An operation of a function.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: String,
    /// As the router knows it, with its parameters in braces.
    pub path: String,
    pub access: Access,
    /// The word for it in the audit log; `None` where neither the operation nor its refusal is an entry.
    pub audit: Option<&'static str>,
}

/// Who may call an operation.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// No credential is looked at, or the operation itself decides what it shows to whom.
    Anyone,
    /// A licence to which the permission table allows the action. Which of several it is depends on the request.
    Licence(&'static [Action]),
    /// A bearer token of an authorization server, or else a licence.
    TokenOrLicence(Action),
    /// A token of the Config API with this permission.
    ConfigToken(Permission),
    /// A developer with a session of the portal.
    Session,
    /// A tool with an operator's token for the portal's files.
    AdminToken,
    /// The deployment's monitoring, with the bearer token that is configured for it.
    MetricsToken,
    /// A bearer token of the QNSP API, under the controls of the operation.
    Qnsp(Controls),
}

impl Operation {
    /// Whether a request with this method and this path of the router is for this operation. A router may be mounted
    /// under a prefix.
    pub fn is(&self, method: &str, matched_path: &str) -> bool {
        // The router marks a parameter that takes the rest of the path.
        self.method == method && matched_path.replace("{*", "{").ends_with(self.path.as_str())
    }
}
