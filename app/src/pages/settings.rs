//! The person's account, password, colours and sessions.

use crate::{
    components::{
        icon::Icon, load::Load, page::Page, password_change::PasswordPart, settings_account::AccountPart,
        settings_done::Done, settings_sessions::SessionsPart, settings_zone::ZonePart, skeleton::Skeleton,
        theme_switch::ThemeChoice,
    },
    rpc::{
        self,
        account::{ChangePassword, SetTimeZone, Update},
        session::{End, EndOthers},
    },
};
use futures::try_join;
use leptos::{html, prelude::*};

/// What a person can see and change about themselves.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let update = rpc::action::<Update>();
    let change_password = rpc::action::<ChangePassword>();
    let set_zone = rpc::action::<SetTimeZone>();
    let end = rpc::action::<End>();
    let end_others = rpc::action::<EndOthers>();
    let done = Done::new();
    done.note(update, "profile");
    done.note(change_password, "password");
    done.note(set_zone, "time-zone");
    done.note(end, "session");
    done.note(end_others, "sessions");
    let not_ended = RwSignal::new(None);
    rpc::note_refusal(end, not_ended);
    rpc::note_refusal(end_others, not_ended);

    // No password stays on a screen for longer than it is needed.
    let password_form = NodeRef::<html::Form>::new();
    Effect::watch(
        move || done.times(),
        move |_, _, _| {
            if let Some(form) = password_form.get_untracked().filter(|_| done.last() == Some("password")) {
                form.reset();
            }
        },
        false,
    );
    // Once, so that nothing that somebody types goes when something else is saved.
    let data = rpc::remote(|| (), |()| async { try_join!(rpc::account::get(), rpc::account::time_zones()) });
    let sessions = rpc::remote(move || done.times(), |_| rpc::session::list());
    view! {
        <Page title="Settings" class="page-narrow">
            <h1>"Settings"</h1>
            <Load resource=data skeleton=|| view! { <Skeleton lines=8 /> } let:data>
                <AccountPart account=data.0.clone() update done />
                <PasswordPart email=data.0.email change=change_password form=password_form done />
                <ZonePart chosen=data.0.time_zone zones=data.1 action=set_zone done />
                <section class="panel" aria-labelledby="theme">
                    <h2 id="theme">"Theme"</h2>
                    <p class="hint">"For this browser."</p>
                    <ThemeChoice />
                </section>
                <SessionsPart sessions end end_others error=not_ended done />
                <section class="panel" aria-labelledby="activity">
                    <h2 id="activity">
                        <a href="/activity" class="settings-link">
                            "Activity"
                            <Icon icon=icondata::LuChevronRight />
                        </a>
                    </h2>
                    <p class="hint">"What happened to your account"</p>
                </section>
            </Load>
        </Page>
    }
}
