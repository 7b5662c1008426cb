//! Lists that come in pages.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use url::form_urlencoded;

const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// The headers that lead from the page at `uri` to the next one, if there is one.
pub fn next_page(uri: &Uri, cursor: Option<String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(cursor) = cursor {
        let next = format!("<{}>; rel=\"next\"", at_cursor(uri, &cursor));
        headers.extend(HeaderValue::try_from(next).map(|value| (header::LINK, value)).ok());
        headers.extend(HeaderValue::try_from(cursor).map(|value| (NEXT_CURSOR, value)).ok());
    }
    headers
}

/// The same address, with another cursor.
fn at_cursor(uri: &Uri, cursor: &str) -> String {
    let asked = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.filter(|(name, _)| name != "cursor")).append_pair("cursor", cursor);
    format!("{}?{}", uri.path(), query.finish())
}
