//! A new API token, and the one time that its secret is shown.

use super::{
    banner::{Banner, Refusal, Tone},
    field::Field,
    here::Here,
    icon::Icon,
};
use crate::{
    browser, request,
    rpc::{self, token::Create},
    typed::typed,
};
use leptos::{html, prelude::*};
use taskwire_domain::api_token::TokenScope;

/// What each choice sends, and what people read.
type Choices = &'static [(&'static str, &'static str)];

const TASKS: Choices = &[
    ("", "No access"),
    (TokenScope::TasksRead.as_str(), "See tasks"),
    (TokenScope::TasksWrite.as_str(), "See, change, share and delete tasks"),
];
const TEAMS: Choices = &[
    ("", "No access"),
    (TokenScope::TeamsRead.as_str(), "See teams"),
    (TokenScope::TeamsWrite.as_str(), "See, change, leave and delete teams"),
];
const DASHBOARD: Choices = &[("", "No access"), (TokenScope::DashboardRead.as_str(), "See the numbers")];
const DAYS: Choices = &[("30", "After 30 days"), ("90", "After 90 days"), ("365", "After a year"), ("", "Never")];

/// Makes a token.
#[component]
pub fn NewToken(
    /// What the form does.
    action: ServerAction<Create>,
    /// To empty once it has worked.
    form: NodeRef<html::Form>,
) -> impl IntoView {
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let name = typed::<Create>("name").unwrap_or_default();
    view! {
        <section class="panel form" aria-labelledby="new-token">
            <h2 id="new-token">"New token"</h2>
            <Refusal error fields=&["name"] />
            <ActionForm action node_ref=form on:submit:capture=rpc::once(action)>
                <Here />
                <Field name="name" label="Name" hint="So that you know later what uses it." value=name error />
                <Choice name="tasks" label="Tasks" choices=TASKS first=TokenScope::TasksRead.as_str() />
                <Choice name="teams" label="Teams" choices=TEAMS first="" />
                <Choice name="dashboard" label="Dashboard" choices=DASHBOARD first="" />
                <Choice name="days" label="Ends" choices=DAYS first="90" />
                <div class="actions">
                    <button class="button button-primary">
                        <Icon icon=icondata::LuPlus />
                        "Create token"
                    </button>
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn Choice(name: &'static str, label: &'static str, choices: Choices, first: &'static str) -> impl IntoView {
    let chosen = typed::<Create>(name).unwrap_or_else(|| first.to_owned());
    let options = choices
        .iter()
        .map(|(value, words)| {
            view! {
                <option value=*value selected=*value == chosen>
                    {*words}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name>
                {options}
            </select>
        </div>
    }
}

/// Shows a fresh secret, to be taken away.
#[component]
pub fn FreshSecret(
    /// What the program is to send.
    secret: String,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| browser::focus(field.get().map(Into::into)));
    let url = format!("{}/mcp", request::origin());
    let command = format!("claude mcp add --transport http taskwire {url} --header \"Authorization: Bearer {secret}\"");
    let settings = format!(
        r#"{{ "mcpServers": {{ "taskwire": {{ "url": "{url}", "headers": {{ "Authorization": "Bearer {secret}" }} }} }} }}"#
    );
    view! {
        <div id="made">
            <Banner tone=Tone::Good>
                <ToCopy
                    id="secret"
                    label="Your new token. Copy it now: it is not shown again."
                    text=secret
                    field
                />
                <details>
                    <summary>"Connect an agent with it"</summary>
                    <ToCopy id="for-claude" label="Claude Code, in a terminal" text=command />
                    <ToCopy id="for-others" label="Cursor and others, in their settings of MCP servers" text=settings />
                    <p class="hint">
                        "An agent that is refused with 403 needs whoever runs this server to add its name to TASKWIRE_HOSTS."
                    </p>
                </details>
            </Banner>
        </div>
    }
}

/// A text to be taken away.
#[component]
fn ToCopy(
    id: &'static str,
    label: &'static str,
    text: String,
    #[prop(optional)] field: NodeRef<html::Input>,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        if let Some(field) = field.get_untracked() {
            copied.set(browser::copy(&field));
        }
    };
    view! {
        <p>
            <label for=id>{label}</label>
        </p>
        <div class="actions secret">
            <input id=id node_ref=field readonly value=text autocomplete="off" spellcheck="false" />
            <button type="button" class="button needs-scripts" on:click=copy>
                <Icon icon=icondata::LuCopy />
                {move || if copied.get() { "Copied" } else { "Copy" }}
            </button>
        </div>
    }
}
