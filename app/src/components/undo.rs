//! Bringing back what was just deleted.

use super::{
    banner::{Banner, Refusal, Tone},
    here::Here,
    icon::Icon,
};
use crate::{
    browser,
    rpc::{self, Remote, task::Restore},
};
use leptos::{html, prelude::*};
use taskwire_domain::task::DeletedTask;

/// Says what was deleted and offers to undo it.
#[component]
pub fn Undo(
    /// The deleted task, while it can be brought back.
    deleted: Remote<Option<DeletedTask>>,
    /// Brings it back.
    action: ServerAction<Restore>,
) -> impl IntoView {
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    // What had the focus is gone with the task. Whoever is busy elsewhere by now stays there.
    let undo = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(undo) = undo.get()
            && !browser::is_busy()
        {
            browser::focus(Some(undo.into()));
        }
    });
    view! {
        <Refusal error />
        <Transition>
            {move || Suspend::new(async move {
                deleted
                    .await
                    .map(|task| {
                        view! {
                            <Banner tone=Tone::Good>
                                <p>"Deleted “"<bdi>{task.title}</bdi>"”."</p>
                                <ActionForm action on:submit:capture=rpc::once(action)>
                                    <Here />
                                    <input type="hidden" name="id" value=task.id.to_string() />
                                    <button class="button" node_ref=undo>
                                        <Icon icon=icondata::LuUndo2 />
                                        "Undo"
                                    </button>
                                </ActionForm>
                            </Banner>
                        }
                    })
            })}
        </Transition>
    }
}
