//! What a person just did on the settings page.

use super::icon::Icon;
use crate::rpc::Answers;
use leptos::prelude::*;

/// Says that it worked, while that is the last thing which was done.
#[component]
pub fn Saved(
    /// What was done last.
    answers: Answers<String>,
    /// The name under which it is noted, which is also what `?saved=` says.
    name: &'static str,
    /// What to say.
    #[prop(default = "Saved")]
    words: &'static str,
) -> impl IntoView {
    let is_last = move || answers.done.with(|done| done.as_deref() == Some(name));
    view! {
        <span class="saved" role="status">
            {move || is_last().then(|| view! { <Icon icon=icondata::LuCheck /> {words} })}
        </span>
    }
}
