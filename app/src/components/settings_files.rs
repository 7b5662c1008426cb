//! One's tasks as a file, out and in, and everything that is kept about a person.

use leptos::prelude::*;
use taskwire_domain::task::FileFormat;

/// A link to everything that is kept about the person.
#[component]
pub fn DataPart() -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="data">
            <h2 id="data">"Everything about you"</h2>
            <p class="hint">
                "All that Taskwire keeps about you, as JSON: your account, sessions, API tokens, teams, tasks, shares and activity. "
                "Passwords and tokens themselves are not in it."
            </p>
            <p class="actions">
                <a class="button" href="/api/auth/me/export" download="">
                    "Download everything"
                </a>
            </p>
        </section>
    }
}

/// Links to the file in each format, and to the way back.
#[component]
pub fn FilesPart() -> impl IntoView {
    let link = |format: FileFormat, words: &'static str| {
        view! {
            <a class="button" href=format!("/api/me/tasks/export?format={format}") download="">
                {words}
            </a>
        }
    };
    view! {
        <section class="panel" aria-labelledby="files">
            <h2 id="files">"Your tasks as a file"</h2>
            <p class="hint">
                "All tasks of your own, also those in teams: as CSV for spreadsheets, as JSON for programs. "
                "Both can be imported again, here or elsewhere."
            </p>
            <p class="actions">
                {link(FileFormat::Csv, "Download as CSV")}
                {link(FileFormat::Json, "Download as JSON")}
                <a class="button" href="/settings/import">
                    "Import tasks"
                </a>
            </p>
        </section>
    }
}
