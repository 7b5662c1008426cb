//! What handlers take from a request. Whatever is wrong with it becomes a [`Problem`].

use super::answers::{Answer, etag, tag};
use crate::{middleware::problem::Problem, router::Server};
use axum::{
    Json,
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, MatchedPath, RawPathParams, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use axum_extra::headers::{HeaderMapExt, IfMatch, IfNoneMatch};
use percent_encoding::percent_decode_str;
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::error::Category;
use std::{convert::Infallible, fmt::Display};
use taskwire_app::rpc::server::Identity;
use taskwire_backend::{Client, Viewer};
use taskwire_domain::{Error, FieldError, UserId, task::FileFormat};
use url::form_urlencoded;
use uuid::Uuid;

/// Who sent the request, by the token that came with it. A path below `/api/{user_id}` must mean them.
pub struct Caller(pub Viewer);

/// The paths of what belongs to one person.
const OWN: &str = "/api/{user_id}/";

impl FromRequestParts<Server> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let Identity(viewer) = parts.extensions.get().cloned().unwrap_or_default();
        let viewer = viewer?;
        if !parts.extensions.get::<MatchedPath>().is_some_and(|path| path.as_str().starts_with(OWN)) {
            return Ok(Self(viewer));
        }
        let params = path_params(parts, server).await?;
        let named = params.iter().next().map(|(_, value)| value);
        match named {
            Some(name) if name != "me" && name.parse::<UserId>().ok() != Some(viewer.user_id) => {
                Err(Error::Forbidden.into())
            }
            _ => Ok(Self(viewer)),
        }
    }
}

async fn path_params(parts: &mut Parts, server: &Server) -> Result<RawPathParams, Problem> {
    let broken = |_| Error::invalid("path", "The path must be text in UTF-8.").into();
    RawPathParams::from_request_parts(parts, server).await.map_err(broken)
}

/// Where the request comes from, for whoever is not signed in yet.
#[derive(Default)]
pub struct Sender(pub Client);

impl<S: Sync> FromRequestParts<S> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().cloned().unwrap_or_default()))
    }
}

/// The parameters of the path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Server> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let params = path_params(parts, server).await?;
        // As a query, whose values become numbers where numbers are wanted.
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params.iter()).finish();
        parse(serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()))).map(Self)
    }
}

/// What must be so for the request to be carried out (RFC 9110, section 13).
pub struct Conditions {
    if_match: Option<IfMatch>,
    if_none_match: Option<IfNoneMatch>,
}

impl Conditions {
    /// What a change must be made from: what is there now, which is read only where there is a condition on it.
    ///
    /// # Errors
    /// [`Error::Stale`] if the condition is not met.
    pub async fn current<T: Serialize>(&self, read: impl Future<Output = Answer<T>>) -> Answer<Option<T>> {
        // Any will do, and if there is none the change will say so.
        let Some(condition) = self.if_match.as_ref().filter(|condition| !condition.is_any()) else { return Ok(None) };
        let current = read.await?;
        match tag(&current).is_some_and(|tag| condition.precondition_passes(&tag)) {
            true => Ok(Some(current)),
            false => Err(Error::Stale.into()),
        }
    }

    /// What is shown, or a 304 for whoever has it already; `tagged` is what of it counts for that.
    pub fn unless_known(&self, tagged: &impl Serialize, shown: &impl Serialize) -> Response {
        let condition = self.if_none_match.as_ref();
        let tag = tag(tagged);
        let passes = |tag| condition.is_none_or(|condition| condition.precondition_passes(tag));
        match tag.as_ref().is_none_or(passes) {
            true => (etag(tag), Json(shown)).into_response(),
            false => (StatusCode::NOT_MODIFIED, etag(tag)).into_response(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let broken = |name: &str| Error::invalid(name, "An entity tag stands in quotation marks.");
        Ok(Self {
            if_match: parts.headers.typed_try_get().map_err(|_| broken("If-Match"))?,
            if_none_match: parts.headers.typed_try_get().map_err(|_| broken("If-None-Match"))?,
        })
    }
}

/// The header `Idempotency-Key`, of whatever form the caller likes.
pub struct IdempotencyKey(pub Option<Uuid>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(key) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match key.as_bytes().len() {
            1..=255 => Ok(Self(Some(Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes())))),
            _ => Err(Error::invalid("Idempotency-Key", "A key has 1 to 255 characters.").into()),
        }
    }
}

/// The parameters of the query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Server> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Server) -> Result<Self, Problem> {
        pairs(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn pairs<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    if percent_decode_str(query).decode_utf8().is_err() {
        return Err(Error::invalid("query", "The query must be text in UTF-8.").into());
    }
    parse(serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes())))
}

/// A body in JSON.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Server> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Server) -> Result<Self, Problem> {
        if !is_json(&media_type(request.headers())) {
            return Err(Problem::other_media_type("JSON, with “Content-Type: application/json”"));
        }
        object(&received(request.into_body()).await?).map(Self)
    }
}

fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    // Whose fields would be taken from a list as well, in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(Problem::no_json)?;
        return Err(Error::invalid("body", "The body must be a JSON object.").into());
    }
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| match error.inner().classify() {
        Category::Data => about(&error).into(),
        Category::Io | Category::Syntax | Category::Eof => Problem::no_json(error.inner()),
    })?;
    json.end().map_err(Problem::no_json)?;
    Ok(value)
}

/// A file of tasks, in the format that it is said to have.
pub struct Upload {
    pub format: FileFormat,
    pub file: Bytes,
}

impl FromRequest<Server> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Server) -> Result<Self, Problem> {
        let format = match media_type(request.headers()) {
            json if is_json(&json) => FileFormat::Json,
            csv if csv == "text/csv" => FileFormat::Csv,
            _ => return Err(Problem::other_media_type("“Content-Type: text/csv” or “application/json”")),
        };
        Ok(Self { format, file: received(request.into_body()).await? })
    }
}

/// A body that is here already. How large it may be is the middleware's to say, and it has.
async fn received(body: axum::body::Body) -> Result<Bytes, Problem> {
    to_bytes(body, usize::MAX).await.map_err(|_| Problem::broken_body())
}

/// What the body is said to be, without parameters; nothing for one that is packed.
fn media_type(headers: &HeaderMap) -> String {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return String::new();
    }
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether that is JSON, of whatever kind (RFC 6839).
fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn parse<'de, T: DeserializeOwned, D>(deserializer: D) -> Result<T, Problem>
where
    D: serde::Deserializer<'de>,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| about(&error).into())
}

/// The complaint about the field that an error is about.
fn about<E: Display>(error: &serde_path_to_error::Error<E>) -> Error {
    let field = match error.path().to_string().as_str() {
        "." => "body".to_owned(),
        path => path.to_owned(),
    };
    FieldError::new(&field, format!("{}.", error.inner())).into()
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use axum::http::{HeaderValue, Request};
    use chrono::{DateTime, Utc};
    use futures::executor::block_on;
    use serde::Deserialize;
    use serde_json::{Map, Value};
    use taskwire_domain::api_token::TokenScope;
    use taskwire_fuzz::{bytes, check, produce, text};

    /// As the bodies and queries of the API are.
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        title: String,
        #[serde(default)]
        scopes: Vec<TokenScope>,
        version: Option<i32>,
        at: Option<DateTime<Utc>>,
    }

    const FIELDS: [&str; 4] = ["title", "scopes", "version", "at"];

    #[test]
    fn a_body_is_an_object_of_known_fields_or_is_refused_by_name() {
        const PIECES: &[&str] = &[
            "{",
            "}",
            "{\"title\":\"Plan\"",
            "\"title\":\"Go\"",
            "\"scopes\":",
            "[\"tasks:read\"]",
            "\"version\":",
            "7",
            "\"at\":",
            ",",
            "\"2026-03-04T10:00:00Z\"",
            "\"more\":1",
            "[",
            "]",
            ":",
            "null",
            "1e9",
            "\"\\ud800\"",
            "\"",
            " ",
            "[[[[[[[[[[",
        ];
        check!().with_generator(bytes(PIECES)).for_each(|body| {
            let json = serde_json::from_slice::<Value>(body);
            match object::<Wanted>(body) {
                Ok(found) => {
                    let fields: Map<String, Value> = serde_json::from_slice(body).unwrap();
                    assert!(fields.keys().all(|field| FIELDS.contains(&field.as_str())));
                    assert_eq!(fields["title"], found.title);
                    assert_eq!(fields.get("version").and_then(Value::as_i64), found.version.map(i64::from));
                    assert_eq!(fields.get("at").is_some_and(Value::is_string), found.at.is_some());
                    assert_eq!(
                        fields.get("scopes").map_or(0, |scopes| scopes.as_array().unwrap().len()),
                        found.scopes.len()
                    );
                }
                Err(problem) => match refused_fields(problem) {
                    None => assert!(json.is_err(), "it is JSON"),
                    Some(fields) => assert!(
                        fields.iter().all(|field| {
                            field == "body"
                                || String::from_utf8_lossy(body).contains(field.split(['[', '.']).next().unwrap())
                        }),
                        "{fields:?}"
                    ),
                },
            }
        });
    }

    /// Which fields are complained about; `None` for a body that is no JSON.
    fn refused_fields(problem: Problem) -> Option<Vec<String>> {
        match problem.cause() {
            Some(Error::Invalid(fields)) => Some(fields.iter().map(|one| one.field.clone()).collect()),
            Some(other) => panic!("{other:?}"),
            None => None,
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        q: Option<String>,
        limit: Option<u32>,
        #[serde(default)]
        shared: bool,
    }

    #[test]
    fn a_query_has_known_parameters_once_or_is_refused_by_name() {
        const PIECES: &[&str] =
            &["q=", "limit=", "shared=", "100", "true", "&", "&", "=", "%20", "%ff", "%", "+", "more=1", "-", "a"];
        check!().with_generator(text(PIECES)).for_each(|query| {
            let said: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let values = |name: &str| {
                said.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>()
            };
            match pairs::<Asked>(query) {
                Ok(asked) => {
                    assert!(said.iter().all(|(key, _)| ["q", "limit", "shared"].contains(&key.as_str())));
                    assert_eq!(asked.q.as_deref().into_iter().collect::<Vec<_>>(), values("q"));
                    assert_eq!(
                        asked.limit.into_iter().collect::<Vec<_>>(),
                        values("limit").iter().map(|n| n.parse().unwrap()).collect::<Vec<u32>>()
                    );
                    assert_eq!(asked.shared, values("shared") == ["true"]);
                }
                Err(problem) => {
                    let fields = refused_fields(problem).unwrap();
                    let is_said = |field: &String| {
                        field == "query" || field == "body" || said.iter().any(|(key, _)| key == field)
                    };
                    assert!(!fields.is_empty() && fields.iter().all(is_said), "{fields:?}");
                }
            }
        });
    }

    fn extract<T: FromRequestParts<(), Rejection = Problem>>(name: &str, value: &HeaderValue) -> Result<T, Problem> {
        let (mut parts, ()) = Request::builder().header(name, value).body(()).unwrap().into_parts();
        block_on(T::from_request_parts(&mut parts, &()))
    }

    #[test]
    fn what_somebody_has_already_is_not_shown_again() {
        let shown = "Plan the offsite";
        let tag = etag(tag(&shown)).get(header::ETAG).unwrap().to_str().unwrap().to_owned();
        // No spaces: on one between quotation marks a debug assertion of the library fails.
        const PIECES: &[&str] = &["\"a\"", "W/", "\"", ",", "*", "\"0123456789abcdef0123456789abcdef\""];
        check!().with_generator((text(PIECES), produce::<(bool, bool)>())).for_each(move |(others, (known, weak))| {
            let weak = if *weak { "W/" } else { "" };
            let line = if *known { format!("{weak}{tag}, {others}") } else { others.clone() };
            if !others.bytes().all(|byte| byte.is_ascii_graphic()) {
                return;
            }
            let Ok(value) = HeaderValue::try_from(line) else { return };
            match extract::<Conditions>("if-none-match", &value) {
                Ok(conditions) => {
                    let is_any = value.as_bytes().trim_ascii() == b"*";
                    let status = conditions.unless_known(&shown, &shown).status();
                    assert_eq!(status == StatusCode::NOT_MODIFIED, *known || is_any, "{value:?}");
                }
                Err(problem) => assert_eq!(refused_fields(problem).unwrap(), ["If-None-Match"]),
            }
        });
    }

    #[test]
    fn a_change_is_made_from_what_is_there_or_is_stale() {
        let tag = etag(tag(&7)).get(header::ETAG).unwrap().to_str().unwrap().to_owned();
        const PIECES: &[&str] = &["\"a\"", "W/", "\"", ",", "*"];
        check!().with_generator((text(PIECES), produce::<bool>())).for_each(move |(others, known)| {
            let line = if *known { format!("{others},{tag}") } else { others.clone() };
            let Ok(value) = HeaderValue::try_from(line) else { return };
            // An open quotation mark would go on into ours.
            if !others.bytes().all(|byte| byte.is_ascii_graphic()) || others.matches('"').count() % 2 == 1 {
                return;
            }
            let Ok(conditions) = extract::<Conditions>("if-match", &value) else { return };
            let is_any = value.as_bytes().trim_ascii() == b"*";
            match block_on(conditions.current(async { Ok(7) })) {
                Ok(current) => assert_eq!(current, (!is_any).then_some(7), "{value:?}"),
                Err(problem) => assert!(!is_any && !*known && problem.cause() == Some(&Error::Stale), "{value:?}"),
            }
        });
    }

    #[test]
    fn a_key_is_the_same_for_the_same_bytes_alone() {
        check!().with_generator((bytes(&["key", "0123456789abcdef"]), bytes(&["key", " "]))).for_each(
            |(one, other)| {
                let (Ok(one), Ok(other)) = (HeaderValue::from_bytes(one), HeaderValue::from_bytes(other)) else {
                    return;
                };
                let key = |value: &HeaderValue| {
                    extract::<IdempotencyKey>("idempotency-key", value).map(|IdempotencyKey(key)| key)
                };
                match (key(&one), key(&other)) {
                    (Ok(first), Ok(second)) => assert!(first.is_some() && (first == second) == (one == other)),
                    (Err(problem), _) => {
                        assert!(one.is_empty() || one.len() > 255);
                        assert_eq!(refused_fields(problem).unwrap(), ["Idempotency-Key"]);
                    }
                    (_, Err(_)) => assert!(other.is_empty() || other.len() > 255),
                }
            },
        );
    }

    #[test]
    fn a_media_type_is_known_in_any_case_and_whatever_stands_behind_it() {
        const PIECES: &[&str] =
            &["application/", "json", "+json", "text/csv", "vnd.a", ";", "charset=utf-8", " ", "/", "x"];
        check!().with_generator((text(PIECES), text(PIECES))).for_each(|(name, more)| {
            let of = |text: String| {
                let value = HeaderValue::try_from(text).ok()?;
                Some(media_type(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)])))
            };
            let Some(found) = of(name.clone()) else { return };
            assert!(found.len() <= name.len() && found.trim() == found && !found.contains(';'));
            assert_eq!(of(name.to_ascii_uppercase()).as_ref(), Some(&found));
            assert!(!more.is_ascii() || of(format!(" {name};{more}")).is_none_or(|with_more| with_more == found));
            assert!(
                !is_json(&found)
                    || (found.starts_with("application/") && found.ends_with("json") && found != "text/csv")
            );
        });
    }
}
