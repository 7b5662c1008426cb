//! The route table, and what the browser downloads for it.
//!
//! The first download holds the frame and the dashboard, which most visits are about. Each other area of the
//! product is a WebAssembly module of its own (`cargo leptos --split`), fetched when a person goes there.
//!
//! To add a page to an area: another case in its `view` and a route. To add an area: another [`LazyRoute`].

use crate::{
    next,
    pages::{
        activity::ActivityPage, agents::AgentsPage, api_tokens::ApiTokensPage, dashboard::DashboardPage,
        import::ImportPage, not_found::NotFoundPage, performance::PerformancePage, settings::SettingsPage,
        shared::SharedPage, shared_by_me::SharedByMePage, sign_in::SignInPage, sign_up::SignUpPage, task::TaskPage,
        tasks::TasksPage, team::TeamPage, teams::TeamsPage,
    },
    request,
};
use leptos::prelude::*;
use leptos_router::{
    Lazy, LazyRoute, SsrMode,
    components::{FlatRoutes, Redirect, Route},
    hooks::{use_location, use_params_map},
    lazy_route, path,
};

/// Every page under its path. All are rendered in one piece on the server, so that they have a status of their own.
#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <FlatRoutes fallback=NotFoundPage>
            <Route path=path!("/") view=|| view! { <Redirect path=next::HOME /> } ssr=SsrMode::Async />
            <Route path=path!("/sign-in") view={Lazy::<DoorArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/sign-up") view={Lazy::<DoorArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/dashboard") view={Lazy::<DashboardArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/tasks") view={Lazy::<TasksArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/tasks/:id") view={Lazy::<TasksArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/shared") view={Lazy::<TasksArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/shared/by-me") view={Lazy::<TasksArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/teams") view={Lazy::<TeamsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/teams/:id") view={Lazy::<TeamsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/teams/:id/members") view={Lazy::<TeamsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/teams/:id/settings") view={Lazy::<TeamsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/activity") view={Lazy::<SettingsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/activity/agents") view={Lazy::<SettingsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/settings") view={Lazy::<SettingsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/settings/import") view={Lazy::<SettingsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/settings/tokens") view={Lazy::<SettingsArea>::new()} ssr=SsrMode::Async />
            <Route path=path!("/admin/performance") view={Lazy::<AdminArea>::new()} ssr=SsrMode::Async />
        </FlatRoutes>
    }
}

/// Part of the first download. The frame and the page are taken over one after the other, because a phone is busy with
/// both for long enough to be felt.
struct DashboardArea;

impl LazyRoute for DashboardArea {
    fn data() -> Self {
        Self
    }

    async fn view(_dashboard: Self) -> AnyView {
        request::pause().await;
        view! { <DashboardPage /> }.into_any()
    }
}

/// For people who are not signed in.
struct DoorArea;

#[lazy_route]
impl LazyRoute for DoorArea {
    fn data() -> Self {
        Self
    }

    fn view(_door: Self) -> AnyView {
        match use_location().pathname.get_untracked().trim_end_matches('/') {
            "/sign-up" => view! { <SignUpPage /> }.into_any(),
            _ => view! { <SignInPage /> }.into_any(),
        }
    }
}

/// Lists of tasks, and one task.
struct TasksArea;

#[lazy_route]
impl LazyRoute for TasksArea {
    fn data() -> Self {
        Self
    }

    fn view(_tasks: Self) -> AnyView {
        match use_location().pathname.get_untracked().trim_end_matches('/') {
            "/tasks" => view! { <TasksPage /> }.into_any(),
            "/shared" => view! { <SharedPage /> }.into_any(),
            "/shared/by-me" => view! { <SharedByMePage /> }.into_any(),
            _ => view! { <TaskPage /> }.into_any(),
        }
    }
}

/// The viewer's teams, and one team.
struct TeamsArea;

#[lazy_route]
impl LazyRoute for TeamsArea {
    fn data() -> Self {
        Self
    }

    fn view(_teams: Self) -> AnyView {
        match use_params_map().with_untracked(|params| params.get("id").is_some()) {
            true => view! { <TeamPage /> }.into_any(),
            false => view! { <TeamsPage /> }.into_any(),
        }
    }
}

/// What concerns a person's account: what they may change, and what happened to it.
struct SettingsArea;

#[lazy_route]
impl LazyRoute for SettingsArea {
    fn data() -> Self {
        Self
    }

    fn view(_settings: Self) -> AnyView {
        match use_location().pathname.get_untracked().trim_end_matches('/') {
            "/activity" => view! { <ActivityPage /> }.into_any(),
            "/activity/agents" => view! { <AgentsPage /> }.into_any(),
            "/settings/import" => view! { <ImportPage /> }.into_any(),
            "/settings/tokens" => view! { <ApiTokensPage /> }.into_any(),
            _ => view! { <SettingsPage /> }.into_any(),
        }
    }
}

/// What concerns the server as a whole, for its administrators.
struct AdminArea;

#[lazy_route]
impl LazyRoute for AdminArea {
    fn data() -> Self {
        Self
    }

    fn view(_admin: Self) -> AnyView {
        view! { <PerformancePage /> }.into_any()
    }
}
