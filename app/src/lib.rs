//! The Leptos app: route table, pages, components and server functions.
//!
//! The same code renders a page on the server and takes it over in the browser. Pages and components
//! never ask which side they are on; the few differences live in [`request`] (what surrounds a page) and
//! [`rpc`] (what a call does on the server). Every page works without JavaScript.
//!
//! To add a page: a file under [`pages`], a route in [`routes`], a heading through [`components::page::Page`].

// The dashboard's view nests deeper than the compiler follows by default.
#![recursion_limit = "256"]

pub mod audit_words;
pub mod browser;
pub mod components;
pub mod escape;
pub mod list_url;
pub mod next;
pub mod number;
pub mod pages;
pub mod poll;
pub mod request;
pub mod reset;
mod routes;
pub mod rows;
pub mod rpc;
mod shell;
pub mod theme;
pub mod time;
pub mod typed;
pub mod user_agent;

#[cfg(feature = "ssr")]
pub use rpc::{forms::serve as serve_rpc, server::CookieSettings};
pub use shell::shell;

use components::{header::Header, theme_switch::Colours};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::Router;
use routes::Pages;

/// Everything inside the document's body.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Colours::new());
    components::page::provide_focus();
    browser::keep_time_zone();
    view! {
        <Title formatter=request::title />
        <Router>
            <Header />
            <Pages />
        </Router>
    }
}
