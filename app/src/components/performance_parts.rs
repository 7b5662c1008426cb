//! The panels of the performance page. Each follows the polled data on its own.

use super::{moment::Ago, stat_card::StatCard};
use crate::{
    number::{count, milliseconds, share},
    time,
};
use chrono::{DateTime, Utc};
use leptos::{either::Either, prelude::*};
use taskwire_domain::performance::{Performance, Plan, SLICE_MINUTES, SLICES, Slice, Timing};

type Data = RwSignal<Performance>;

/// The hour in five numbers.
#[component]
pub fn Summary(
    /// The numbers.
    data: Data,
) -> impl IntoView {
    let shown = move |number: fn(&Performance) -> String| Signal::derive(move || data.with(number));
    let failed = |data: &Performance| data.routes.iter().map(|route| route.failed).sum::<i64>();
    view! {
        <section aria-label="Summary">
            <dl class="cards">
                <StatCard label="Requests" value=shown(|d| count(d.requests.count)) />
                <StatCard label="95 % answered within" value=shown(|d| milliseconds(d.requests.p95_ms)) />
                <StatCard
                    label="Failed requests"
                    value=Signal::derive(move || data.with(|d| share(failed(d), d.requests.count)))
                />
                <StatCard label="95 % of statements within" value=shown(|d| milliseconds(d.database.p95_ms)) />
                <StatCard
                    label="Connections in use"
                    value=shown(|d| format!("{} of {}", d.connections.used, d.connections.most))
                />
            </dl>
        </section>
    }
}

/// The hour in slices.
#[component]
pub fn Hour(
    /// The numbers.
    data: Data,
    /// Seconds east of UTC.
    utc_offset: RwSignal<i32>,
) -> impl IntoView {
    view! {
        <div class="columns columns-two">
            <Chart
                id="requests"
                title=format!("Requests every {SLICE_MINUTES} minutes")
                data
                utc_offset
                value=|slice| slice.requests as f64
                shown=|value| count(value as i64)
            />
            <Chart
                id="times"
                title="95 % answered within".to_owned()
                data
                utc_offset
                value=|slice| slice.p95_ms
                shown=milliseconds
            />
        </div>
    }
}

/// Bars, the newest at the right. They only show how the numbers below them came about, so screen readers get those.
#[component]
fn Chart(
    id: &'static str,
    title: String,
    data: Data,
    utc_offset: RwSignal<i32>,
    value: fn(&Slice) -> f64,
    shown: fn(f64) -> String,
) -> impl IntoView {
    let highest = move || data.with(|data| data.slices.iter().map(value).fold(0.0, f64::max));
    let last = move || data.with(|data| data.slices.last().map(value).unwrap_or_default());
    let first = move || {
        let first = data.with(|data| data.slices.first().map_or(data.computed_at, |slice| slice.starts_at));
        time::minute(first, utc_offset.get())
    };
    let bars = move || {
        let highest = highest().max(f64::MIN_POSITIVE);
        data.with(|data| {
            let missing = SLICES.saturating_sub(data.slices.len());
            let bars = data.slices.iter().enumerate().map(|(at, slice)| {
                let height = 40.0 * value(slice) / highest;
                let (x, y) = ((missing + at) * 10 + 1, 40.0 - height);
                view! { <rect x=x.to_string() y=format!("{y:.2}") width="8" height=format!("{height:.2}") /> }
            });
            bars.collect_view()
        })
    };
    view! {
        <section class="panel" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            <svg class="chart" viewBox="0 0 120 40" preserveAspectRatio="none" aria-hidden="true">
                {bars}
            </svg>
            <p class="hint">
                "Since " {first} ": " {move || shown(highest())} " at most, " {move || shown(last())} " lately"
            </p>
        </section>
    }
}

/// What went wrong.
#[component]
pub fn Trouble(
    /// The numbers.
    data: Data,
) -> impl IntoView {
    let rows = move || {
        let failures = data.with(|data| data.failures);
        if failures.total() == 0 {
            return Either::Left(view! { <p class="hint">"Nothing went wrong in the last hour."</p> });
        }
        let rows = [
            ("The database was away, or had no connection", failures.unavailable),
            ("One person asked for too much at once", failures.crowded),
            ("Operations failed", failures.fault),
            ("Handlers broke off", failures.panics),
            ("Requests refused because there were too many", failures.shed_requests),
            ("Connections refused because there were too many", failures.shed_connections),
        ];
        let row = |(what, times): (&'static str, i64)| {
            view! {
                <div class="bar-row">
                    <dt>{what}</dt>
                    <dd>{count(times)}</dd>
                </div>
            }
        };
        let rows = rows.into_iter().filter(|(_, times)| *times > 0).map(row).collect_view();
        Either::Right(view! { <dl class="bars">{rows}</dl> })
    };
    view! {
        <section class="panel" aria-labelledby="trouble">
            <h2 id="trouble">"Trouble"</h2>
            {rows}
        </section>
    }
}

/// When the last backup was made, and proven.
#[component]
pub fn BackupsPart(
    /// The numbers.
    data: Data,
) -> impl IntoView {
    let when = move |moment: fn(&Performance) -> Option<DateTime<Utc>>| {
        move || {
            let (then, now) = data.with(|data| (moment(data), data.computed_at));
            match then {
                Some(then) => Either::Left(view! { <Ago then now /> }),
                None => Either::Right("never"),
            }
        }
    };
    view! {
        <section class="panel" aria-labelledby="backups">
            <h2 id="backups">"Backups"</h2>
            <dl class="bars">
                <div class="bar-row">
                    <dt>"Last backup"</dt>
                    <dd>{when(|data| data.backups.last_backup)}</dd>
                </div>
                <div class="bar-row">
                    <dt>"Last restored for a test"</dt>
                    <dd>{when(|data| data.backups.last_verified_restore)}</dd>
                </div>
            </dl>
        </section>
    }
}

/// Every route that was asked for.
#[component]
pub fn Routes(
    /// The numbers.
    data: Data,
) -> impl IntoView {
    let routes = move || {
        data.with(|data| data.routes.iter().map(|it| (it.method.clone(), it.route.clone())).collect::<Vec<_>>())
    };
    let row = move |(method, route): (String, String)| {
        let name = match route.as_str() {
            "none" => format!("{method} (no route)"),
            route => format!("{method} {route}"),
        };
        let found = Memo::new(move |_| {
            let found =
                data.with(|data| data.routes.iter().find(|it| it.method == method && it.route == route).cloned());
            found.map_or_else(Default::default, |it| (it.timing, it.refused, it.failed))
        });
        view! {
            <tr>
                <th scope="row">{name}</th>
                <TimingCells timing=Signal::derive(move || found.get().0) />
                <td>{move || count(found.get().1)}</td>
                <td class:is-bad=move || { found.get().2 > 0 }>{move || count(found.get().2)}</td>
            </tr>
        }
    };
    view! {
        <TimingTable id="routes" title="Routes" hint="First what took the most time in all." of="Route" more=&["Refused", "Failed"]>
            <For each=routes key=Clone::clone children=row />
        </TimingTable>
    }
}

/// Every statement that was run.
#[component]
pub fn Statements(
    /// The numbers.
    data: Data,
    /// The one whose plan is shown.
    chosen: Memo<Option<String>>,
) -> impl IntoView {
    let names = move || data.with(|data| data.statements.iter().map(|it| it.name.clone()).collect::<Vec<_>>());
    let row = move |name: String| {
        let (href, wanted, this) = (format!("/admin/performance?statement={name}#plan"), name.clone(), name.clone());
        let found = Memo::new(move |_| {
            let found = data.with(|data| data.statements.iter().find(|it| it.name == wanted).map(|it| it.timing));
            found.unwrap_or_default()
        });
        let current = move || (chosen.get().as_ref() == Some(&this)).then_some("true");
        view! {
            <tr>
                <th scope="row">
                    <a href=href aria-current=current>
                        {name}
                    </a>
                </th>
                <TimingCells timing=found.into() />
            </tr>
        }
    };
    view! {
        <TimingTable
            id="statements"
            title="Statements"
            hint="What the database did, first what took the most time in all. Choose one to see its plan."
            of="Statement"
        >
            <For each=names key=Clone::clone children=row />
        </TimingTable>
    }
}

/// A panel with a row of times for each of something.
#[component]
fn TimingTable(
    id: &'static str,
    title: &'static str,
    hint: &'static str,
    /// What each row is about.
    of: &'static str,
    /// Columns besides the times.
    #[prop(optional)]
    more: &'static [&'static str],
    /// The rows.
    children: Children,
) -> impl IntoView {
    let heads = [of, "Times", "Median", "95 %", "99 %", "Slowest"].into_iter().chain(more.iter().copied());
    view! {
        <section class="panel" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            <p class="hint">{hint}</p>
            <div class="table-scroll" role="group" aria-labelledby=id tabindex="0">
                <table class="timings">
                    <thead>
                        <tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr>
                    </thead>
                    <tbody>{children()}</tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn TimingCells(timing: Signal<Timing>) -> impl IntoView {
    let cell = move |of: fn(&Timing) -> f64| move || milliseconds(of(&timing.get()));
    view! {
        <td>{move || count(timing.get().count)}</td>
        <td>{cell(|it| it.median_ms)}</td>
        <td>{cell(|it| it.p95_ms)}</td>
        <td>{cell(|it| it.p99_ms)}</td>
        <td>{cell(|it| it.max_ms)}</td>
    }
}

/// How the database runs a statement.
#[component]
pub fn PlanPart(
    /// Its plan, if it has one.
    plan: Option<Plan>,
) -> impl IntoView {
    match plan {
        Some(Plan { text, plan, .. }) => Either::Left(view! {
            <p class="hint">
                "For any values and whoever asks, with the rows that PostgreSQL expects. Functions are planned when they run."
            </p>
            <pre class="code" tabindex="0" role="region" aria-label="Plan">
                {plan}
            </pre>
            <h3>"Statement"</h3>
            <pre class="code" tabindex="0" role="region" aria-label="Statement">
                {text}
            </pre>
        }),
        None => Either::Right(view! {
            <p class="hint">
                "There is no plan: it was not run since the server started, or it reads and writes no rows."
            </p>
        }),
    }
}
