//! Everything that is kept about a person, as one file.

use super::{answers::Answer, auth::UserBody, extract::Caller, refusals};
use crate::router::Server;
use axum::{
    BoxError,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    future::ready,
    stream::{once, try_unfold},
};
use serde_json::Value;
use taskwire_backend::{ExportPage, ExportPlace, Result};
use utoipa::ToSchema;

/// What is kept about a person. There are no passwords, tokens or secrets in it, nor hashes of them.
#[derive(ToSchema)]
#[schema(as = AccountExport, example = json!({
    "exported_at": "2026-11-02T09:40:00Z",
    "account": {
        "id": "0192b1c8-7f3e-7c4a-9a51-0c1d5f0e6a01",
        "email": "ada@example.org",
        "name": "Ada Lovelace",
        "created_at": "2026-11-02T08:15:00Z",
        "time_zone": null,
        "administrator": false
    },
    "sessions": [],
    "api_tokens": [],
    "teams": [],
    "tasks": [{ "id": 17, "title": "Plan the offsite", "status": "pending" }],
    "deleted_tasks": [],
    "shared_by_me": [],
    "shared_with_me": [],
    "conversations": [],
    "tool_calls": [],
    "activity": []
}))]
#[expect(dead_code, reason = "for the document")]
pub struct ExportBody {
    exported_at: DateTime<Utc>,
    account: UserBody,
    /// Where the person is and was signed in.
    sessions: Vec<Value>,
    /// Also those that were revoked.
    api_tokens: Vec<Value>,
    /// Those that they are in, and what they are there.
    teams: Vec<Value>,
    /// Their own, also those in teams.
    tasks: Vec<Value>,
    /// Those of their own that are not gone for good yet.
    deleted_tasks: Vec<Value>,
    /// Tasks of their own that others have, with everybody who has them or is invited.
    shared_by_me: Vec<Value>,
    /// Tasks of others.
    shared_with_me: Vec<Value>,
    /// With the assistant.
    conversations: Vec<Value>,
    /// What agents did in their name, with what it changed.
    tool_calls: Vec<Value>,
    /// The lines of the audit log that are theirs.
    activity: Vec<Value>,
}

/// Everything that is kept about the caller, as one file.
///
/// It is written page by page, so it may be of any length. A file that could not be written to its end breaks off: the
/// transfer fails.
#[utoipa::path(
    get, path = "/api/auth/me/export", tag = "auth", operation_id = "account_export",
    responses(
        (status = 200, body = ExportBody, headers(
            ("Content-Disposition" = String, description = "A name for the file"),
        )),
        refusals::SignedIn
    )
)]
pub async fn export(State(server): State<Server>, Caller(viewer): Caller) -> Answer<Response> {
    // What can be refused is refused before the file begins.
    let mut first = server.backend.account_export(&viewer, ExportPlace::default()).await?;
    let account = UserBody::from(server.backend.account_get(&viewer).await?);
    let name = format!("attachment; filename=\"taskwire-account-{}.json\"", first.now.date_naive());
    let headers = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    let mut writer = Writer::begin(first.now, &account)?;
    let next = first.next.take();
    let others = try_unfold(next, move |place| {
        let (server, viewer) = (server.clone(), viewer.clone());
        async move {
            let Some(place) = place else { return Ok(None) };
            let mut page = server.backend.account_export(&viewer, place).await?;
            let next = page.next.take();
            Ok(Some((page, next)))
        }
    });
    let parts = once(ready(Ok(first))).chain(others).map(move |page: Result<_>| {
        page.map(|page| writer.page(page)).map_err(|error| BoxError::from(error.into_public()))
    });
    let end = once(ready(Ok::<_, BoxError>("]}\n".to_owned())));
    Ok((headers, Body::from_stream(parts.chain(end))).into_response())
}

/// Writes the file, a page after the other.
struct Writer {
    /// What is still to be written before the next page.
    head: String,
    part: Option<&'static str>,
    /// What stands before the next row.
    separator: &'static str,
}

impl Writer {
    fn begin(now: DateTime<Utc>, account: &UserBody) -> Answer<Self> {
        let account =
            serde_json::to_string(account).map_err(|error| taskwire_backend::Error::Fault(error.to_string()))?;
        let head = format!("{{\"exported_at\":{},\n\"account\":{account}", Value::from(now.to_rfc3339()));
        Ok(Self { head, part: None, separator: "" })
    }

    /// The next part of the file.
    fn page(&mut self, page: ExportPage) -> String {
        let mut text = std::mem::take(&mut self.head);
        if self.part != Some(page.part) {
            let end = if self.part.is_some() { "]" } else { "" };
            text += &format!("{end},\n\"{}\":[", page.part);
            (self.part, self.separator) = (Some(page.part), "\n");
        }
        for row in page.rows {
            text += self.separator;
            text += row.get();
            self.separator = ",\n";
        }
        text
    }
}
