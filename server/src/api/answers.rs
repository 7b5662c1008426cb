//! What handlers answer with.

use crate::middleware::problem::Problem;
use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
};
use axum_extra::headers::{ETag, HeaderMapExt};
use serde::Serialize;
use std::fmt::Display;
use taskwire_domain::Error;
use url::form_urlencoded;
use uuid::Uuid;

/// What a handler returns.
pub type Answer<T> = Result<T, Problem>;

/// Every item in the shape that programs get.
pub fn all<T, B: From<T>>(items: Vec<T>) -> Json<Vec<B>> {
    Json(items.into_iter().map(B::from).collect())
}

/// The one item that `is` meant, in that shape.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub fn one<T, B: From<T>>(items: Vec<T>, is: impl Fn(&T) -> bool) -> Answer<Json<B>> {
    Ok(Json(items.into_iter().find(is).ok_or(Error::NotFound)?.into()))
}

/// A page of a list, with the headers that lead to the next one.
pub type Page<B> = (HeaderMap, Json<Vec<B>>);

/// The page at `uri`, which is followed by the one at `next`.
pub fn page<T, B: From<T>>(uri: &Uri, next: Option<impl Display>, items: Vec<T>) -> Page<B> {
    (next_page(uri, next), all(items))
}

/// The entity tag of what is shown: another one whenever anything in it is another. A version alone would not do: it does
/// not count by what right the caller sees something.
pub fn tag(shown: &impl Serialize) -> Option<ETag> {
    let json = serde_json::to_vec(shown).ok()?;
    format!("\"{}\"", Uuid::new_v5(&Uuid::NAMESPACE_OID, &json).simple()).parse().ok()
}

/// The header that tells it.
pub fn etag(tag: Option<ETag>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(tag) = tag {
        headers.typed_insert(tag);
    }
    headers
}

const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

fn next_page(uri: &Uri, cursor: Option<impl Display>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(cursor) = cursor.map(|cursor| cursor.to_string()) {
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

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};

    #[test]
    fn the_next_page_is_the_same_address_at_another_cursor() {
        const QUERY: &[&str] = &["q=", "a", "&", "cursor=", "x", "%26", "%", "+", "=", "status=pending", "%63ursor=y"];
        check!().with_generator((text(QUERY), text(&["7b", "\"", "&", "=", "ä", ">", "\0"]))).for_each(
            |(query, cursor)| {
                let Ok(uri) = format!("/api/me/tasks?{query}").parse::<Uri>() else { return };
                let next: Uri = at_cursor(&uri, cursor).parse().unwrap();
                let said = |uri: &Uri| -> Vec<_> {
                    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
                    pairs.into_owned().collect()
                };
                let mut wanted: Vec<_> = said(&uri).into_iter().filter(|(name, _)| name != "cursor").collect();
                wanted.push(("cursor".to_owned(), cursor.clone()));
                assert_eq!((next.path(), said(&next)), (uri.path(), wanted));
                let headers = next_page(&uri, Some(cursor));
                assert_eq!(headers[header::LINK], format!("<{next}>; rel=\"next\""));
            },
        );
    }
}
