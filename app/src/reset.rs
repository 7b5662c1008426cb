//! When a form goes back to what it showed at first.

use crate::{browser, request, rpc, typed::typed};
use leptos::{
    ev::{Event, SubmitEvent},
    html,
    prelude::*,
    server_fn::ServerFn,
};
use std::{cell::RefCell, rc::Rc};
use web_sys::{FormData, HtmlFormElement, HtmlSelectElement};

/// Readies a form for its next entry once its action has worked: empty, with the focus in the first of the `fields`,
/// which are all that a person can fill in. Left alone where somebody has begun the next entry by then, and without the
/// focus where they have gone elsewhere. A refused form keeps every letter.
pub fn after_success<S>(action: ServerAction<S>, form: NodeRef<html::Form>, fields: &'static [&'static str])
where
    S: ServerFn<Error: Send + Sync, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
{
    let entry = move || form.get_untracked().map(|form| values(&form, fields));
    // When it was sent: what stood in it, and what had the focus.
    let sent = Rc::new(RefCell::new((None, None)));
    Effect::watch(
        move || action.pending().get(),
        {
            let sent = Rc::clone(&sent);
            move |pending, _, _| {
                if *pending {
                    sent.replace((entry(), browser::focused()));
                }
            }
        },
        false,
    );
    on_success(action, move || {
        let (sent, had_focus) = &*sent.borrow();
        if let Some(form) = form.get_untracked().filter(|_| *sent == entry()) {
            form.reset();
            let focused = browser::focused();
            if focused.is_none() || focused == *had_focus {
                let first = fields.first().map(|first| format!("[name={first}]")).unwrap_or_default();
                browser::focus(form.query_selector(&first).ok().flatten());
            }
        }
    });
}

/// The key of a form's entry, by which sending it twice makes one thing; whatever comes after a success is another entry.
pub fn entry_key<S>(action: ServerAction<S>) -> RwSignal<String>
where
    S: ServerFn<Error: Send + Sync, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
{
    // The same in the browser as in the form that the server drew.
    let first = SharedValue::new(|| typed::<S>("key").unwrap_or_else(|| request::new_key().to_string()));
    let key = RwSignal::new(first.into_inner());
    on_success(action, move || key.set(request::new_key().to_string()));
    key
}

/// Calls `then` each time that the action has worked.
fn on_success<S>(action: ServerAction<S>, then: impl Fn() + 'static)
where
    S: ServerFn<Error: Send + Sync, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
{
    Effect::watch(
        move || action.version().get(),
        move |_, _, _| {
            if action.value().with_untracked(|answer| matches!(answer, Some(Ok(_)))) {
                then();
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
/// was chosen was refused, but never in place of what somebody has chosen and not sent yet, or of what is on its way.
/// Returns what the form does when it is sent, and the choice when it is made.
pub fn to_stored<S, T>(
    action: ServerAction<S>,
    choice: NodeRef<html::Select>,
    stored: Memo<T>,
) -> (impl Fn(SubmitEvent) + Clone + 'static, impl Fn(Event) + Clone + 'static)
where
    S: ServerFn<Error: Send + Sync, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    T: PartialEq + Send + Sync + 'static,
{
    let awaited = StoredValue::new(None::<String>);
    let unsent = StoredValue::new(None::<String>);
    // What was sent while an answer was awaited.
    let again = StoredValue::new(None::<String>);
    let note_choice = move || {
        if let Some(choice) = choice.get_untracked() {
            let known = awaited.get_value().or_else(|| stored_value(&choice));
            unsent.set_value(Some(choice.value()).filter(|chosen| Some(chosen) != known.as_ref()));
        }
    };
    // Also what was chosen before the page was taken over.
    Effect::new(move |_| choice.with(|choice| choice.is_some()).then(note_choice));
    // In the next frame, when the options say what is stored.
    let show = move || {
        request_animation_frame(move || {
            if let Some(choice) = choice.try_get_untracked().flatten() {
                show_value(&choice, unsent.get_value().or_else(|| awaited.get_value()));
            }
        });
    };
    Effect::watch(
        move || stored.with(|_| ()),
        move |(), _, _| {
            if !action.pending().get_untracked() {
                awaited.set_value(None);
            }
            show();
        },
        false,
    );
    Effect::watch(
        move || action.version().get(),
        move |_, _, _| {
            // What has worked is awaited on until it is read as stored.
            if action.value().with_untracked(|answer| matches!(answer, Some(Err(_)))) {
                awaited.set_value(None);
                show();
            }
            if let (Some(choice), Some(value)) = (choice.get_untracked(), again.get_value()) {
                again.set_value(None);
                let chosen = choice.value();
                choice.set_value(&value);
                if let Some(form) = choice.form() {
                    // Refused only by a browser that finds the form incomplete, and says so.
                    drop(form.request_submit());
                }
                choice.set_value(&chosen);
                note_choice();
            }
        },
        false,
    );
    let once = rpc::once(action);
    let submit = move |event: SubmitEvent| {
        once(event.clone());
        let sent = choice.get_untracked().map(|choice| choice.value());
        if event.default_prevented() {
            again.set_value(sent.filter(|sent| awaited.get_value().as_ref() != Some(sent)));
        } else {
            awaited.set_value(sent);
            unsent.set_value(None);
        }
    };
    (submit, move |_| note_choice())
}

/// The value of the option that the page itself has chosen.
fn stored_value(choice: &HtmlSelectElement) -> Option<String> {
    choice.query_selector("option[selected]").ok().flatten()?.get_attribute("value")
}

/// Chooses a value, or what is stored: also where the value is not to be had any more.
fn show_value(choice: &HtmlSelectElement, value: Option<String>) {
    if let Some(value) = value {
        choice.set_value(&value);
        if choice.selected_index() >= 0 {
            return;
        }
    }
    if let Some(form) = choice.form() {
        form.reset();
    }
}
