//! What a person just did on the settings page.

use super::icon::Icon;
use crate::rpc::RpcError;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

/// What was done last. One thing at a time is confirmed, and a refusal confirms nothing.
#[derive(Clone, Copy)]
pub struct Done {
    last: RwSignal<Option<&'static str>>,
    times: RwSignal<usize>,
}

impl Done {
    /// Nothing yet; what a form without JavaScript did is in the address.
    pub fn new() -> Self {
        Self { last: RwSignal::new(None), times: RwSignal::new(0) }
    }

    /// Notes under `name` whenever the action has worked.
    pub fn note<S>(self, action: ServerAction<S>, name: &'static str)
    where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        let worked = move || action.value().with_untracked(|answer| answer.as_ref().map(Result::is_ok));
        if worked() == Some(false) {
            self.forget();
        }
        Effect::watch(
            move || action.version().get(),
            move |_, _, _| match worked() {
                Some(true) => {
                    self.last.set(Some(name));
                    self.times.update(|times| *times += 1);
                }
                _ => self.forget(),
            },
            false,
        );
    }

    /// Confirms nothing any more: something has changed since.
    pub fn forget(self) {
        self.last.set(Some(""));
    }

    /// What was done last, for who follows [`Self::times`].
    pub fn last(self) -> Option<&'static str> {
        self.last.get_untracked()
    }

    /// How many things were done. What was refused does not count, so that a page which follows this leaves everything
    /// alone that a person has typed.
    pub fn times(self) -> usize {
        self.times.get()
    }
}

impl Default for Done {
    fn default() -> Self {
        Self::new()
    }
}

/// Says that it worked, while that is the last thing which was done.
#[component]
pub fn Confirmation(
    /// What was done.
    done: Done,
    /// The name under which it is noted, which is also what `?saved=` says.
    name: &'static str,
    /// What to say.
    #[prop(default = "Saved")]
    words: &'static str,
) -> impl IntoView {
    let query = use_query_map();
    let shown = move || match done.last.get() {
        Some(last) => last == name,
        None => query.with(|query| query.get_str("saved") == Some(name)),
    };
    view! {
        <span class="saved" role="status">
            {move || shown().then(|| view! { <Icon icon=icondata::LuCheck /> {words} })}
        </span>
    }
}
