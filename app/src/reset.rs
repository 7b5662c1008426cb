//! When a form goes back to what it showed at first.

use crate::{browser, rpc};
use leptos::{
    ev::{Event, SubmitEvent},
    html,
    prelude::*,
    server_fn::ServerFn,
};
use web_sys::{FormData, HtmlFormElement};

/// Readies a form for its next entry once its action has worked: empty, with the focus in the first of the `fields`,
/// which are all that a person can fill in. Left alone where somebody has begun the next entry by then, and without the
/// focus where they have gone elsewhere. A refused form keeps every letter.
pub fn after_success<S>(action: ServerAction<S>, form: NodeRef<html::Form>, fields: &'static [&'static str])
where
    S: ServerFn<Error: Send + Sync, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
{
    let entry = move || form.get_untracked().map(|form| values(&form, fields));
    let sent = StoredValue::new(None);
    Effect::watch(
        move || action.pending().get(),
        move |pending, _, _| {
            if *pending {
                sent.set_value(entry());
            }
        },
        false,
    );
    Effect::watch(
        move || action.version().get(),
        move |_, _, _| {
            let worked = action.value().with_untracked(|answer| matches!(answer, Some(Ok(_))));
            if let Some(form) = form.get_untracked().filter(|_| worked && sent.get_value() == entry()) {
                form.reset();
                if browser::is_focus_lost() || browser::has_focus(&form) {
                    let first = fields.first().map(|first| format!("[name={first}]")).unwrap_or_default();
                    browser::focus(form.query_selector(&first).ok().flatten());
                }
            }
        },
        false,
    );
}

fn values(form: &HtmlFormElement, fields: &[&str]) -> Vec<Option<String>> {
    let data = FormData::new_with_form(form).ok();
    fields.iter().map(|field| data.as_ref()?.get(field).as_string()).collect()
}

/// Lets a choice with a form and an action of its own show what is stored: when that is another by now, and when what
/// was chosen was refused, but never in place of what somebody has chosen and not sent yet. Returns what the form does
/// when it is sent, and when something is chosen in it.
pub fn to_stored<S, T>(
    action: ServerAction<S>,
    form: NodeRef<html::Form>,
    stored: Memo<T>,
) -> (impl Fn(SubmitEvent) + Clone + 'static, impl Fn(Event) + Clone + 'static)
where
    S: ServerFn<Error: Send + Sync, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    T: PartialEq + Send + Sync + 'static,
{
    let unsent = StoredValue::new(false);
    // A row that moves in its list when its choice is stored loses the focus on its way.
    let moves = StoredValue::new(false);
    // Something else was chosen and sent while an answer was awaited.
    let again = StoredValue::new(false);
    // In the next frame, when the options say what is stored.
    let reset = move || {
        request_animation_frame(move || {
            if unsent.try_get_value() == Some(false)
                && let Some(form) = form.try_get_untracked().flatten()
            {
                form.reset();
            }
        });
    };
    Effect::watch(
        move || stored.with(|_| ()),
        move |(), _, _| {
            reset();
            if moves.get_value() {
                moves.set_value(false);
                let button = move || form.try_get_untracked().flatten()?.query_selector("button").ok().flatten();
                browser::focus_instead(button);
            }
        },
        false,
    );
    Effect::watch(
        move || action.version().get(),
        move |_, _, _| {
            if action.value().with_untracked(|answer| matches!(answer, Some(Err(_)))) {
                moves.set_value(false);
                reset();
            }
            if let Some(form) = form.get_untracked().filter(|_| again.get_value()) {
                again.set_value(false);
                // Refused only by a browser that finds the form incomplete, and says so.
                drop(form.request_submit());
            }
        },
        false,
    );
    let once = rpc::once(action);
    let submit = move |event: SubmitEvent| {
        once(event.clone());
        if event.default_prevented() {
            again.set_value(unsent.get_value());
        } else {
            moves.set_value(unsent.get_value());
            unsent.set_value(false);
        }
    };
    (submit, move |_| unsent.set_value(true))
}
