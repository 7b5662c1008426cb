//! The person's API tokens: to make, to see and to revoke.

use crate::{
    components::{
        api_token_form::{FreshSecret, NewToken},
        api_token_list::TokenList,
        load::Load,
        page::Page,
        saved::Saved,
        skeleton::Skeleton,
    },
    rpc::{
        self, Answers,
        token::{Create, Revoke},
    },
};
use leptos::{html, prelude::*};
use leptos_router::hooks::use_query_map;

/// What programs and agents prove themselves with in the person's name.
#[component]
pub fn ApiTokensPage() -> impl IntoView {
    let create = rpc::action::<Create>();
    let answers =
        Answers::new(rpc::refused_form::<Revoke>(), use_query_map().with_untracked(|query| query.get("saved")));
    let form = NodeRef::<html::Form>::new();
    answers.note_done(create, move |_| {
        if let Some(form) = form.get_untracked() {
            form.reset();
        }
        "made".to_owned()
    });
    let secret = move || create.value().get().and_then(Result::ok);
    let worked = answers.worked();
    let tokens = rpc::remote(move || worked.get(), |_| rpc::token::list());
    view! {
        <Page title="API tokens" class="page-narrow">
            <p class="crumbs">
                <a href="/settings">"Settings"</a>
            </p>
            <h1>"API tokens"</h1>
            <p class="hint">
                "With a token a program or an agent works in your name, as far as the token’s scopes and your own rights
                go. "<a href="/docs" rel="external">"What the API can do"</a>
            </p>
            {move || secret().map(|secret| view! { <FreshSecret secret /> })}
            <Load resource=tokens skeleton=|| view! { <Skeleton lines=6 /> } let:found>
                <TokenList found answers />
            </Load>
            <Saved answers name="revoked" words="Token revoked" />
            <NewToken action=create form />
        </Page>
    }
}
