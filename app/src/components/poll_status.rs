//! How fresh the numbers are.

use super::{
    banner::{Banner, Tone},
    icon::Icon,
};
use crate::{poll::Poll, rpc::RpcError, time};
use leptos::prelude::*;
use std::future::Future;
use taskwire_domain::dashboard::Dashboard;

/// With scripts this is text, not elements, so that there is nothing to hydrate.
const STOP_REFRESHING: &str = r#"<a href="/dashboard?refresh=off">Stop refreshing</a>"#;

/// When the numbers were true, a way to hold them still, and, while polls fail, since when and why.
#[component]
pub fn PollStatus<F: Future<Output = Result<Dashboard, RpcError>> + 'static>(
    /// The polling.
    poll: Poll<Dashboard>,
    /// What it asks.
    question: fn() -> F,
) -> impl IntoView {
    let since = move || poll.data.with(|data| time::clock(data.computed_at, data.utc_offset));
    let failing = Memo::new(move |_| poll.failure.get());
    let label = move || if poll.paused.get() { "Resume updates" } else { "Pause updates" };
    view! {
        <div class="poll-status">
            <span class="freshness" class:is-failing=move || failing.with(Option::is_some)>
                "As of "
                <time>{since}</time>
            </span>
            <button
                class="icon-button needs-scripts"
                type="button"
                title=label
                aria-label=label
                on:click=move |_| poll.paused.update(|paused| *paused = !*paused)
            >
                {move || {
                    let icon = if poll.paused.get() { icondata::LuPlay } else { icondata::LuPause };
                    view! { <Icon icon /> }
                }}
            </button>
            <noscript inner_html=STOP_REFRESHING></noscript>
        </div>
        // The region stands before the message, so that screen readers notice it.
        <div class="poll-failure" aria-live="polite">
            {move || {
                failing
                    .get()
                    .map(|error| {
                        view! {
                            <Banner tone=Tone::Warning>
                                <p>{error.to_string()} " These numbers are from " {since} "."</p>
                                <button
                                    class="button"
                                    type="button"
                                    aria-disabled=move || poll.asking.get().to_string()
                                    on:click=move |_| poll.ask(question)
                                >
                                    <Icon icon=icondata::LuRotateCw />
                                    "Retry"
                                </button>
                            </Banner>
                        }
                    })
            }}
        </div>
    }
}
