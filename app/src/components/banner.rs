//! Messages above the content.

use super::{here, icon::Icon};
use crate::{next, rpc::RpcError};
use leptos::prelude::*;
use taskwire_domain::Error;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something to know.
    Info,
    /// It worked.
    Good,
    /// Something needs the person's eye.
    Warning,
    /// It did not work.
    Problem,
}

/// A message, read out when it appears: at once for problems, at the next pause otherwise.
#[component]
pub fn Banner(
    /// How it is meant.
    tone: Tone,
    /// Text and actions.
    children: Children,
) -> impl IntoView {
    let (class, icon, role) = match tone {
        Tone::Info => ("banner", icondata::LuInfo, "status"),
        Tone::Good => ("banner banner-good", icondata::LuCircleCheck, "status"),
        Tone::Warning => ("banner banner-warning", icondata::LuTriangleAlert, "status"),
        Tone::Problem => ("banner banner-problem", icondata::LuCircleAlert, "alert"),
    };
    view! {
        <div class=class role=role>
            <Icon icon />
            <div class="banner-body">{children()}</div>
        </div>
    }
}

/// Why a form was refused, except for complaints that stand beside their `fields`.
#[component]
pub fn Refusal(
    /// The refusal, while there is one.
    #[prop(into)]
    error: Signal<Option<RpcError>>,
    /// Fields that show their own complaints.
    #[prop(optional)]
    fields: &'static [&'static str],
) -> impl IntoView {
    move || {
        let error = error.get().filter(|error| !stands_elsewhere(error, fields))?;
        Some(view! {
            <Banner tone=Tone::Problem>
                <p>{error.to_string()}</p>
                {error.is_unauthorized().then(SignInElsewhere)}
            </Banner>
        })
    }
}

fn stands_elsewhere(error: &RpcError, fields: &[&str]) -> bool {
    match error {
        RpcError::Refused(Error::Invalid(errors)) => errors.iter().all(|one| fields.contains(&one.field.as_str())),
        RpcError::Refused(Error::Stale) => fields.contains(&"version"),
        _ => false,
    }
}

/// A way to sign in again that leaves what was typed on this page alone.
#[component]
fn SignInElsewhere() -> impl IntoView {
    let here = here::path();
    view! {
        <p>
            <a href=move || next::sign_in(&here()) target="_blank" rel="noopener">
                "Sign in in a new tab"
            </a>
            ", then try again here."
        </p>
    }
}
