//! How fresh the numbers are.

use super::{
    banner::{Banner, Tone},
    icon::Icon,
};
use crate::{poll::Poll, rpc::RpcError};
use leptos::prelude::*;
use std::future::Future;

/// When the numbers were true, a way to hold them still, and, while polls fail, why.
#[component]
pub fn PollStatus<T: Send + Sync + 'static, F: Future<Output = Result<T, RpcError>> + 'static>(
    /// The polling.
    poll: Poll<T>,
    /// What it asks.
    question: fn() -> F,
    /// The time of day at which the numbers were true.
    since: Signal<String>,
    /// What stands beside it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let label = move || if poll.paused.get() { "Resume updates" } else { "Pause updates" };
    view! {
        <div class="poll-status">
            <span class="freshness" class:is-failing=move || poll.failure.with(Option::is_some)>
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
            {children.map(|children| children())}
        </div>
        <PollFailure poll question stale=move || format!("These numbers are from {}.", since.get()) />
    }
}

/// Why the last polls failed, while they do, and a way to ask at once.
#[component]
pub fn PollFailure<T: Send + Sync + 'static, F: Future<Output = Result<T, RpcError>> + 'static>(
    /// The polling.
    poll: Poll<T>,
    /// What it asks.
    question: fn() -> F,
    /// What that means for what is shown.
    #[prop(into)]
    stale: Signal<String>,
) -> impl IntoView {
    let failing = Memo::new(move |_| poll.failure.get());
    view! {
        // The region stands before the message, so that screen readers notice it.
        <div class="poll-failure" aria-live="polite">
            {move || {
                failing
                    .get()
                    .map(|error| {
                        view! {
                            <Banner tone=Tone::Warning>
                                <p>{error.to_string()} " " {stale}</p>
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
