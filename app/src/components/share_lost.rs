//! A text whose task somebody else has deleted, or no longer lets the viewer change.

use super::{
    banner::{Banner, Refusal, Tone},
    here::Here,
};
use crate::{
    request,
    rpc::{self, RpcError, task::Create},
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use taskwire_domain::Error;

/// Whether the task cannot be saved any more, whatever its texts.
pub fn is_loss(error: &RpcError) -> bool {
    matches!(error, RpcError::Refused(Error::NotFound | Error::Forbidden))
}

/// Says why there is nothing to save to any more, and offers to keep the texts as another task.
#[component]
pub fn Lost(
    /// Why it was not saved.
    error: Memo<Option<RpcError>>,
    /// Whether the task was the viewer's own.
    own: bool,
    /// Title and description as they stand in the form.
    texts: RwSignal<(String, String)>,
) -> impl IntoView {
    let why = move || match (error.get(), own) {
        (Some(RpcError::Refused(Error::Forbidden)), _) => "You can no longer change this task.",
        (_, true) => "This task was deleted in the meantime.",
        (_, false) => "This task was deleted in the meantime, or is no longer visible to you.",
    };
    let create = rpc::action::<Create>();
    let refused = Signal::derive(move || create.value().get().and_then(Result::err));
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(_)) = create.value().get() {
            navigate("/tasks", NavigateOptions::default());
        }
    });
    view! {
        <Banner tone=Tone::Problem>
            <p>{why} " Your text is still in the form."</p>
            <ActionForm action=create on:submit:capture=rpc::once(create)>
                <Here />
                <input type="hidden" name="key" value=request::new_key().to_string() />
                <input type="hidden" name="title" value=move || texts.with(|texts| texts.0.clone()) />
                <input type="hidden" name="description" value=move || texts.with(|texts| texts.1.clone()) />
                <button class="button">"Make a new task from this text"</button>
            </ActionForm>
        </Banner>
        <Refusal error=refused />
    }
}
