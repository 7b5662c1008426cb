//! One's tasks as a file, out and in.

use super::{
    answers::Answer,
    extract::{Caller, IdempotencyKey, Query, Upload},
    params, refusals,
    task_file::Writer,
    tasks::TaskBody,
    words,
};
use crate::{
    middleware::problem::{ErrorBody, FieldErrorBody},
    router::Server,
};
use axum::{
    BoxError, Json,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures::{
    StreamExt,
    future::ready,
    stream::{once, try_unfold},
};
use serde::{Deserialize, Serialize};
use taskwire_backend::{Result, Viewer};
use taskwire_domain::{
    FieldError, TaskId,
    task::{FileFormat, Imported, ImportedLine, PAGE_MAX, Sort, Source, TaskPage, TaskQuery},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The file to write.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// Its format; JSON without it.
    #[serde(default)]
    #[param(schema_with = words::file_format)]
    format: FileFormat,
}

/// All of the caller's own tasks as a file, first created first, as long as it takes to read them.
///
/// Page by page, so what it costs to keep does not grow with their number. A file that could not be written to its end
/// breaks off: the transfer fails. In CSV a text that a spreadsheet would take for a formula has an apostrophe in front.
#[utoipa::path(
    get, path = "/api/{user_id}/tasks/export", tag = "tasks", operation_id = "task_export",
    params(params::Owner, ExportQuery),
    responses(
        (status = 200, content((Vec<TaskBody> = "application/json"), (String = "text/csv")), headers(
            ("Content-Disposition" = String, description = "A name for the file"),
        )),
        refusals::SignedIn
    )
)]
pub async fn export(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Query(ExportQuery { format }): Query<ExportQuery>,
) -> Answer<Response> {
    // What can be refused is refused before the file begins.
    let first = page(&server, &viewer, None).await?;
    let media_type = match format {
        FileFormat::Json => "application/json",
        FileFormat::Csv => "text/csv; charset=utf-8; header=present",
    };
    let name = format!("attachment; filename=\"taskwire-tasks-{}.{format}\"", first.now.date_naive());
    let headers = [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, name)];
    let others = try_unfold(first.next, move |cursor| {
        let (server, viewer) = (server.clone(), viewer.clone());
        async move {
            let Some(cursor) = cursor else { return Ok(None) };
            let TaskPage { tasks, next, .. } = page(&server, &viewer, Some(cursor)).await?;
            Ok(Some((tasks, next)))
        }
    });
    let mut writer = Writer::new(format);
    let parts = once(ready(Ok(first.tasks))).chain(others).map(move |tasks: Result<_>| {
        let tasks = tasks.map_err(taskwire_backend::Error::into_public)?;
        writer.page(tasks)
    });
    let end = once(ready(Ok::<_, BoxError>(Writer::end(format).into())));
    Ok((headers, Body::from_stream(parts.chain(end))).into_response())
}

/// A page of one's own tasks. What was created before never changes its place, so none is left out and none comes twice.
async fn page(server: &Server, viewer: &Viewer, cursor: Option<String>) -> Result<TaskPage> {
    let query =
        TaskQuery { source: Source::Own, sort: Sort::Oldest, limit: Some(PAGE_MAX), cursor, ..TaskQuery::default() };
    server.backend.task_list(viewer, &query).await
}

/// How to read the file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// Only say what would come of it.
    #[serde(default)]
    dry_run: bool,
}

/// A task in a file. What else an export says of it, such as `id` and `created_at`, is passed over; anything else is refused.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "title": "Plan the offsite",
    "description": "Somewhere with trees",
    "status": "pending"
}))]
#[expect(dead_code, reason = "what an import reads, for the document")]
pub struct ImportTask {
    /// One line; spaces around it are taken off.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// Pending without it.
    #[schema(schema_with = words::status_or_null)]
    status: Option<taskwire_domain::task::Status>,
}

/// What came of a file, line by line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "made": [17, 18],
    "refused": 0,
    "lines": [
        { "line": 2, "title": "Plan the offsite", "fields": [] },
        { "line": 3, "title": "Book the train", "fields": [] }
    ]
}))]
pub struct ImportReport {
    /// The tasks that the lines made, in their order; none in a dry run.
    #[schema(value_type = Vec<i64>)]
    made: Vec<TaskId>,
    /// How many lines stand in the way of all; the report of an import that made tasks has none.
    refused: usize,
    lines: Vec<ImportLine>,
}

/// What came of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "line": 4,
    "title": null,
    "fields": [{ "field": "title", "message": "The title must not be empty." }]
}))]
pub struct ImportLine {
    /// Where it begins, from 1; in JSON the number of the entry.
    line: u64,
    /// The title of its task; null if it is refused.
    title: Option<String>,
    /// Every field that breaks a rule.
    #[schema(value_type = Vec<FieldErrorBody>)]
    fields: Vec<FieldError>,
}

impl From<ImportedLine> for ImportLine {
    fn from(ImportedLine { number, title, fields }: ImportedLine) -> Self {
        Self { line: number, title, fields }
    }
}

/// Makes tasks of the caller's own from a file such as an export: all of them or, if one line is refused, none.
///
/// In CSV the first line names the columns; `title` must be among them, `description` and `status` may be. The tasks are
/// new ones, outside teams. At most 5,000 tasks and 4 MiB.
#[utoipa::path(
    post, path = "/api/{user_id}/tasks/import", tag = "tasks", operation_id = "task_import",
    request_body(content(
        (Vec<ImportTask> = "application/json"),
        (String = "text/csv", example = "title,description,status\r\nPlan the offsite,,pending\r\n"),
    )),
    params(params::Owner, ImportQuery, params::IdempotencyKey),
    responses(
        (status = 200, body = ImportReport),
        (status = 409, body = ErrorBody, description = "Another file of the caller's is still being read"),
        refusals::SignedIn, refusals::Body
    )
)]
pub async fn import(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Query(ImportQuery { dry_run }): Query<ImportQuery>,
    IdempotencyKey(key): IdempotencyKey,
    Upload { format, file }: Upload,
) -> Answer<Json<ImportReport>> {
    let key = key.unwrap_or_else(Uuid::new_v4);
    let Imported { made, lines } = server.backend.task_import(&viewer, key, format, file, dry_run).await?;
    let refused = lines.iter().filter(|line| !line.fields.is_empty()).count();
    Ok(Json(ImportReport { made, refused, lines: lines.into_iter().map(Into::into).collect() }))
}
