//! Tasks from a file.

use crate::{
    browser,
    components::{
        banner::{Banner, Refusal, Tone},
        field::Field,
        here::Here,
        icon::Icon,
        load::Load,
        page::Page,
        skeleton::Skeleton,
    },
    reset,
    rpc::{self, RpcError, task::Import},
    typed::typed,
};
use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;
use taskwire_domain::{Error, FieldError, task::IMPORT_MAX};

/// What a table looks like.
const EXAMPLE: &str =
    "title,description,status\nPlan the offsite,Somewhere with trees,pending\nBook the train,,completed";

/// Lines named of those that stand in the way; whoever has mended so many comes back for the others.
const NAMED: usize = 20;

/// Makes tasks of a text that a person pastes, or takes from a file.
#[component]
pub fn ImportPage() -> impl IntoView {
    let import = rpc::action::<Import>();
    let key = reset::entry_key(import);
    let error = Signal::derive(move || import.value().get().and_then(Result::err));
    // What a form without JavaScript did is in the address.
    let before = use_query_map().with_untracked(|query| query.get("made")?.parse::<usize>().ok());
    let made = move || match import.value().get() {
        None => before.filter(|_| !import.pending().get()),
        Some(answer) => answer.ok(),
    };
    // Whoever is not signed in is led to where they can be before they fill anything in.
    let account = rpc::remote(|| (), |()| rpc::account::get());
    view! {
        <Page title="Import tasks" class="page-narrow">
            <p class="crumbs">
                <a href="/settings">"Settings"</a>
            </p>
            <h1>"Import tasks"</h1>
            <p class="hint">
                {format!(
                    "From a table (CSV) whose first line names the columns, or from a list in JSON: whatever “Your tasks as a \
                     file” wrote, and what other programs write with a “title” in it. At most {IMPORT_MAX} tasks, which \
                     become your own. All are made, or none.",
                )}
            </p>
            <pre class="example" tabindex="0" role="region" aria-label="An example">{EXAMPLE}</pre>
            {move || made().map(|made| view! { <Made made /> })}
            <Complaints error />
            <Load resource=account skeleton=|| view! { <Skeleton lines=8 /> } let:_account>
                <ImportForm import key error />
            </Load>
        </Page>
    }
}

#[component]
fn ImportForm(import: ServerAction<Import>, key: RwSignal<String>, error: Signal<Option<RpcError>>) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let unreadable = RwSignal::new(false);
    reset::after_success(import, form, &["text"]);
    let choose = move |event| {
        let field: web_sys::HtmlInputElement = event_target(&event);
        spawn_local(async move {
            let text = browser::chosen_text(&field).await;
            unreadable.set(text.is_none());
            if let (Some(text), Some(form)) = (text, form.get_untracked()) {
                browser::fill(&form, "text", &text);
            }
        });
    };
    let text = typed::<Import>("text").unwrap_or_default();
    view! {
        <ActionForm action=import node_ref=form on:submit:capture=rpc::once(import)>
            <Here />
            <input type="hidden" name="key" value=move || key.get() />
            <div class="field needs-scripts">
                <label for="file">"Choose a file"</label>
                <input
                    id="file"
                    type="file"
                    accept=".csv,.json,text/csv,application/json"
                    on:change=choose
                    aria-describedby="file-error"
                />
                <p class="complaint" id="file-error" role="alert">
                    {move || {
                        unreadable
                            .get()
                            .then(|| {
                                view! {
                                    <Icon icon=icondata::LuCircleAlert />
                                    <span>"This is not a text in UTF-8. Spreadsheets call it “CSV UTF-8”."</span>
                                }
                            })
                    }}
                </p>
            </div>
            <Field name="text" label="Tasks" rows=12 value=text error />
            <div class="actions">
                <button
                    class="button button-primary"
                    aria-disabled=move || import.pending().get().to_string()
                >
                    <Icon icon=icondata::LuUpload />
                    {move || if import.pending().get() { "Importing…" } else { "Import" }}
                </button>
            </div>
        </ActionForm>
    }
}

/// How many there are, and where.
#[component]
fn Made(made: usize) -> impl IntoView {
    let words = match made {
        1 => "One task was made.".to_owned(),
        _ => format!("{made} tasks were made."),
    };
    view! {
        <Banner tone=Tone::Good>
            <p>{words} " " <a href="/tasks">"To your tasks"</a></p>
        </Banner>
    }
}

/// Why nothing was made: line by line, where it is for its lines.
#[component]
fn Complaints(error: Signal<Option<RpcError>>) -> impl IntoView {
    let about_lines = move || match error.get() {
        Some(RpcError::Refused(Error::Invalid(fields))) => {
            let lines: Vec<_> = fields.iter().filter_map(about_line).collect();
            (!lines.is_empty()).then_some(lines)
        }
        _ => None,
    };
    let other = Signal::derive(move || error.get().filter(|_| about_lines().is_none()));
    view! {
        <Refusal error=other />
        {move || {
            let lines = about_lines()?;
            let more = lines.len().saturating_sub(NAMED);
            let named = lines.into_iter().take(NAMED).map(|line| view! { <li>{line}</li> }).collect_view();
            Some(view! {
                <Banner tone=Tone::Problem>
                    <p>"Nothing was made yet. Please change these lines first; in JSON each task counts as one."</p>
                    <ul>{named}</ul>
                    {(more > 0).then(|| view! { <p>{format!("And {more} more.")}</p> })}
                </Banner>
            })
        }}
    }
}

/// A complaint about a line, in words; the field is spelt `lines[4].title`.
fn about_line(FieldError { field, message }: &FieldError) -> Option<String> {
    let (line, _) = field.strip_prefix("lines[")?.split_once(']')?;
    Some(format!("Line {line}: {message}"))
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_complaint_about_a_line_names_it() {
        const PIECES: &[&str] = &["lines[", "]", ".title", "7", "file", "text"];
        check!().with_generator((text(PIECES), text(PIECES), produce::<u64>())).for_each(|(field, message, number)| {
            let about = |field: &str| about_line(&FieldError::new(field, message.clone()));
            assert_eq!(about(&format!("lines[{number}].{field}")), Some(format!("Line {number}: {message}")));
            let names_a_line = field.starts_with("lines[") && field.contains(']');
            assert_eq!(about(field).is_some(), names_a_line);
            assert!(about(field).is_none_or(|said| said.ends_with(message)));
        });
    }
}
