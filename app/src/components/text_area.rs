//! A field of several lines.

use crate::request;
use leptos::prelude::*;

/// A `textarea` that holds `value` at first. Leptos does not escape the children of this element, which
/// would let a task's text end it; nor does an empty one hydrate. So the text goes in as markup.
#[component]
pub fn TextArea(
    /// Its name and id.
    #[prop(into)]
    name: String,
    /// What it holds at first.
    value: String,
    /// Lines shown.
    rows: u32,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let text = request::text_area(&value);
    view! {
        <textarea id=name.clone() name=name rows=rows.to_string() required=!optional dir="auto" inner_html=text></textarea>
    }
}
