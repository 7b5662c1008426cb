//! The person's account, password, colours and sessions.

use crate::{
    components::{
        icon::Icon,
        load::Load,
        page::Page,
        password_change::PasswordPart,
        settings_account::AccountPart,
        settings_end::EndPart,
        settings_files::{DataPart, FilesPart},
        settings_sessions::SessionsPart,
        settings_zone::ZonePart,
        skeleton::Skeleton,
        theme_switch::ThemeChoice,
    },
    rpc::{
        self, Answers,
        account::{ChangePassword, SetTimeZone, Update},
        session::{End, EndOthers},
    },
};
use futures::try_join;
use leptos::{html, prelude::*};
use leptos_router::hooks::use_query_map;

/// What a person can see and change about themselves.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let update = rpc::action::<Update>();
    let change_password = rpc::action::<ChangePassword>();
    let set_zone = rpc::action::<SetTimeZone>();
    let refused = rpc::refused_form::<End>().or_else(rpc::refused_form::<EndOthers>);
    // What a form without JavaScript did is in the address.
    let answers = Answers::new(refused, use_query_map().with_untracked(|query| query.get("saved")));
    let end_others = answers.action::<EndOthers>(|_| "sessions".to_owned());
    let password_form = NodeRef::<html::Form>::new();
    answers.note_done(update, |_| "profile".to_owned());
    answers.note_done(set_zone, |_| "time-zone".to_owned());
    answers.note_done(change_password, move |_| {
        // No password stays on a screen for longer than it is needed.
        if let Some(form) = password_form.get_untracked() {
            form.reset();
        }
        "password".to_owned()
    });
    // Once, so that nothing that somebody types goes when something else is saved.
    let data = rpc::remote(|| (), |()| async { try_join!(rpc::account::get(), rpc::account::time_zones()) });
    let worked = answers.worked();
    let sessions = rpc::remote(move || worked.get(), |_| rpc::session::list());
    view! {
        <Page title="Settings" class="page-narrow">
            <h1>"Settings"</h1>
            <Load resource=data skeleton=|| view! { <Skeleton lines=8 /> } let:data>
                <AccountPart account=data.0.clone() update answers />
                <PasswordPart email=data.0.email change=change_password form=password_form answers />
                <ZonePart chosen=data.0.time_zone zones=data.1 action=set_zone answers />
                <section class="panel" aria-labelledby="theme">
                    <h2 id="theme">"Theme"</h2>
                    <p class="hint">"For this browser."</p>
                    <ThemeChoice />
                </section>
                <SessionsPart sessions end_others answers />
                <FilesPart />
                <More id="tokens" href="/settings/tokens" name="API tokens" hint="For programs and agents that work in your name" />
                <More id="activity" href="/activity" name="Activity" hint="What happened to your account" />
                {data.0.administrator.then(|| view! {
                    <More id="performance" href="/admin/performance" name="Performance" hint="How this server does, for its administrators" />
                })}
                <DataPart />
                <EndPart />
            </Load>
        </Page>
    }
}

/// The way to a page of settings of its own.
#[component]
fn More(id: &'static str, href: &'static str, name: &'static str, hint: &'static str) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby=id>
            <h2 id=id>
                <a href=href class="settings-link">
                    {name}
                    <Icon icon=icondata::LuChevronRight />
                </a>
            </h2>
            <p class="hint">{hint}</p>
        </section>
    }
}
