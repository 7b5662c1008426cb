//! The bar on top of every page.

use super::{
    icon::{Icon, Mark},
    theme_switch::ThemeToggle,
};
use crate::{
    next, request,
    rpc::{self, account::SignOut},
};
use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_location};

/// Mark, the main places, theme and account. Before signing in only mark and theme.
#[component]
pub fn Header() -> impl IntoView {
    let at = use_location();
    // A stranger's document: only an address that no page has shows it, and whoever signs in leaves it.
    let stranger = (!request::has_session()).then(|| at.pathname.get_untracked());
    let outside =
        Memo::new(move |_| at.pathname.with(|path| path.starts_with("/sign-") || stranger.as_ref() == Some(path)));
    let sign_out = rpc::action::<SignOut>();
    view! {
        <a class="skip-link" href="#main" rel="external">
            "Skip to content"
        </a>
        <header class="header">
            <div class="header-row">
                <Brand />
                <Show when=move || !outside.get()>
                    <nav class="main-nav" aria-label="Main">
                        <A href="/dashboard">
                            <Icon icon=icondata::LuLayoutDashboard />
                            <span class="main-nav-word">"Dashboard"</span>
                        </A>
                        <A href="/tasks">
                            <Icon icon=icondata::LuListTodo />
                            <span class="main-nav-word">"Tasks"</span>
                        </A>
                        <A href="/teams">
                            <Icon icon=icondata::LuUsers />
                            <span class="main-nav-word">"Teams"</span>
                        </A>
                        <A href="/shared">
                            <Icon icon=icondata::LuShare2 />
                            <span class="main-nav-word">"Shared"</span>
                        </A>
                    </nav>
                </Show>
                <div class="header-tools">
                    <ThemeToggle />
                    <Show when=move || !outside.get()>
                        <A href="/settings" attr:class="icon-button" attr:aria-label="Settings" attr:title="Settings">
                            <Icon icon=icondata::LuSettings />
                        </A>
                        <SignOutForm action=sign_out class="icon-button header-sign-out" />
                    </Show>
                </div>
            </div>
            // Whoever believes to be signed out and is not must learn it.
            <p class="header-refusal" role="alert">
                {move || sign_out.value().get().and_then(Result::err).map(|error| error.to_string())}
            </p>
        </header>
    }
}

/// Mark and name, and the way home.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href=next::HOME aria-label="Taskwire">
            <Mark />
            <span class="brand-name">"Taskwire"</span>
        </a>
    }
}

/// Signs out of this browser.
#[component]
pub fn SignOutForm(
    /// Signs out.
    action: ServerAction<SignOut>,
    /// The button's looks; the words show only where there is room for them.
    class: &'static str,
    /// Whether the words stand beside the icon.
    #[prop(optional)]
    words: bool,
) -> impl IntoView {
    view! {
        <ActionForm action on:submit:capture=rpc::once(action)>
            <button class=class title=(!words).then_some("Sign out")>
                <Icon icon=icondata::LuLogOut />
                <span class=(!words).then_some("visually-hidden")>"Sign out"</span>
            </button>
        </ActionForm>
    }
}
