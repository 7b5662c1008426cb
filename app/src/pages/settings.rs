//! The person's account, colours and sessions.

use crate::{
    components::{
        banner::Refusal, header::SignOutForm, here::Here, icon::Icon, load::Load, moment::At, page::Page,
        skeleton::Skeleton, theme_switch::ThemeChoice,
    },
    rpc::{
        self,
        account::{SetTimeZone, SignOut},
        session::{End, EndOthers},
    },
    user_agent,
};
use futures::try_join;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::{account::Account, session::Session};

/// What a person can see and change about themselves.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let set_zone = rpc::action::<SetTimeZone>();
    let end = rpc::action::<End>();
    let end_others = rpc::action::<EndOthers>();
    let changes = move || (set_zone.version().get(), end.version().get(), end_others.version().get());
    let data = rpc::remote(changes, |_| async {
        try_join!(rpc::account::get(), rpc::account::time_zones(), rpc::session::list())
    });
    view! {
        <Page title="Settings" class="page-narrow">
            <h1>"Settings"</h1>
            <Load resource=data skeleton=|| view! { <Skeleton lines=8 /> } let:data>
                <AccountPart account=data.0.clone() />
                <ZonePart account=data.0 zones=data.1 action=set_zone />
                <section class="panel" aria-labelledby="theme">
                    <h2 id="theme">"Theme"</h2>
                    <p class="hint">"For this browser."</p>
                    <ThemeChoice />
                </section>
                <SessionsPart sessions=data.2 end end_others />
            </Load>
        </Page>
    }
}

#[component]
fn AccountPart(account: Account) -> impl IntoView {
    let sign_out = rpc::action::<SignOut>();
    let error = Signal::derive(move || sign_out.value().get().and_then(Result::err));
    view! {
        <section class="panel" aria-labelledby="account">
            <h2 id="account">"Account"</h2>
            <dl class="facts">
                <dt>"Name"</dt>
                <dd>
                    <bdi>{account.name}</bdi>
                </dd>
                <dt>"Email"</dt>
                <dd>
                    <bdi>{account.email}</bdi>
                </dd>
                <dt>"Member since"</dt>
                <dd>
                    <At then=account.created_at />
                </dd>
            </dl>
            <Refusal error />
            <SignOutForm action=sign_out class="button" words=true />
        </section>
    }
}

#[component]
fn ZonePart(account: Account, zones: Vec<String>, action: ServerAction<SetTimeZone>) -> impl IntoView {
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let query = use_query_map();
    let saved = move || match action.value().get() {
        Some(answer) => answer.is_ok(),
        None => query.with(|query| query.get_str("saved") == Some("time-zone")),
    };
    let chosen = account.time_zone.unwrap_or_default();
    let options = zones
        .into_iter()
        .map(|zone| {
            let selected = zone == chosen;
            view! { <option selected=selected>{zone}</option> }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="zone">
            <h2 id="zone">"Time zone"</h2>
            <Refusal error />
            <ActionForm action on:submit:capture=rpc::once(action)>
                <Here />
                <div class="field">
                    <label for="time_zone">"Days and weeks begin by the clock of"</label>
                    <select id="time_zone" name="time_zone">
                        <option value="" selected=chosen.is_empty()>
                            "this browser"
                        </option>
                        {options}
                    </select>
                </div>
                <div class="actions">
                    <button class="button">"Save time zone"</button>
                    <span class="saved" role="status">
                        {move || saved().then(|| view! { <Icon icon=icondata::LuCheck /> "Saved" })}
                    </span>
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn SessionsPart(sessions: Vec<Session>, end: ServerAction<End>, end_others: ServerAction<EndOthers>) -> impl IntoView {
    let error = RwSignal::new(None);
    rpc::note_refusal(end, error);
    rpc::note_refusal(end_others, error);
    let others = sessions.iter().any(|session| !session.current);
    let rows = sessions.into_iter().map(|session| view! { <SessionRow session end /> }).collect_view();
    view! {
        <section class="panel" aria-labelledby="sessions">
            <h2 id="sessions">"Where you are signed in"</h2>
            <Refusal error />
            <ul class="plain-list sessions">{rows}</ul>
            {others
                .then(|| {
                    view! {
                        <ActionForm action=end_others on:submit:capture=rpc::once(end_others)>
                            <Here />
                            <button class="button">"End all other sessions"</button>
                        </ActionForm>
                    }
                })}
        </section>
    }
}

#[component]
fn SessionRow(session: Session, end: ServerAction<End>) -> impl IntoView {
    let name = user_agent::describe(session.user_agent.as_deref());
    let label = format!("End session: {name}");
    view! {
        <li class="session">
            <div>
                <p>
                    <strong>{name}</strong>
                    {session.current.then(|| view! { " " <span class="badge badge-good">"This browser"</span> })}
                </p>
                <p class="task-meta">
                    <span>"Last used " <At then=session.last_seen_at /></span>
                    {session.address.map(|address| view! { <span>"from " {address}</span> })}
                </p>
            </div>
            {(!session.current)
                .then(|| {
                    view! {
                        <ActionForm action=end on:submit:capture=rpc::once(end)>
                            <Here />
                            <input type="hidden" name="id" value=session.id.to_string() />
                            <button class="button" aria-label=label>
                                "End"
                            </button>
                        </ActionForm>
                    }
                })}
        </li>
    }
}
