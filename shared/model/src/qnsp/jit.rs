//! Just-in-time access, of the access control service: policies, requests, grants.

mod grant;
mod policy;
mod request;
mod stats;

pub use grant::{AccessChecked, ActiveGrant, CheckAccess, Grant, GrantRevoked, Grants, RevokeGrant};
pub use policy::{AutoApproveConditions, CreateJitPolicy, Policies, Policy, PolicyCreated, TimeOfDay, TimeWindow};
pub use request::{
    AskedStatus, CreateJitRequest, Decision, Minutes, Permissions, ProcessJitRequest, Request, RequestCreated,
    RequestProcessed, Requests, Status,
};
pub use stats::{JitStats, TypeCount};
