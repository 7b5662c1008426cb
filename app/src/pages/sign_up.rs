//! Making an account.

use super::sign_in::{to, wanted_page};
use crate::{
    components::{banner::Refusal, field::Field, here::Here, icon::Mark, page::Page},
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
        <Page title="Create an account" class="page-door">
            <div class="door">
                <Mark />
                <h1>"Create your account"</h1>
                <Refusal error fields=&["name", "email", "password"] />
                <div class="panel form">
                    <ActionForm action=sign_up>
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
                        <button class="button button-primary button-wide" disabled=sign_up.pending()>
                            "Create account"
                        </button>
                    </ActionForm>
                </div>
                <p class="door-more">
                    "Already have an account? " <a href=move || to("/sign-in", &wanted.get())>"Sign in"</a>
                </p>
            </div>
        </Page>
    }
}
