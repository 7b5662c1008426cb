//! The frame of the pages for people who are not signed in yet.

use super::{banner::Refusal, page::Page};
use crate::{next, rpc::RpcError};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// A heading, why the form was refused, the form, and the way to the other door.
#[component]
pub fn Door(
    /// For the window's title.
    title: &'static str,
    /// The page's `h1`.
    heading: &'static str,
    /// Why the form was refused.
    error: Signal<Option<RpcError>>,
    /// Fields that show their own complaints.
    fields: &'static [&'static str],
    /// The path of the other door, and how to ask for it: a question and the link's text.
    other: (&'static str, &'static str, &'static str),
    /// The form.
    children: Children,
) -> impl IntoView {
    let wanted = wanted_page();
    let (path, question, link) = other;
    let way = move || match wanted.get() {
        next if next.is_empty() => path.to_owned(),
        next => format!("{path}?next={}", next::encode(&next)),
    };
    view! {
        <Page title class="page-door">
            <div class="door">
                <h1>{heading}</h1>
                <Refusal error fields />
                <div class="panel form">{children()}</div>
                <p class="door-more">{question} " " <a href=way>{link}</a></p>
            </div>
        </Page>
    }
}

/// Where the person was going; empty without a wish.
pub fn wanted_page() -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get("next").unwrap_or_default()))
}
