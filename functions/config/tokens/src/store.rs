//! The SQL of tokens. A token is stored as its SHA-256 and cannot be shown again.

use crypto::hash;
use model::{
    config::{MintTokenRequest, MintedToken, Token, TokenList},
    time::IsoTime,
};
use platform::{Row, Statement, random};
use service::{Error, Result, Signed};

/// How many tokens one answer lists.
const PAGE: usize = 100;

pub(crate) fn mint(signed: &Signed, request: &MintTokenRequest) -> Result<(MintedToken, Statement)> {
    let token = format!("cpeer_{}", hash::hex(&random::bytes::<32>()?));
    let id = hash::hex(&random::bytes::<12>()?);
    let scope = request.scope.as_ref().map(serde_json::to_string).transpose();
    let scope = scope.map_err(|_| Error::internal("a scope that is not JSON"))?;
    let insert = Statement::new(
        "INSERT INTO config_tokens (token_hash, id, name, tenant_id, project_id, owner_id, owner_email, role, \
         user_grant, scope, expires_at, created_at, created_by) \
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, caller FROM request_nonces WHERE nonce = ?13",
    );
    let insert = insert
        .bind(hash::hex(&hash::sha256(&[token.as_bytes()])))
        .bind(id.as_str())
        .bind(request.name.as_str())
        .bind(request.tenant_id.as_str())
        .bind(request.project_id.as_str())
        .bind(request.owner_id.clone())
        .bind(request.owner_email.clone())
        .bind(request.role.as_str())
        .bind(request.grant.clone())
        .bind(scope)
        .bind(request.expires_at.map(|expiry| expiry.0))
        .bind(signed.now)
        .bind(signed.nonce());
    Ok((MintedToken { id, token }, insert))
}

/// One more than a page, to see whether there is another.
pub(crate) fn select_after(id: &str) -> Statement {
    let select = Statement::new(
        "SELECT id, name, tenant_id, project_id, owner_id, owner_email, role, user_grant, scope, expires_at, \
         revoked_at, created_at, created_by FROM config_tokens WHERE (created_at, id) > \
         (coalesce((SELECT created_at FROM config_tokens WHERE id = ?1), 0), ?1) ORDER BY created_at, id LIMIT ?2",
    );
    select.bind(id).bind(i64::try_from(PAGE + 1).unwrap_or(i64::MAX))
}

pub(crate) fn revoke(id: &str, now: i64) -> Statement {
    Statement::new("UPDATE config_tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL").bind(id).bind(now)
}

pub(crate) fn token_list(rows: &[Row]) -> Result<TokenList> {
    let tokens = rows.iter().take(PAGE).map(token).collect::<Result<Vec<_>>>()?;
    let next = tokens.last().filter(|_| rows.len() > PAGE).map(|last| last.id.clone());
    Ok(TokenList { tokens, next })
}

fn token(row: &Row) -> Result<Token> {
    let scope = row.get::<Option<String>>("scope")?.map(|scope| serde_json::from_str(&scope)).transpose();
    Ok(Token {
        id: row.get("id")?,
        name: row.get("name")?,
        tenant_id: row.get("tenant_id")?,
        project_id: row.get("project_id")?,
        owner_id: row.get("owner_id")?,
        owner_email: row.get("owner_email")?,
        role: row.get("role")?,
        grant: row.get("user_grant")?,
        scope: scope.map_err(|_| Error::internal("the scope of a token is not JSON"))?,
        expires_at: row.get::<Option<i64>>("expires_at")?.map(IsoTime),
        revoked_at: row.get::<Option<i64>>("revoked_at")?.map(IsoTime),
        created_at: IsoTime(row.get("created_at")?),
        created_by: row.get("created_by")?,
    })
}
