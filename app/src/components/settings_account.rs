//! Who the person is.

use super::{banner::Refusal, field::Field, header::SignOutForm, here::Here, moment::At, saved::Saved};
use crate::{
    rpc::{
        self, Answers,
        account::{SignOut, Update},
    },
    typed::typed,
};
use leptos::prelude::*;
use taskwire_domain::account::Account;

/// The name, to change; the facts; and the way out.
#[component]
pub fn AccountPart(
    /// The account as it is.
    account: Account,
    /// Saves the name.
    update: ServerAction<Update>,
    /// What was done last.
    answers: Answers<String>,
) -> impl IntoView {
    let error = Signal::derive(move || update.value().get().and_then(Result::err));
    let sign_out = rpc::action::<SignOut>();
    let not_signed_out = Signal::derive(move || sign_out.value().get().and_then(Result::err));
    let name = typed::<Update>("name").unwrap_or(account.name);
    view! {
        <section class="panel" aria-labelledby="account">
            <h2 id="account">"Account"</h2>
            <div class="form settings-form">
                <Refusal error fields=&["name"] />
                <ActionForm action=update on:input=move |_| answers.forget() on:submit:capture=rpc::once(update)>
                    <Here />
                    <Field
                        name="name"
                        label="Name"
                        autocomplete="name"
                        hint="Whoever shares a task or a team with you sees it."
                        value=name
                        error
                    />
                    <div class="actions">
                        <button class="button">"Save name"</button>
                        <Saved answers name="profile" />
                    </div>
                </ActionForm>
            </div>
            <dl class="facts">
                <dt>"Email"</dt>
                <dd>
                    <bdi>{account.email}</bdi>
                </dd>
                <dt>"Member since"</dt>
                <dd>
                    <At then=account.created_at />
                </dd>
            </dl>
            <Refusal error=not_signed_out />
            <SignOutForm action=sign_out class="button" words=true />
        </section>
    }
}
