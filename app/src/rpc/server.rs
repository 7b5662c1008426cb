//! The server's side of every remote call: who asks, what is answered, where the browser goes next.

use super::RpcError;
use crate::list_url::Place;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use chrono::{DateTime, Utc};
use cookie::{Cookie, SameSite, time::OffsetDateTime};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use secrecy::ExposeSecret;
use taskwire_backend::{Backend, Client, SignedIn, Viewer};
use taskwire_domain::{Error, TaskId, allowance::Allowance};
use url::form_urlencoded;

/// The cookie that holds a browser's token.
pub const SESSION_COOKIE: &str = "taskwire_session";

/// The cookie by which a browser is known that has signed in before. It stays when somebody signs out.
const DEVICE_COOKIE: &str = "taskwire_device";

/// Where that is sent: nobody else has to do with it.
const SIGN_IN_PATH: &str = "/rpc/account";

/// How cookies are set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CookieSettings {
    /// Whether browsers may send the session over HTTPS only.
    pub secure: bool,
}

/// The operations, for whoever is not signed in yet.
pub fn backend() -> Result<Backend, RpcError> {
    use_context::<Backend>().ok_or(RpcError::Refused(Error::Internal))
}

/// The operations and who asks for them.
pub fn signed_in() -> Result<(Backend, Viewer), RpcError> {
    let identity = use_context::<Parts>().and_then(|parts| parts.extensions.get().cloned());
    let Identity(viewer) = identity.unwrap_or_default();
    Ok((backend()?, viewer.map_err(refuse)?))
}

/// Who sent a request, which stands among its extensions.
#[derive(Debug, Clone)]
pub struct Identity(pub Result<Viewer, Error>);

impl Default for Identity {
    fn default() -> Self {
        Self(Err(Error::Unauthorized))
    }
}

impl Identity {
    /// The one place where a token becomes a viewer. A program sends it as a bearer, a browser in its cookie, where a
    /// session's token alone is taken.
    pub async fn of(backend: &Backend, headers: &HeaderMap, client: Client) -> Self {
        let viewer = match (bearer(headers), cookie_in(headers, SESSION_COOKIE)) {
            (Some(token), _) => backend.authenticate(&token, client).await,
            (None, Some(token)) => backend.viewer(&token, client),
            (None, None) => return Self::default(),
        };
        Self(viewer.map_err(taskwire_backend::Error::into_public))
    }
}

/// Where a try to sign in comes from.
pub fn client() -> Client {
    let client: Client = use_context::<Parts>().and_then(|parts| parts.extensions.get().cloned()).unwrap_or_default();
    Client { device: cookie(DEVICE_COOKIE).map(Into::into), ..client }
}

/// The token in the header `Authorization`, whose scheme may be written in any case (RFC 9110, section 11.1).
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = text(headers.get(header::AUTHORIZATION)?);
    let (scheme, token) = value.split_once(' ').unwrap_or((&value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The value of one of the request's cookies, decoded.
pub fn cookie(name: &str) -> Option<String> {
    cookie_in(&use_context::<Parts>()?.headers, name)
}

fn cookie_in(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).into_iter().map(text);
    cookies
        .flat_map(Cookie::split_parse_encoded)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// A header as it came: bytes that are no text, perhaps of another program's cookie, spoil nothing else in it.
fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Gives the browser a cookie.
pub fn set_cookie(cookie: &Cookie<'_>) {
    if let (Some(response), Ok(value)) =
        (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie.encoded().to_string()))
    {
        response.append_header(header::SET_COOKIE, value);
    }
}

/// Keeps the person signed in on this browser until the session ends, and the browser known for longer.
pub fn remember(signed_in: &SignedIn) {
    let SignedIn { token, expires_at, device, .. } = signed_in;
    set_private(SESSION_COOKIE, token.expose_secret(), "/", Some(end_at(*expires_at)));
    set_private(DEVICE_COOKIE, device.token.expose_secret(), SIGN_IN_PATH, Some(end_at(device.expires_at)));
}

fn end_at(time: DateTime<Utc>) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(time.timestamp()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Takes the session away from this browser.
pub fn forget() {
    set_private(SESSION_COOKIE, "", "/", Some(OffsetDateTime::UNIX_EPOCH));
}

/// Takes everything of an account away from this browser that is gone.
pub fn forget_account() {
    forget();
    set_private(DEVICE_COOKIE, "", SIGN_IN_PATH, Some(OffsetDateTime::UNIX_EPOCH));
}

/// The cookie in which a form leaves what its page is to show once, and what must not stand in an address.
const NOTE_COOKIE: &str = "taskwire_note";

/// As [`after_form`], with a note for the page at `path`.
pub fn after_form_with_note(path: &str, note: &str) {
    if is_plain_form() {
        let page = path.split(['?', '#']).next().unwrap_or_default();
        set_private(NOTE_COOKIE, note, page, None);
        leptos_axum::redirect(path);
    }
}

/// The note that a form has left for this page, if it has; gone by the next time.
pub fn take_note() -> Option<String> {
    let note = cookie(NOTE_COOKIE).filter(|note| !note.is_empty())?;
    let page = use_context::<Parts>()?.uri.path().to_owned();
    set_private(NOTE_COOKIE, "", &page, Some(OffsetDateTime::UNIX_EPOCH));
    Some(note)
}

/// Sets a cookie that scripts do not see; without `end` it lasts as long as the browser is open.
fn set_private(name: &str, value: &str, path: &str, end: Option<OffsetDateTime>) {
    let cookie = Cookie::build((name, value))
        .path(path)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(use_context::<CookieSettings>().unwrap_or_default().secure)
        .expires(end);
    set_cookie(&cookie.build());
}

/// A backend's refusal as the browser sees it.
pub fn refused(error: taskwire_backend::Error) -> RpcError {
    refuse(error.into_public())
}

/// A refusal, whose status becomes that of the response: of the call, or of the page rendered meanwhile.
pub fn refuse(error: Error) -> RpcError {
    // A page that reads several things may be on its way to the sign-in already when the last of them is refused.
    if let Some(response) = use_context::<ResponseOptions>()
        && !response.0.read().is_ok_and(|set| set.status.is_some_and(|status| status.is_redirection()))
    {
        response.set_status(status(&error));
        for (name, value) in headers(&error) {
            response.insert_header(name, value);
        }
    }
    error.into()
}

/// The one table of refusals and statuses.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthorized | Error::WrongCredentials => StatusCode::UNAUTHORIZED,
        Error::Forbidden | Error::OutOfScope(_) => StatusCode::FORBIDDEN,
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::OneOfMany { refusal, .. } => status(refusal),
        Error::Stale => StatusCode::PRECONDITION_FAILED,
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The headers that go with a refusal, whoever asked.
pub fn headers(error: &Error) -> Vec<(HeaderName, HeaderValue)> {
    match error {
        Error::RateLimited(allowance) => {
            let wait = (header::RETRY_AFTER, HeaderValue::from(allowance.retry_after));
            allowance_headers(*allowance).into_iter().chain([wait]).collect()
        }
        _ => Vec::new(),
    }
}

/// What is left of a limit, as headers.
pub fn allowance_headers(Allowance { limit, remaining, reset, .. }: Allowance) -> [(HeaderName, HeaderValue); 3] {
    [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)]
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from(value)))
}

/// Whether a browser waits for a page: it asks for one, or sent a form without JavaScript.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|v| v.contains("text/html"))
}

/// Sends a browser without JavaScript to `path` now that its form has done its work. Without this it
/// goes back to where the form was. The wasm client stays where it is and shows the answer itself.
pub fn after_form(path: &str) {
    if is_plain_form() {
        leptos_axum::redirect(path);
    }
}

/// Whether the call is a form of a browser without JavaScript.
fn is_plain_form() -> bool {
    use_context::<Parts>().is_some_and(|parts| wants_page(&parts.headers))
}

/// The list of tasks as the person left it, with `deleted` in its query in place of questions answered by now.
pub fn task_list_after(deleted: Option<TaskId>) -> String {
    let parts = use_context::<Parts>();
    let page = parts.as_ref().and_then(|parts| parts.headers.get(header::REFERER)?.to_str().ok()).unwrap_or_default();
    // `forms` has put the form's page there, as a path of ours.
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let (place, kept) = Place::at(path).map_or((Place::Tasks, ""), |place| (place, query));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(kept.as_bytes()).filter(|(key, _)| key != "confirm" && key != "deleted"));
    if let Some(id) = deleted {
        query.append_pair("deleted", &id.to_string());
    }
    format!("{place}?{}", query.finish()).trim_end_matches('?').to_owned()
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use axum::http::Request;
    use leptos::prelude::{Owner, provide_context};
    use taskwire_fuzz::{bytes, check, produce, text};

    fn with(name: HeaderName, value: &[u8]) -> Option<HeaderMap> {
        HeaderValue::from_bytes(value).ok().map(|value| HeaderMap::from_iter([(name, value)]))
    }

    #[test]
    fn a_bearer_is_what_stands_behind_that_word() {
        const PIECES: &[&str] =
            &["Bearer", "BEARER", "bear", "er", " ", " ", "\t", "Basic", "taskwire_", "eyJ0", ".", ","];
        check!().with_generator(bytes(PIECES)).for_each(|value| {
            let Some(headers) = with(header::AUTHORIZATION, value) else { return };
            let said = value.get(..6).filter(|word| word.eq_ignore_ascii_case(b"bearer")).map(|_| &value[6..]);
            let wanted = said.filter(|rest| rest.is_empty() || rest.starts_with(b" "));
            let wanted = wanted.map(|token| String::from_utf8_lossy(token).trim().to_owned());
            assert_eq!(bearer(&headers), wanted);
        });
    }

    #[test]
    fn a_cookie_is_found_among_whatever_others_there_are() {
        const OTHERS: &[&str] = &["a=b", "taskwire", "=", ";", "; ", " ", "\"", "%", "%ff", "theme=dark", ",", "\\"];
        const VALUE: &[&str] = &["eyJ0", ".", ";", "%", " ", "\"", "=", "ä", "\0"];
        check!().with_generator((bytes(OTHERS), text(VALUE), bytes(OTHERS))).for_each(|(before, value, after)| {
            let own = Cookie::new(SESSION_COOKIE, value.clone()).encoded().to_string();
            let line = [before.as_slice(), b";", own.as_bytes(), b";", after.as_slice()].concat();
            let Some(headers) = with(header::COOKIE, &line) else { return };
            assert_eq!(cookie_in(&headers, SESSION_COOKIE).as_ref(), Some(value));
            assert_eq!(cookie_in(&headers, DEVICE_COOKIE), None);
        });
    }

    #[test]
    fn after_a_deletion_comes_a_list_of_ours_with_nothing_asked() {
        const PIECES: &[&str] = &[
            "/tasks",
            "/shared",
            "/teams/",
            "0199a4d0-0000-7000-8000-000000000001",
            "/dashboard",
            "//evil.example",
            "?",
            "&",
            "q=a",
            "confirm=7",
            "deleted=8",
            "confirm",
            "%63onfirm=7",
            "#",
            "=",
            "+",
            "%",
        ];
        check!().with_generator((text(PIECES), produce::<Option<i64>>())).for_each(|(page, deleted)| {
            let Ok(request) = Request::builder().header(header::REFERER, page).body(()) else { return };
            let list = Owner::new().with(|| {
                provide_context(request.into_parts().0);
                task_list_after(deleted.map(TaskId))
            });
            let (path, query) = list.split_once('?').unwrap_or((&list, ""));
            assert!(Place::at(path).is_some(), "{list}");
            assert_eq!(crate::next::local_or_home(&list), list);
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let said =
                |name: &str| pairs.iter().filter(|(key, _)| key == name).map(|(_, id)| id.as_str()).collect::<Vec<_>>();
            assert!(said("confirm").is_empty(), "{list}");
            let deleted = deleted.map(|id| id.to_string());
            assert_eq!(said("deleted"), deleted.as_deref().into_iter().collect::<Vec<_>>());
        });
    }
}
