//! What agents did in the person's name, as it happens, and taking it back (requirements G2, G5).

use crate::{
    components::{
        banner::{Banner, Refusal, Tone},
        empty::Empty,
        icon::Icon,
        load::Load,
        page::Page,
        pager::Pager,
        poll_status::PollFailure,
        saved::Saved,
        skeleton::Skeleton,
        tool_call_entry::ToolCallEntry,
    },
    poll::Poll,
    rpc::{
        self, Answers, RpcError,
        tool_call::{UNDONE, Undo, UndoSince},
    },
};
use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};
use taskwire_domain::tool_call::{ToolCallPage, ToolCallQuery};

/// The calls of tools; the address carries from where, and whether also of those that changed nothing.
#[component]
pub fn AgentsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(read));
    let refused = rpc::refused_form::<Undo>().or_else(rpc::refused_form::<UndoSince>);
    // Anybody can write an address: no words of it are shown.
    let done = query.with_untracked(|query| query.get("saved")).filter(|saved| saved == UNDONE);
    let answers = Answers::new(refused, done);
    let worked = answers.worked();
    let data = rpc::remote(move || (asked.get(), worked.get()), |(asked, _)| rpc::tool_call::list(asked));
    view! {
        <Page title="Agents" class="page-narrow">
            <p class="crumbs">
                <a href="/activity">
                    <Icon icon=icondata::LuArrowLeft />
                    "Activity"
                </a>
            </p>
            <h1>"Agents"</h1>
            <p class="hint">
                "What agents did in your name, the last first. What they changed can be undone for 90 days, and what they deleted
                for 30, as long as nobody has changed the same since."
            </p>
            <nav aria-label="Which calls">
                <ul class="tabs">
                    <li>
                        <a href="/activity/agents" aria-current=move || asked.get().only_changes.then_some("page")>"Changes"</a>
                    </li>
                    <li>
                        <a
                            href="/activity/agents?all=yes"
                            aria-current=move || (!asked.get().only_changes).then_some("page")
                        >
                            "All calls"
                        </a>
                    </li>
                </ul>
            </nav>
            <Saved answers name=UNDONE words="Undone" />
            <Refusal error=answers.refused />
            {move || answers.done.get().filter(|done| done != UNDONE).map(|text| view! { <Kept text /> })}
            <Load resource=data skeleton=|| view! { <Skeleton lines=8 /> } let:found>
                {found.kept.map(|text| view! { <Kept text /> })}
                <CallList first=found.page asked=asked.get_untracked() answers />
            </Load>
        </Page>
    }
}

fn read(query: &ParamsMap) -> ToolCallQuery {
    let text = |key| query.get_str(key).filter(|text| !text.is_empty());
    ToolCallQuery { only_changes: text("all").is_none(), before: text("before").and_then(|before| before.parse().ok()) }
}

fn address(asked: &ToolCallQuery) -> String {
    let all = (!asked.only_changes).then(|| "all=yes".to_owned());
    let before = asked.before.map(|before| format!("before={before}"));
    let pairs: Vec<_> = all.into_iter().chain(before).collect();
    format!("/activity/agents?{}", pairs.join("&")).trim_end_matches('?').to_owned()
}

/// What is asked again and again.
async fn newest_changes() -> Result<ToolCallPage, RpcError> {
    Ok(rpc::tool_call::list(ToolCallQuery { only_changes: true, before: None }).await?.page)
}

/// The same where all calls are shown.
async fn newest_calls() -> Result<ToolCallPage, RpcError> {
    Ok(rpc::tool_call::list(ToolCallQuery::default()).await?.page)
}

/// What was not undone.
#[component]
fn Kept(text: String) -> impl IntoView {
    view! {
        <Banner tone=Tone::Warning>
            <p dir="auto">{text}</p>
        </Banner>
    }
}

#[component]
fn CallList(first: ToolCallPage, asked: ToolCallQuery, answers: Answers<String>) -> impl IntoView {
    let (only_changes, is_first) = (asked.only_changes, asked.before.is_none());
    let back = (!is_first).then(|| address(&ToolCallQuery { only_changes, before: None }));
    let poll = Poll::new(first);
    let failure = is_first.then(|| {
        poll.leave_when_signed_out("/activity/agents");
        let stale = "What is shown may be out of date.";
        // Two futures, and so two types.
        if only_changes {
            poll.keep_asking(newest_changes);
            view! { <PollFailure poll question=newest_changes stale /> }.into_any()
        } else {
            poll.keep_asking(newest_calls);
            view! { <PollFailure poll question=newest_calls stale /> }.into_any()
        }
    });
    let next = move || {
        let before = poll.data.with(|page| page.next)?;
        Some(address(&ToolCallQuery { only_changes, before: Some(before) }))
    };
    let rows = move || poll.data.with(|page| page.calls.clone());
    let is_empty = Memo::new(move |_| poll.data.with(|page| page.calls.is_empty()));
    view! {
        {failure}
        <section class="panel" aria-label="What agents did">
            <Show
                when=move || !is_empty.get()
                fallback=|| {
                    view! {
                        <Empty icon=icondata::LuBot title="Nothing here">
                            <p>"Agents have done nothing yet, or nothing further back."</p>
                            <p>
                                <a href="/settings/tokens" class="button">
                                    "Connect an agent"
                                </a>
                            </p>
                        </Empty>
                    }
                }
            >
                <ul class="plain-list">
                    <For each=rows key=|call| (call.id, call.undone_at) let:call>
                        <ToolCallEntry call answers />
                    </For>
                </ul>
            </Show>
        </section>
        {move || view! { <Pager first=back.clone() next=next() /> }}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> ToolCallQuery {
        read(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let id = "01980000-0000-7000-8000-000000000001";
        assert_eq!(address(&asked(&[])), "/activity/agents");
        assert_eq!(address(&asked(&[("all", "yes")])), "/activity/agents?all=yes");
        assert_eq!(address(&asked(&[("all", "yes"), ("before", id)])), format!("/activity/agents?all=yes&before={id}"));
        assert_eq!(asked(&[("before", "nonsense")]), asked(&[]));
    }
}
