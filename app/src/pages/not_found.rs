//! What is not there, or not for this person.

use crate::{components::page::Page, request};
use leptos::prelude::*;

/// An address that no page has.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    request::not_found();
    view! {
        <Page title="Not found" class="page-narrow">
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or what it led to is gone."</p>
            <WayBack />
        </Page>
    }
}

/// A thing that does not exist, on a page that does.
#[component]
pub fn Missing() -> impl IntoView {
    view! {
        <h1>"This is not here"</h1>
        <p>"It does not exist, it was deleted, or it is not visible to you."</p>
        <WayBack />
    }
}

#[component]
fn WayBack() -> impl IntoView {
    view! {
        <p class="actions">
            <a class="button" href="/tasks">
                "All tasks"
            </a>
            <a class="button" href="/dashboard">
                "Dashboard"
            </a>
        </p>
    }
}
