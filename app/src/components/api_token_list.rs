//! The API tokens that there are.

use super::{
    api_token_form::FreshSecret, banner::Refusal, empty::Empty, here::Here, icon::Icon, moment::At, question::Question,
};
use crate::rpc::{
    self, Answers,
    token::{Revoke, Tokens},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::api_token::ApiToken;

/// The tokens, and the secret of one that a form without JavaScript has just made.
#[component]
pub fn TokenList(
    /// What the server said.
    found: Tokens,
    /// What was done last.
    answers: Answers<String>,
) -> impl IntoView {
    let Tokens { tokens, made } = found;
    let list = match tokens.is_empty() {
        true => view! {
            <Empty icon=icondata::LuKeyRound title="You have no API tokens">
                <p>"Make one below for each program, so that you can revoke one without the others."</p>
            </Empty>
        }
        .into_any(),
        false => {
            let rows = tokens.into_iter().map(|token| view! { <TokenRow token answers /> }).collect_view();
            view! { <ul class="plain-list sessions">{rows}</ul> }.into_any()
        }
    };
    view! {
        {made.map(|secret| view! { <FreshSecret secret /> })}
        <section class="panel" aria-labelledby="tokens">
            <h2 id="tokens" tabindex="-1">
                "Your tokens"
            </h2>
            <Refusal error=answers.refused />
            {list}
        </section>
    }
}

#[component]
fn TokenRow(token: ApiToken, answers: Answers<String>) -> impl IntoView {
    let ApiToken { id, name, scopes, created_at, last_used_at, expires_at } = token;
    let query = use_query_map();
    let asks = Memo::new(move |_| query.with(|query| query.get("revoke").is_some_and(|asked| asked == id.to_string())));
    let opener = NodeRef::new();
    let revoke = answers.action::<Revoke>(|()| "revoked".to_owned());
    let scopes =
        scopes.into_iter().map(|scope| view! { <span class="badge">{scope.as_str()}</span> " " }).collect_view();
    let shown = name.clone();
    let label = format!("Revoke {name}…");
    let question = move || {
        let name = name.clone();
        view! {
            <Question
                id=format!("revoke-{id}")
                words=view! { "Revoke “" <bdi>{name}</bdi> "”? Whatever uses it is refused from then on." }
                opener
                cancel="/settings/tokens#tokens".to_owned()
                cancel_words="Keep it"
            >
                <ActionForm action=revoke on:submit:capture=rpc::once(revoke)>
                    <Here />
                    <input type="hidden" name="id" value=id.to_string() />
                    <button class="button button-danger">"Revoke token"</button>
                </ActionForm>
            </Question>
        }
    };
    view! {
        <li class="session">
            <div>
                <p>
                    <strong dir="auto">{shown}</strong>
                </p>
                <p>{scopes}</p>
                <p class="task-meta">
                    <span>"Made " <At then=created_at /></span>
                    <span>
                        {match last_used_at {
                            Some(then) => view! { "Last used " <At then /> }.into_any(),
                            None => "Never used".into_any(),
                        }}
                    </span>
                    <span>
                        {match expires_at {
                            Some(then) => view! { "Ends " <At then /> }.into_any(),
                            None => "Never ends".into_any(),
                        }}
                    </span>
                </p>
            </div>
            <Show
                when=move || asks.get()
                fallback=move || {
                    let label = label.clone();
                    view! {
                        <a
                            node_ref=opener
                            href=format!("/settings/tokens?revoke={id}#revoke-{id}")
                            data-noscroll=""
                            class="button"
                            aria-label=label
                        >
                            <Icon icon=icondata::LuKeyRound />
                            "Revoke…"
                        </a>
                    }
                }
            >
                {question.clone()}
            </Show>
        </li>
    }
}
