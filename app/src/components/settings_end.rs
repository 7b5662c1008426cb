//! The end of the person's account.

use super::{banner::Refusal, field::Field, here::Here, icon::Icon, question::Asked};
use crate::rpc::{self, account::Delete};
use leptos::prelude::*;

/// Says what goes and what stays, and deletes after a question that the address carries.
#[component]
pub fn EndPart() -> impl IntoView {
    let action = rpc::action::<Delete>();
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    view! {
        <section class="panel" id="delete" aria-labelledby="delete-title">
            <h2 id="delete-title">"Delete your account"</h2>
            <p class="hint">
                "Your tasks, what you share and what is shared with you, your API tokens and your sessions go at once and for good. "
                "Your tasks in teams go to the team’s owner; a team in which you are alone goes with you. "
                "What the activity of your teams says of you stays."
            </p>
            <Refusal error fields=&["password"] />
            <Asked
                page="/settings"
                key="delete"
                link="Delete your account…"
                question="Delete your account and all that is yours? This cannot be undone."
            >
                <ActionForm action on:submit:capture=rpc::once(action)>
                    <Here />
                    <Field
                        name="password"
                        label="Your password, once more"
                        kind="password"
                        autocomplete="current-password"
                        error
                    />
                    <button class="button button-danger">
                        <Icon icon=icondata::LuTrash2 />
                        "Delete account"
                    </button>
                </ActionForm>
            </Asked>
        </section>
    }
}
