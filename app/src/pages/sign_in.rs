//! Signing in.

use crate::{
    components::{
        banner::{Banner, Refusal, Tone},
        field::Field,
        here::Here,
        icon::Mark,
        page::Page,
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
    let sent_here = move || wanted.with(|next| !next.is_empty()) && error.get().is_none();
    let email = typed::<SignIn>("email").unwrap_or_default();
    view! {
        <Page title="Sign in" class="page-door">
            <div class="door">
                <Mark />
                <h1>"Sign in to Taskwire"</h1>
                {move || {
                    sent_here()
                        .then(|| view! { <Banner tone=Tone::Info><p>"Please sign in to go on."</p></Banner> })
                }}
                <Refusal error fields=&["email", "password"] />
                <div class="panel form">
                    <ActionForm action=sign_in>
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
                        <button class="button button-primary button-wide" disabled=sign_in.pending()>
                            "Sign in"
                        </button>
                    </ActionForm>
                </div>
                <p class="door-more">"New here? " <a href=move || to("/sign-up", &wanted.get())>"Create an account"</a></p>
            </div>
        </Page>
    }
}

/// Where the person was going; empty without a wish.
pub fn wanted_page() -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get("next").unwrap_or_default()))
}

/// The other door, with the same wish.
pub fn to(door: &str, wanted: &str) -> String {
    if wanted.is_empty() { door.to_owned() } else { format!("{door}?next={}", next::encode(wanted)) }
}
