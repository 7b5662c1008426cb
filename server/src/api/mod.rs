//! The REST API (requirement P1): thin handlers around the backend's operations, one file for each area.
//!
//! A handler takes the [`Caller`](extract::Caller) and what it needs from the request, calls one operation and shapes the
//! answer. Refusals are [`Problem`]s. What stands in its `#[utoipa::path]` becomes the document at `/openapi.json`, which
//! is committed as `docs/openapi.json`.
//!
//! To add one: a handler in its area's file, and its name in `paths`.

mod answers;
mod audit;
mod auth;
mod bulk;
mod dashboard;
mod export;
mod extract;
mod files;
mod params;
mod performance;
mod refusals;
mod security;
mod shares;
mod task_file;
mod tasks;
mod teams;
mod tokens;
mod tool_calls;
mod viewers;
mod words;

use crate::{health, middleware::problem::Problem, router::Server};
use axum::{
    Router,
    body::Bytes,
    http::{StatusCode, header},
    routing::get,
};
use taskwire_domain::Error;
use utoipa::{
    OpenApi,
    openapi::{OpenApi as Document, RefOr, path::Operation},
};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Taskwire",
        description = "Tasks of people and teams. Bodies are JSON in UTF-8, times RFC 3339 in UTC. \
                       `{user_id}` is `me` or the caller's own id; any other is refused with 403.",
        license(name = "See the repository")
    ),
    tags(
        (name = "auth", description = "Accounts, sessions and personal API tokens"),
        (name = "tasks", description = "Tasks: the caller's own, those of their teams, and those shared with them"),
        (name = "shares", description = "Sharing one task with one person"),
        (name = "teams", description = "Teams, their members and their invitations"),
        (name = "dashboard", description = "The numbers of the dashboard"),
        (name = "audit", description = "What happened to the caller's account, and in the teams that they run"),
        (name = "agents", description = "What agents did in the caller's name, and taking it back"),
        (name = "performance", description = "How the server does, for its administrators"),
    ),
)]
struct Frame;

fn paths() -> OpenApiRouter<Server> {
    OpenApiRouter::with_openapi(Frame::openapi())
        .routes(routes!(auth::sign_up))
        .routes(routes!(auth::sign_in))
        .routes(routes!(auth::me, auth::update, auth::delete))
        .routes(routes!(export::export))
        .routes(routes!(auth::set_time_zone))
        .routes(routes!(auth::time_zones))
        .routes(routes!(auth::change_password))
        .routes(routes!(auth::sign_out))
        .routes(routes!(auth::sessions, auth::end_other_sessions))
        .routes(routes!(auth::session, auth::end_session))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::get, tokens::revoke))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(tasks::get, tasks::update, tasks::put, tasks::delete))
        .routes(routes!(tasks::toggle))
        .routes(routes!(bulk::change))
        .routes(routes!(files::export))
        .routes(routes!(files::import))
        .routes(routes!(tasks::deleted))
        .routes(routes!(tasks::restore))
        .routes(routes!(shares::give, shares::change))
        .routes(routes!(shares::revoke))
        .routes(routes!(shares::uninvite))
        .routes(routes!(shares::list))
        .routes(routes!(shares::with_me))
        .routes(routes!(shares::by_me))
        .routes(routes!(teams::list, teams::create))
        .routes(routes!(teams::get, teams::update, teams::delete))
        .routes(routes!(teams::leave))
        .routes(routes!(teams::transfer))
        .routes(routes!(teams::members, teams::add_member))
        .routes(routes!(teams::change_member, teams::remove_member))
        .routes(routes!(teams::invitations))
        .routes(routes!(teams::uninvite))
        .routes(routes!(dashboard::statistics))
        .routes(routes!(dashboard::activity))
        .routes(routes!(dashboard::breakdown))
        .routes(routes!(dashboard::shared))
        .routes(routes!(health::healthy))
        .routes(routes!(audit::list))
        .routes(routes!(tool_calls::list))
        .routes(routes!(tool_calls::undo))
        .routes(routes!(performance::read))
}

/// The document, in OpenAPI 3.1.
pub fn document() -> Document {
    let mut document = paths().into_openapi();
    security::describe(&mut document);
    name_responses(&mut document);
    document
}

/// Calls each response that nothing else is said of by the name of its status: the specification wants a description.
fn name_responses(document: &mut Document) {
    for (status, response) in operations(document).flat_map(|(operation, _)| &mut operation.responses.responses) {
        let name = status.parse::<StatusCode>().ok().and_then(|status| status.canonical_reason());
        if let (RefOr::T(response), Some(name)) = (response, name)
            && response.description.is_empty()
        {
            response.description = name.to_owned();
        }
    }
}

/// Every operation in the document, and whether it only reads.
fn operations(document: &mut Document) -> impl Iterator<Item = (&mut Operation, bool)> {
    document.paths.paths.values_mut().flat_map(|item| {
        let changing = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        let reading = item.get.as_mut().map(|operation| (operation, true));
        reading.into_iter().chain(changing.into_iter().flatten().map(|operation| (operation, false)))
    })
}

/// Every path of the API, the document, and its viewers.
pub fn router() -> Router<Server> {
    let (routes, _) = paths().split_for_parts();
    // Once, because it is large.
    let document = Bytes::from(serde_json::to_vec(&document()).unwrap_or_default());
    let document = get(|| async { ([(header::CONTENT_TYPE, "application/json")], document) });
    // Whatever else is below `/api` is answered as the API answers, not with a page.
    let nothing = Router::new().fallback(|| async { Problem::from(Error::NotFound) });
    routes.nest("/api", nothing).route("/openapi.json", document).merge(viewers::router())
}
