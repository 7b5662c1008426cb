//! How a request proves who sends it, and what an API token must be good for, for the document.

use super::operations;
use taskwire_domain::api_token::TokenScope;
use utoipa::openapi::{
    OpenApi, SecurityRequirement,
    path::Operation,
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

const SESSION: &str = "session";
const TOKEN: &str = "token";
const COOKIE: &str = "cookie";

/// What any API token may ask, whatever its scopes.
const FOR_ANY_TOKEN: [&str; 2] = ["me", "account_time_zones"];

/// Describes the credentials, and says for each operation which of them it takes.
pub fn describe(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let bearer = |text: &str| {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description = Some(text.to_owned());
        SecurityScheme::Http(bearer)
    };
    let cookie = ApiKeyValue::with_description(taskwire_app::rpc::server::SESSION_COOKIE, "A browser's session");
    components.add_security_scheme(SESSION, bearer("The `access_token` of a sign-in"));
    components.add_security_scheme(TOKEN, bearer("The secret of a personal API token with these scopes"));
    components.add_security_scheme(COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    for (operation, reads) in operations(document) {
        require(operation, reads);
    }
}

fn require(operation: &mut Operation, reads: bool) {
    // What is for nobody says so itself.
    if operation.security.is_some() {
        return;
    }
    let none: [&str; 0] = [];
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let tag = operation.tags.iter().flatten().next().map(String::as_str).unwrap_or_default();
    let scopes = match scope(tag, reads) {
        Some(scope) => Some(vec![scope.as_str()]),
        None => FOR_ANY_TOKEN.contains(&id).then(Vec::new),
    };
    let mut security = vec![SecurityRequirement::new(SESSION, none), SecurityRequirement::new(COOKIE, none)];
    security.extend(scopes.map(|scopes| SecurityRequirement::new(TOKEN, scopes)));
    operation.security = Some(security);
}

/// The scope for the operations of a tag; none where no token will do.
fn scope(tag: &str, reads: bool) -> Option<TokenScope> {
    match (tag, reads) {
        ("tasks" | "shares" | "agents", true) => Some(TokenScope::TasksRead),
        ("tasks" | "shares" | "agents", false) => Some(TokenScope::TasksWrite),
        ("teams", true) => Some(TokenScope::TeamsRead),
        ("teams", false) => Some(TokenScope::TeamsWrite),
        ("dashboard", _) => Some(TokenScope::DashboardRead),
        _ => None,
    }
}
