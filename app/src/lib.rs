//! The Leptos app: route table, pages, components and server functions.
//!
//! The same code renders a page on the server and takes it over in the browser. Pages and components
//! never ask which side they are on; the few differences live in [`request`] (what surrounds a page) and
//! [`rpc`] (what a call does on the server). Every page works without JavaScript.
//!
//! To add a page: a file under [`pages`], a route below, a heading through [`components::page::Page`].

// The dashboard's view nests deeper than the compiler follows by default.
#![recursion_limit = "256"]

pub mod browser;
pub mod components;
pub mod escape;
pub mod list_url;
pub mod next;
pub mod number;
pub mod pages;
pub mod poll;
pub mod request;
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
use leptos_router::{
    SsrMode,
    components::{Redirect, Route, Router, Routes},
    path,
};
use pages::{
    dashboard::DashboardPage, not_found::NotFoundPage, settings::SettingsPage, sign_in::SignInPage,
    sign_up::SignUpPage, task::TaskPage, tasks::TasksPage,
};

/// Everything inside the document's body.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Colours::new());
    components::page::provide_focus();
    browser::keep_time_zone();
    browser::mark_ready();
    view! {
        <Title formatter=request::title />
        <Router>
            <Header />
            <Routes fallback=NotFoundPage>
                <Route path=path!("/") view=|| view! { <Redirect path=next::HOME /> } ssr=SsrMode::Async />
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                <Route path=path!("/sign-up") view=SignUpPage ssr=SsrMode::Async />
                <Route path=path!("/dashboard") view=DashboardPage ssr=SsrMode::Async />
                <Route path=path!("/tasks") view=TasksPage ssr=SsrMode::Async />
                <Route path=path!("/tasks/:id") view=TaskPage ssr=SsrMode::Async />
                <Route path=path!("/settings") view=SettingsPage ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}
