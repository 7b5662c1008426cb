//! What a page needs to know about its surroundings, and where each side finds it: the server in the
//! request, the browser in its document. The one place in which pages differ between the two.

pub use side::{has_session, new_key, not_found, origin, path, pause, refused, text_area, theme, title};

#[cfg(feature = "ssr")]
mod side {
    use crate::{
        rpc::{
            RpcError,
            server::{CookieSettings, SESSION_COOKIE, cookie, refuse},
        },
        theme::Theme,
    };
    use axum::http::{header, request::Parts};
    use leptos::prelude::use_context;

    /// The colours that the person chose on this browser.
    pub fn theme() -> Theme {
        cookie("theme").map(|word| Theme::parse(&word)).unwrap_or_default()
    }

    /// The page's path and query.
    pub fn path() -> String {
        use_context::<Parts>().map(|parts| parts.uri.to_string()).unwrap_or_default()
    }

    /// Where the browser has found the server, such as `https://tasks.example.org`.
    pub fn origin() -> String {
        let scheme = if use_context::<CookieSettings>().unwrap_or_default().secure { "https" } else { "http" };
        let parts = use_context::<Parts>();
        // In HTTP/2 it is part of the address.
        let named = parts.as_ref().and_then(|parts| {
            let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
            host.or(parts.uri.authority().map(|authority| authority.as_str()))
        });
        format!("{scheme}://{}", named.unwrap_or("localhost"))
    }

    /// Whether the browser has a session, which may have ended.
    pub fn has_session() -> bool {
        cookie(SESSION_COOKIE).is_some_and(|token| !token.is_empty())
    }

    /// The window's title, as markup: Leptos writes it as it is.
    pub fn title(page: String) -> String {
        crate::escape::escape(&format!("{page} · Taskwire"))
    }

    /// What a text area holds, as markup: after the line break that browsers drop at its start.
    pub fn text_area(text: &str) -> String {
        format!("\n{}", crate::escape::escape(text))
    }

    /// Nothing: the server renders a page in one piece.
    pub async fn pause() {}

    /// Says that there is nothing at this address.
    pub fn not_found() {
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
            response.set_status(axum::http::StatusCode::NOT_FOUND);
        }
    }

    /// Says why the page has nothing to show.
    pub fn refused(error: &RpcError) {
        if let RpcError::Refused(error) = error {
            refuse(error.clone());
        }
    }

    /// Marks a form, so that submitting it twice makes one thing.
    pub fn new_key() -> uuid::Uuid {
        uuid::Uuid::new_v4()
    }
}

#[cfg(not(feature = "ssr"))]
mod side {
    use crate::{rpc::RpcError, theme::Theme};
    use leptos::prelude::document;

    /// The colours that the person chose on this browser.
    pub fn theme() -> Theme {
        let word = document().document_element().and_then(|root| root.get_attribute("data-theme"));
        word.map(|word| Theme::parse(&word)).unwrap_or_default()
    }

    /// The page's path and query.
    pub fn path() -> String {
        document().location().and_then(|at| Some(at.pathname().ok()? + &at.search().ok()?)).unwrap_or_default()
    }

    /// Where the browser has found the server, such as `https://tasks.example.org`.
    pub fn origin() -> String {
        document().location().and_then(|at| at.origin().ok()).unwrap_or_default()
    }

    /// Whether the browser had a session when the server made this document.
    pub fn has_session() -> bool {
        document().document_element().is_some_and(|root| root.has_attribute("data-session"))
    }

    /// The window's title, as text.
    pub fn title(page: String) -> String {
        format!("{page} · Taskwire")
    }

    /// What a text area holds, as markup: set by a script, none of it is dropped.
    pub fn text_area(text: &str) -> String {
        crate::escape::escape(text)
    }

    /// Lets the browser attend to the person before it goes on.
    pub async fn pause() {
        gloo_timers::future::TimeoutFuture::new(0).await;
    }

    /// Says that there is nothing at this address: the page does.
    pub fn not_found() {}

    /// Says why the page has nothing to show: the page does.
    pub fn refused(_: &RpcError) {}

    /// Marks a form, so that submitting it twice makes one thing. Not a secret: it only has to differ
    /// from the person's other keys, and `crypto.randomUUID` is missing on plain HTTP.
    pub fn new_key() -> uuid::Uuid {
        let bytes = std::array::from_fn(|_| (js_sys::Math::random() * 256.0) as u8);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}
