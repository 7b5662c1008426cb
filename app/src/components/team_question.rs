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
    /// Where "Cancel" leads.
    #[prop(into)]
    cancel: String,
    /// The form.
    children: Children,
) -> impl IntoView {
    let question = NodeRef::<html::Div>::new();
    Effect::new(move |_| browser::focus(question.get().map(Into::into)));
    let labelled = id.clone();
    view! {
        <div class="confirm" role="group" aria-labelledby=labelled tabindex="-1" node_ref=question>
            <p id=id>{words.into_any()}</p>
            <div class="actions">
                {children()} <a href=cancel data-noscroll="" class="button">
                    "Cancel"
                </a>
            </div>
        </div>
    }
}
