//! Making an account.

use crate::{
    components::{
        door::{Door, wanted_page},
        field::Field,
        here::Here,
    },
    rpc::{self, account::SignUp},
    typed::typed,
};
use leptos::prelude::*;

const PASSWORD_RULES: &str = "8 to 128 characters with an upper-case letter, a lower-case letter and a digit.";

/// Name, email and password; the rules stand there before one of them is broken.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let sign_up = rpc::action::<SignUp>();
    let error = Signal::derive(move || sign_up.value().get().and_then(Result::err));
    let wanted = wanted_page();
    let name = typed::<SignUp>("name").unwrap_or_default();
    let email = typed::<SignUp>("email").unwrap_or_default();
    view! {
        <Door
            title="Create an account"
            heading="Create your account"
            error
            fields=&["name", "email", "password"]
            other=("/sign-in", "Already have an account?", "Sign in")
        >
            <ActionForm action=sign_up on:submit:capture=rpc::once(sign_up)>
                <Here />
                <input type="hidden" name="next" value=wanted />
                <Field
                    name="name"
                    label="Name"
                    autocomplete="name"
                    value=name
                    error
                />
                <Field
                    name="email"
                    label="Email"
                    kind="email"
                    autocomplete="username"
                    value=email
                    error
                />
                <Field
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="new-password"
                    hint=PASSWORD_RULES
                    error
                />
                <button class="button button-primary button-wide" aria-disabled=move || sign_up.pending().get().to_string()>
                    "Create account"
                </button>
            </ActionForm>
        </Door>
    }
}
