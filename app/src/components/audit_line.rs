//! One line of the audit log.

use super::{icon::Icon, moment::At};
use crate::{
    audit_words::{Part, sentence},
    user_agent,
};
use leptos::prelude::*;
use taskwire_domain::audit::AuditLine;

/// What happened, in words; when, and from where.
#[component]
pub fn AuditEntry(
    /// The line.
    line: AuditLine,
) -> impl IntoView {
    let words = sentence(&line).into_iter().map(|part| view! { <Piece part /> }).collect_view();
    let from = line.address.map(|address| view! { <span>"from " {address}</span> });
    let browser = line.user_agent.map(|text| view! { <span>{user_agent::describe(Some(&text))}</span> });
    view! {
        <li class="audit-line">
            <p>{words}</p>
            <p class="task-meta">
                <At then=line.at />
                {from}
                {browser}
            </p>
        </li>
    }
}

#[component]
fn Piece(part: Part) -> impl IntoView {
    match part {
        Part::Words(words) => words.into_any(),
        Part::Foreign(text) => view! { <bdi>{text}</bdi> }.into_any(),
        Part::Alarm(words) => view! {
            <strong class="audit-alarm">
                <Icon icon=icondata::LuShieldAlert />
                {words}
            </strong>
        }
        .into_any(),
    }
}
