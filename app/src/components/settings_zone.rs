//! By which clock the person's days begin.

use super::{banner::Refusal, here::Here, saved::Saved};
use crate::rpc::{self, Answers, account::SetTimeZone};
use leptos::prelude::*;

/// The choice of a time zone.
#[component]
pub fn ZonePart(
    /// The zone chosen before; `None` follows the browser.
    chosen: Option<String>,
    /// The IANA names to choose from.
    zones: Vec<String>,
    /// Saves the choice.
    action: ServerAction<SetTimeZone>,
    /// What was done last.
    answers: Answers<String>,
) -> impl IntoView {
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let chosen = chosen.unwrap_or_default();
    let options = zones
        .into_iter()
        .map(|zone| {
            let selected = zone == chosen;
            view! { <option selected=selected>{zone}</option> }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="zone">
            <h2 id="zone">"Time zone"</h2>
            <Refusal error />
            <ActionForm action on:input=move |_| answers.forget() on:submit:capture=rpc::once(action)>
                <Here />
                <div class="field">
                    <label for="time_zone">"Days and weeks begin by the clock of"</label>
                    <select id="time_zone" name="time_zone">
                        <option value="" selected=chosen.is_empty()>
                            "this browser"
                        </option>
                        {options}
                    </select>
                </div>
                <div class="actions">
                    <button class="button">"Save time zone"</button>
                    <Saved answers name="time-zone" />
                </div>
            </ActionForm>
        </section>
    }
}
