//! A question before something that cannot simply be undone.

use crate::browser;
use leptos::{html, prelude::*};

/// Asks, with a form as the answer. The question is part of the address, so it works without JavaScript, and the
/// browser's Back takes it away.
#[component]
pub fn Question(
    /// What the page knows it by.
    #[prop(into)]
    id: String,
    /// What is asked.
    words: impl IntoView + 'static,
    /// The link that asks it, which has the focus again when the question goes away.
    opener: NodeRef<html::A>,
    /// Where the way out leads.
    #[prop(into)]
    cancel: Signal<String>,
    /// The way out in words.
    #[prop(default = "Cancel")]
    cancel_words: &'static str,
    /// The form.
    children: Children,
) -> impl IntoView {
    let question = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        browser::focus(question.get().map(Into::into));
        on_cleanup(move || {
            let opener = move || opener.try_get_untracked().flatten().map(Into::into);
            let has_focus = browser::focused_within(".confirm");
            // In the next frame, for a link that made room for the question.
            browser::keep_focus(opener);
            if has_focus {
                // At once, for a link in a row that may be gone by then.
                browser::focus(opener());
            }
        });
    });
    let labelled = id.clone();
    view! {
        <div class="confirm" role="group" aria-labelledby=labelled tabindex="-1" node_ref=question>
            <p id=id>{words.into_any()}</p>
            <div class="actions">
                {children()} <a href=move || cancel.get() data-noscroll="" class="button">
                    {cancel_words}
                </a>
            </div>
        </div>
    }
}
