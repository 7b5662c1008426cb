//! The document for people: Swagger UI at `/docs`, where it can be tried out, and ReDoc at `/redoc`, to read. Their files
//! are among the site's, so no other host is asked.

use crate::router::Server;
use axum::{
    Router,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use uuid::Uuid;

/// A viewer: its name, the file that starts it, and the files that it is made of.
struct Viewer {
    name: &'static str,
    start: &'static str,
    bundle: &'static str,
    styles: Option<&'static str>,
}

const SWAGGER: Viewer =
    Viewer { name: "Swagger UI", start: "swagger.js", bundle: "swagger-ui-bundle.js", styles: Some("swagger-ui.css") };
const REDOC: Viewer = Viewer { name: "ReDoc", start: "redoc.js", bundle: "redoc.standalone.js", styles: None };

/// One that is empty at first, and one of its scroll bars.
const STYLES_OF_REDOC: &str =
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='";

/// Both pages.
pub fn router() -> Router<Server> {
    Router::new().route("/docs", get(|| async { SWAGGER.page() })).route("/redoc", get(|| async { REDOC.page() }))
}

impl Viewer {
    fn page(&self) -> impl IntoResponse + use<> {
        let Self { name, start, bundle, styles } = self;
        let nonce = Uuid::new_v4();
        let styles =
            styles.map(|file| format!(r#"<link rel="stylesheet" href="/apidocs/{file}">"#)).unwrap_or_default();
        let page = format!(
            r#"<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The API in {name} · Taskwire</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
{styles}
<div id="viewer" data-nonce="{nonce}"></div>
<noscript><p>{name} needs JavaScript. <a href="/openapi.json">The same description as a file</a></p></noscript>
<script src="/apidocs/{bundle}"></script>
<script src="/apidocs/{start}"></script>
</html>
"#
        );
        // Both have small pictures in their styles. The style sheets that ReDoc makes bear the nonce, but for two.
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}' {STYLES_OF_REDOC}; \
             img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page))
    }
}
