//! Forms of browsers without JavaScript.
//!
//! Such a form is posted to the server function itself. When the function refuses, the answer is the
//! page that the form was on, rendered anew with the complaint and with everything the person typed.
//! Leptos' own way, a redirect with the error in the query, would lose the texts, and they are too long
//! for a query or a cookie. Nothing is kept on the server in between, so any instance may answer.
//!
//! The page is sent without scripts: its address is that of the server function, where wasm would find
//! no route. Where the page itself cannot be shown (session ended, database away), a page that needs no
//! data holds the texts and offers to send them again.

use super::{
    RpcError,
    server::{status, wants_page},
};
use crate::{
    next::{HOME, local_or_home},
    pages::send_again::SendAgain,
    shell::{document, shell},
    typed::Typed,
};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::{
    prelude::*,
    server::ServerActionError,
    server_fn::error::{FromServerFnError, ServerFnUrlError},
};
use leptos_axum::{handle_server_fns_with_context, render_app_async_with_context};
use url::{Url, form_urlencoded};

/// Serves `/rpc/*`: runs the server function, and answers a refused plain form with its page.
///
/// `provide` gives the context that server functions and pages need.
pub async fn serve(
    provide: impl Fn() + Clone + Send + Sync + 'static,
    options: LeptosOptions,
    request: Request,
) -> Response {
    if request.method() != Method::POST || !wants_page(request.headers()) {
        return refusal(handle_server_fns_with_context(provide, request).await.into_response()).await.1;
    }
    let (mut parts, body) = request.into_parts();
    // How large a body may be is the server's to say, and it has.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let page = page_of(&parts, &fields);
    // Leptos sends the browser back to the referer: after a refused form that would be our own address.
    if let Ok(value) = HeaderValue::from_str(&page) {
        parts.headers.insert(header::REFERER, value);
    }
    let call = Request::from_parts(parts.clone(), Body::from(body));
    let answer = handle_server_fns_with_context(provide.clone(), call).await.into_response();
    let (error, answer) = refusal(answer).await;
    match error {
        Some(error) => show_again(provide, options, parts, fields, page, &error, answer.status()).await,
        // After a POST, 303 is the redirect that means "get that page".
        None if answer.status() == StatusCode::FOUND => with_status(answer, StatusCode::SEE_OTHER),
        None => answer,
    }
}

/// The refusal in an answer, if it is one, and the answer with the status that goes with it: arguments
/// that do not parse never reach a function that could set it.
async fn refusal(answer: Response) -> (Option<RpcError>, Response) {
    if !answer.status().is_client_error() && !answer.status().is_server_error() {
        return (None, answer);
    }
    let (mut head, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let error = RpcError::de(body.clone());
    if let RpcError::Refused(error) = &error {
        head.status = status(error);
    }
    (Some(error), Response::from_parts(head, Body::from(body)))
}

/// Where a form stands: it says so itself, or the browser does.
fn page_of(parts: &Parts, fields: &[(String, String)]) -> String {
    let said = fields.iter().find(|(name, _)| name == "page").map(|(_, page)| page.clone());
    let referer = || {
        let url = Url::parse(parts.headers.get(header::REFERER)?.to_str().ok()?).ok()?;
        Some(url[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
    };
    let page = said.or_else(referer).unwrap_or_default();
    if page.starts_with("/rpc/") { HOME.to_owned() } else { local_or_home(&page).to_owned() }
}

/// The form's page with the complaint and the texts, or the texts alone where it cannot be shown.
async fn show_again(
    provide: impl Fn() + Clone + Send + Sync + 'static,
    options: LeptosOptions,
    mut parts: Parts,
    mut fields: Vec<(String, String)>,
    page: String,
    error: &RpcError,
    status: StatusCode,
) -> Response {
    let path = parts.uri.path().to_owned();
    fields.retain(|(name, _)| !name.contains("password") && name != "page");
    let typed = Typed { path: path.clone(), page: page.clone(), fields };
    let complaint = complaint(&path, error);
    let provide = move || {
        provide();
        provide_context(typed.clone());
        provide_context(complaint.clone());
    };

    let Ok(uri) = page.parse() else { return status.into_response() };
    (parts.method, parts.uri) = (Method::GET, uri);
    let request = || Request::from_parts(parts.clone(), Body::empty());
    let shown = {
        let options = options.clone();
        render_app_async_with_context(provide.clone(), move || shell(options.clone()))(request()).await
    };
    if shown.status().is_success() {
        return with_status(shown, status);
    }
    let error = error.clone();
    let alone = move || {
        let error = error.clone();
        document(options.clone(), move || view! { <SendAgain error=error.clone() /> }.into_any())
    };
    with_status(render_app_async_with_context(provide, alone)(request()).await, status)
}

/// The refusal in the form in which Leptos' actions look for it.
fn complaint(path: &str, error: &RpcError) -> ServerActionError {
    let url = ServerFnUrlError::new(path, error.clone()).to_url("http://taskwire.invalid/");
    let encoded =
        url.ok().and_then(|url| url.query_pairs().find(|(key, _)| key == "__err").map(|(_, v)| v.into_owned()));
    ServerActionError::new(path, &encoded.unwrap_or_default())
}

fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use axum::http::Request;
    use taskwire_domain::{Error, FieldError};
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_form_stands_on_a_page_of_this_site() {
        const PIECES: &[&str] = &[
            "https://",
            "http://",
            "taskwire.example",
            "evil.example",
            "/",
            "//",
            "\\",
            "/tasks",
            "/rpc/",
            "/rpc/task/create",
            "?",
            "#a",
            "data:",
            "about:blank",
            "..",
            "%2f",
            ":80",
            "@",
            " ",
            "ä",
        ];
        check!().with_generator((text(PIECES), text(PIECES), produce::<bool>())).for_each(
            |(referer, said, says_so)| {
                let request = Request::builder().header(header::REFERER, referer).body(());
                let Ok(request) = request else { return };
                let fields: Vec<_> = says_so.then(|| ("page".to_owned(), said.clone())).into_iter().collect();
                let page = page_of(&request.into_parts().0, &fields);
                assert_eq!(local_or_home(&page), page);
                assert!(!page.starts_with("/rpc/"), "{page}");
                if *says_so && local_or_home(said) == said && !said.starts_with("/rpc/") {
                    assert_eq!(&page, said, "what it says itself counts");
                }
            },
        );
    }

    #[test]
    fn a_refusal_is_found_again_by_the_forms_action() {
        const PIECES: &[&str] = &["title", "\"", "&", "=", "+", "%", "#", "\0", "ä", "|", " "];
        check!().with_generator((text(PIECES), text(PIECES))).for_each(|(field, message)| {
            let error = RpcError::Refused(Error::Invalid(vec![FieldError::new(field, message.clone())]));
            let complaint = complaint("/rpc/task/create", &error);
            assert_eq!(complaint.path(), "/rpc/task/create");
            assert_eq!(ServerFnUrlError::<RpcError>::decode_err(complaint.err()), error);
        });
    }
}
