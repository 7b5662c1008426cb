//! The live dashboard (requirements D1 to D5).

use crate::{
    browser::TimeZoneTold,
    components::{
        dashboard_parts::{ActivityTable, Breakdown, Recent, Shares, Teams},
        empty::Empty,
        icon::Icon,
        load::Load,
        page::Page,
        poll_status::PollStatus,
        skeleton::Skeleton,
        stat_card::StatCard,
    },
    number::{count, percent},
    poll::Poll,
    rpc, time,
};
use leptos::prelude::*;
use taskwire_domain::dashboard::{Dashboard, Statistics};

/// With scripts this is text, not elements, so that there is nothing to hydrate.
const STOP_REFRESHING: &str = r#"<a href="/dashboard?refresh=off">Stop refreshing</a>"#;

/// Numbers that follow every change within five seconds.
#[component]
pub fn DashboardPage() -> impl IntoView {
    let first = rpc::remote(|| (), |()| rpc::dashboard::read());
    view! {
        <Page title="Dashboard">
            <Load
                resource=first
                skeleton=|| {
                    view! {
                        <h1>"Dashboard"</h1>
                        <Skeleton lines=5 class="skeleton-cards" />
                        <Skeleton lines=6 />
                    }
                }
                let:first
            >
                <Live first />
            </Load>
        </Page>
    }
}

#[component]
fn Live(first: Dashboard) -> impl IntoView {
    let poll = Poll::new(first);
    poll.keep_asking(rpc::dashboard::read);
    poll.leave_when_signed_out("/dashboard");
    if let Some(TimeZoneTold(told)) = use_context() {
        Effect::new(move |_| {
            if told.get() {
                poll.ask(rpc::dashboard::read);
            }
        });
    }

    let data = poll.data;
    let since = Signal::derive(move || data.with(|data| time::clock(data.computed_at, data.utc_offset)));
    let statistic =
        move |number: fn(&Statistics) -> i64| Signal::derive(move || data.with(|d| count(number(&d.statistics))));
    let rate = move || data.with(|d| d.statistics.completion_rate());
    let none = Memo::new(move |_| data.with(Dashboard::is_empty));
    view! {
        <div class="page-head">
            <h1>"Dashboard"</h1>
            <PollStatus poll question=rpc::dashboard::read since>
                <noscript inner_html=STOP_REFRESHING></noscript>
            </PollStatus>
        </div>
        <Show when=move || none.get()>
            <div class="panel">
                <Empty icon=icondata::LuListTodo title="Nothing here yet">
                    <p>"Your numbers appear as soon as there is a task."</p>
                    <p>
                        <a href="/tasks" class="button button-primary">
                            <Icon icon=icondata::LuPlus />
                            "Add your first task"
                        </a>
                    </p>
                </Empty>
            </div>
        </Show>
        <section aria-label="Statistics">
            <dl class="cards">
                <StatCard label="Total" href="/tasks?of=own" value=statistic(Statistics::total) />
                <StatCard label="Pending" href="/tasks?of=own&status=pending" value=statistic(|s| s.pending) />
                <StatCard label="Completed" href="/tasks?of=own&status=completed" value=statistic(|s| s.completed) />
                <StatCard label="Shared with me" href="/shared" value=statistic(Statistics::shared) />
                <StatCard label="Completion rate" value=Signal::derive(move || percent(rate())) />
            </dl>
        </section>
        <Show when=move || !none.get()>
        <div class="columns">
            <Recent data />
            <div class="stack">
                <ActivityTable data />
                <Breakdown data />
            </div>
            <div class="stack">
                <Shares data />
                <Teams data />
            </div>
        </div>
        </Show>
    }
}
