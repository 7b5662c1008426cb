//! A new password.

use super::{banner::Refusal, field::Field, here::Here, saved::Saved};
use crate::rpc::{self, Answers, account::ChangePassword};
use leptos::{html, prelude::*};

const PASSWORD_RULES: &str = "8 to 128 characters with an upper-case letter, a lower-case letter and a digit.";

/// Asks for the old password and the new one.
#[component]
pub fn PasswordPart(
    /// Whose password it is, for the browser's password manager.
    email: String,
    /// Sets it.
    change: ServerAction<ChangePassword>,
    /// The form, for the page to empty.
    form: NodeRef<html::Form>,
    /// What was done last.
    answers: Answers<String>,
) -> impl IntoView {
    let error = Signal::derive(move || change.value().get().and_then(Result::err));
    view! {
        <section class="panel form" aria-labelledby="password-title">
            <h2 id="password-title">"Password"</h2>
            <p class="hint">"Another one signs out everywhere else. API tokens go on: revoke those that you do not know."</p>
            <Refusal error fields=&["current_password", "new_password"] />
            <ActionForm
                action=change
                node_ref=form
                on:input=move |_| answers.forget()
                on:submit:capture=rpc::once(change)
            >
                <Here />
                <input type="text" autocomplete="username" value=email hidden readonly />
                <Field
                    name="current_password"
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                    error
                />
                <Field
                    name="new_password"
                    label="New password"
                    kind="password"
                    autocomplete="new-password"
                    hint=PASSWORD_RULES
                    error
                />
                <div class="actions">
                    <button class="button">"Change password"</button>
                    <Saved
                        answers
                        name="password"
                        words="Saved. Everywhere else you have been signed out."
                    />
                </div>
            </ActionForm>
        </section>
    }
}
