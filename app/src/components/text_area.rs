//! A field of several lines.

use crate::escape::escape;
use leptos::prelude::*;

/// A `textarea` that holds `value` at first. Leptos does not escape the children of this element, which
/// would let a task's text end it; nor does an empty one hydrate. So the text goes in escaped, after the
/// line break that browsers drop there.
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
    let text = format!("\n{}", escape(&value));
    view! {
        <textarea id=name.clone() name=name rows=rows.to_string() required=!optional dir="auto" inner_html=text></textarea>
    }
}
