//! A question before something that cannot simply be undone.

use crate::browser;
use leptos::{html, prelude::*};
use leptos_router::hooks::use_query_map;

/// A link that asks a question, whose answer is a form.
#[component]
pub fn Asked(
    /// The page's path.
    #[prop(into)]
    page: String,
    /// What the address knows the question by, and the id of the part of the page that it stands in.
    key: &'static str,
    /// The link in words.
    link: &'static str,
    /// What is asked.
    question: &'static str,
    /// The form.
    children: ChildrenFn,
) -> impl IntoView {
    let query = use_query_map();
    let asks = Memo::new(move |_| query.with(|query| query.get_str("confirm") == Some(key)));
    let (page, children) = (StoredValue::new(page), StoredValue::new(children));
    let opener = NodeRef::new();
    view! {
        <Show
            when=move || asks.get()
            fallback=move || {
                view! {
                    <a
                        node_ref=opener
                        href=format!("{}?confirm={key}#{key}", page.read_value())
                        data-noscroll=""
                        class="button button-quiet-danger"
                    >
                        {link}
                    </a>
                }
            }
        >
            <Question
                id=format!("ask-{key}")
                words=question
                opener
                cancel=format!("{}#{key}", page.read_value())
            >
                {children.with_value(|children| children())}
            </Question>
        </Show>
    }
}

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
