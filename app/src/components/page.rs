//! The frame of every page: title, main landmark, one heading.

use crate::browser;
use leptos::{html::Main, prelude::*, text_prop::TextProp};
use leptos_meta::Title;

/// Whether the page is the first one, which the browser itself has announced.
#[derive(Clone, Copy)]
struct FirstPage(StoredValue<bool>);

/// Lets pages take the focus when the router, not the browser, opens them.
pub fn provide_focus() {
    provide_context(FirstPage(StoredValue::new(true)));
}

/// A page's frame. Opened by the router it takes the focus, so that a screen reader starts there.
#[component]
pub fn Page(
    /// For the window's title. Leptos reads it when the page is done, maybe outside of the page's arena,
    /// where only texts and signals of the `Arc` kind are still there.
    #[prop(into)]
    title: TextProp,
    /// How wide the content may be: `page-narrow` for forms.
    #[prop(optional)]
    class: &'static str,
    /// The content, with the page's `h1`.
    children: Children,
) -> impl IntoView {
    browser::mark_ready();
    let main = NodeRef::<Main>::new();
    let first = use_context::<FirstPage>();
    Effect::new(move |_| {
        let (Some(main), Some(FirstPage(first))) = (main.get(), first) else { return };
        if first.get_value() {
            first.set_value(false);
        } else {
            browser::focus(Some(main.into()));
        }
    });
    view! {
        <Title text=title />
        <main id="main" class=format!("page {class}") tabindex="-1" node_ref=main>
            {children()}
        </main>
    }
}
