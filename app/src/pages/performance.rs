//! How the server performs, for its administrators (requirement O1).

use crate::{
    components::{
        banner::{Banner, Tone},
        icon::Icon,
        load::{Load, NotLoaded},
        moment::{At, offset_at},
        page::Page,
        performance_parts::{BackupsPart, Hour, PlanPart, Routes, Statements, Summary, Trouble},
        poll_status::PollStatus,
        skeleton::Skeleton,
    },
    poll::Poll,
    request,
    rpc::{self, RpcError},
    time,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::{Error, performance::Performance};

/// The last hour, which follows what happens, and the plan of the statement in the address.
#[component]
pub fn PerformancePage() -> impl IntoView {
    let first = rpc::remote(|| (), |()| hour());
    view! {
        <Page title="Performance">
            <p class="crumbs">
                <a href="/settings">
                    <Icon icon=icondata::LuArrowLeft />
                    "Settings"
                </a>
            </p>
            <Load
                resource=first
                skeleton=|| {
                    view! {
                        <h1>"Performance"</h1>
                        <Skeleton lines=5 class="skeleton-cards" />
                        <Skeleton lines=8 />
                    }
                }
                let:first
            >
                {match first {
                    Ok(first) => view! { <Live first /> }.into_any(),
                    Err(error) => view! { <NotYours error /> }.into_any(),
                }}
            </Load>
        </Page>
    }
}

/// The last hour, or why the viewer may not see it.
async fn hour() -> Result<Result<Performance, RpcError>, RpcError> {
    match now().await {
        Err(error @ RpcError::Refused(Error::Forbidden)) => Ok(Err(error)),
        answer => answer.map(Ok),
    }
}

/// What is asked again and again: no plan is made for that.
async fn now() -> Result<Performance, RpcError> {
    rpc::performance::read(None).await
}

#[component]
fn NotYours(error: RpcError) -> impl IntoView {
    request::refused(&error);
    view! {
        <h1>"Performance"</h1>
        <Banner tone=Tone::Problem>
            <p>"Only administrators see how this server performs."</p>
            <p>
                "Whoever signed up first is one. Whoever runs the server makes others with the command "
                <code>"taskwire admin add"</code> "."
            </p>
        </Banner>
    }
}

#[component]
fn Live(first: Performance) -> impl IntoView {
    let (version, started_at, utc_offset) = (first.version.clone(), first.started_at, offset_at(first.computed_at));
    let poll = Poll::new(first);
    poll.keep_asking(now);
    poll.leave_when_signed_out("/admin/performance");
    let data = poll.data;
    let since = Signal::derive(move || time::clock(data.with(|data| data.computed_at), utc_offset.get()));
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| query.get("statement")).filter(|name| !name.is_empty()));
    // Apart from the numbers, which stay as they are when another statement is chosen.
    let plan = rpc::remote(
        move || asked.get(),
        |asked| async move {
            let Some(statement) = asked else { return Ok(None) };
            rpc::performance::read(Some(statement)).await.map(|answer| Some(answer.plan))
        },
    );
    view! {
        <div class="page-head">
            <h1>"Performance"</h1>
            <PollStatus poll question=now since />
        </div>
        <p class="hint">"The last hour of this server: Taskwire " {version} ", running since " <At then=started_at /> "."</p>
        <Summary data />
        <Hour data utc_offset />
        <div class="columns columns-two">
            <Trouble data />
            <BackupsPart data />
        </div>
        <Routes data />
        // Always there, and above the long list: the link that chooses a statement leads to it.
        <section class="panel" aria-labelledby="plan">
            <h2 id="plan">"Plan" {move || asked.get().map(|name| view! { " of " <code>{name}</code> })}</h2>
            <Transition>
                {move || Suspend::new(async move {
                    match plan.await {
                        Ok(None) => view! { <p class="hint">"Choose a statement below."</p> }.into_any(),
                        Ok(Some(plan)) => view! { <PlanPart plan /> }.into_any(),
                        Err(error) => view! { <NotLoaded error /> }.into_any(),
                    }
                })}
            </Transition>
        </section>
        <Statements data chosen=asked />
    }
}
