//! Signing in.

use crate::{
    components::{
        banner::{Banner, Tone},
        door::{Door, wanted_page},
        field::Field,
        here::Here,
    },
    next,
    rpc::{self, account::SignIn},
    typed::typed,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Email and password, and the way to an account for those who have none.
#[component]
pub fn SignInPage() -> impl IntoView {
    let sign_in = rpc::action::<SignIn>();
    let error = Signal::derive(move || sign_in.value().get().and_then(Result::err));
    let wanted = wanted_page();
    let sent_here = move || wanted.with(|next| !next.is_empty() && next != next::HOME) && error.get().is_none();
    let query = use_query_map();
    let is_deleted =
        move || query.with(|query| query.get_str("done") == Some("account-deleted")) && error.get().is_none();
    let email = typed::<SignIn>("email").unwrap_or_default();
    view! {
        <Door
            title="Sign in"
            heading="Sign in to Taskwire"
            error
            fields=&["email", "password"]
            other=("/sign-up", "New here?", "Create an account")
        >
            {move || {
                sent_here().then(|| view! { <Banner tone=Tone::Info><p>"Please sign in to go on."</p></Banner> })
            }}
            {move || {
                is_deleted()
                    .then(|| view! { <Banner tone=Tone::Good><p>"Your account was deleted."</p></Banner> })
            }}
            <ActionForm action=sign_in on:submit:capture=rpc::once(sign_in)>
                <Here />
                <input type="hidden" name="next" value=wanted />
                <Field
                    name="email"
                    label="Email"
                    kind="email"
                    autocomplete="username"
                    value=email
                    error
                />
                <Field name="password" label="Password" kind="password" autocomplete="current-password" error />
                <button class="button button-primary button-wide" aria-disabled=move || sign_in.pending().get().to_string()>
                    "Sign in"
                </button>
            </ActionForm>
        </Door>
    }
}
