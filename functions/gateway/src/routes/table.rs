//! Written by scripts/manifests from the functions' Cargo.toml. Do not edit.

use super::Function;

/// Every function behind the gateway. No path belongs to two functions, so the order carries no meaning.
pub const FUNCTIONS: &[Function] = &[
    Function { name: "audit-log", binding: "AUDIT_LOG", routes: &["/caas/audit/..."] },
    Function { name: "configuration", binding: "CONFIGURATION", routes: &["/caas/config/..."] },
    Function { name: "consent", binding: "CONSENT", routes: &["/caas/tenants/:tenantId/community/:communityId/consents/..."] },
    Function { name: "environment", binding: "ENVIRONMENT", routes: &["/caas/environment/..."] },
    Function { name: "extension", binding: "EXTENSION", routes: &["/caas/extension/..."] },
    Function { name: "secret-store", binding: "SECRET_STORE", routes: &["/caas/tenants/:tenantId/community/:communityId/secrets/...", "/caas/root-key/..."] },
    Function { name: "service-directory", binding: "SERVICE_DIRECTORY", routes: &["/caas/sd"] },
    Function { name: "groups", binding: "GROUPS", routes: &["/api/client/v1/config/..."] },
    Function { name: "tokens", binding: "TOKENS", routes: &["/caas/config-tokens/..."] },
    Function { name: "key-authorization", binding: "KEY_AUTHORIZATION", routes: &["/licenses/community/..."] },
    Function { name: "service-key", binding: "SERVICE_KEY", routes: &["/licenses/servicekey/..."] },
    Function { name: "accounts", binding: "ACCOUNTS", routes: &["/auth", "/portal/auth", "/session", "/portal/session", "/config", "/portal/config", "/register", "/portal/register", "/verify-account", "/portal/verify-account", "/resend-account-verification", "/portal/resend-account-verification", "/invalidate-account-verification", "/portal/invalidate-account-verification", "/forgot-password", "/portal/forgot-password", "/validate-reset", "/portal/validate-reset", "/reset-password", "/portal/reset-password"] },
    Function { name: "applications", binding: "APPLICATIONS", routes: &["/applications/...", "/portal/applications/...", "/application_services", "/portal/application_services"] },
    Function { name: "credentials", binding: "CREDENTIALS", routes: &["/credentials/...", "/portal/credentials/..."] },
    Function { name: "developer", binding: "DEVELOPER", routes: &["/developer/...", "/portal/developer/..."] },
    Function { name: "files", binding: "FILES", routes: &["/files", "/portal/files", "/kong-admin/...", "/portal/kong-admin/..."] },
    Function { name: "introspection", binding: "INTROSPECTION", routes: &["/portal/introspect"] },
    Function { name: "pages", binding: "PAGES", routes: &["/", "/portal", "/portal/ui/..."] },
    Function { name: "portal-admin", binding: "PORTAL_ADMIN", routes: &["/caas/portal/..."] },
    Function { name: "reference", binding: "REFERENCE", routes: &["/portal/reference/..."] },
    Function { name: "access-jit", binding: "ACCESS_JIT", routes: &["/access/v1/jit/..."] },
    Function { name: "access-policies", binding: "ACCESS_POLICIES", routes: &["/access/v1/policies/...", "/access/v1/tenants/...", "/access/v1/evaluate", "/access/v1/simulate/...", "/access/v1/cross-tenant/..."] },
    Function { name: "audit-events", binding: "AUDIT_EVENTS", routes: &["/audit/v1/...", "/v1/retention/...", "/v1/streaming/..."] },
    Function { name: "auth", binding: "AUTH", routes: &["/auth/risk/...", "/auth/federation/..."] },
    Function { name: "billing", binding: "BILLING", routes: &["/billing/v1/..."] },
    Function { name: "observability", binding: "OBSERVABILITY", routes: &["/observability/v1/..."] },
    Function { name: "operators", binding: "OPERATORS", routes: &["/caas/qnsp/..."] },
    Function { name: "search", binding: "SEARCH", routes: &["/search/v1/..."] },
    Function { name: "tenants", binding: "TENANTS", routes: &["/tenant/v1/..."] },
    Function { name: "ecdsa-helper", binding: "ECDSA_HELPER", routes: &["/caas/ecdsa_helper/...", "/licenses/ecdsa_helper/..."] },
    Function { name: "healthz", binding: "HEALTHZ", routes: &["/caas/healthz", "/licenses/healthz"] },
    Function { name: "public-key", binding: "PUBLIC_KEY", routes: &["/caas/publickeys", "/licenses/publickeys"] },
];
