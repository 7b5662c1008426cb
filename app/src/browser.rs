//! What only a running browser can tell. Everything here does nothing on the server.

use chrono::{DateTime, Utc};
use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlDocument, HtmlTextAreaElement};

/// Marks the document once wasm has taken over, for the style sheet (buttons that need scripts) and tests.
pub fn mark_ready() {
    Effect::new(|_| {
        // After the microtasks in which the rest of the page is taken over.
        set_timeout(
            || {
                if let Some(root) = document().document_element() {
                    // Without the mark those buttons stay away.
                    drop(root.set_attribute("data-ready", ""));
                }
            },
            Duration::ZERO,
        );
    });
}

/// Loads the page anew after a panic, which leaves it dead. The one to expect is an area's module that cannot be
/// had, because the server is another version by now. Not twice in a row: then the page stays as the server
/// rendered it, instead of going round in circles.
pub fn start_over() {
    const KEY: &str = "taskwire-started-over";
    const IN_A_ROW: u64 = 10_000;
    let Ok(Some(storage)) = window().session_storage() else { return };
    let now = Date::now() as u64;
    let last = storage.get_item(KEY).ok().flatten().and_then(|last| last.parse::<u64>().ok());
    if last.is_none_or(|last| now.abs_diff(last) > IN_A_ROW) && storage.set_item(KEY, &now.to_string()).is_ok() {
        // Refused, it leaves things as they are.
        drop(window().location().reload());
    }
}

/// Tells the server the browser's time zone, for people who did not choose one: a cookie for a year.
pub fn keep_time_zone() {
    let told = RwSignal::new(false);
    provide_context(TimeZoneTold(told.read_only()));
    // Later, because a phone takes long to make its first date format, and nothing waits for it.
    Effect::new(move |_| set_timeout(move || tell_time_zone(told), Duration::ZERO));
}

fn tell_time_zone(told: RwSignal<bool>) {
    let Some(zone) = time_zone() else { return };
    let Ok(document) = document().dyn_into::<HtmlDocument>() else { return };
    let cookie = format!("tz={}", crate::next::encode(&zone));
    let known = document.cookie().unwrap_or_default();
    if !known.split("; ").any(|one| one == cookie) {
        // Refused cookies leave the days in UTC, which is what the server does without them.
        drop(document.set_cookie(&format!("{cookie}; Path=/; Max-Age=31536000; SameSite=Lax")));
        told.set(true);
    }
}

/// Turns true when the server first hears of the browser's time zone: what it said before was in UTC.
#[derive(Clone, Copy)]
pub struct TimeZoneTold(pub ReadSignal<bool>);

/// Puts the focus into the field `id`, unless it is in a field with a complaint already.
pub fn focus_first_complaint(id: &str) {
    let refused = |element: &web_sys::Element| element.get_attribute("aria-invalid").is_some();
    if !document().active_element().is_some_and(|element| refused(&element)) {
        focus(document().get_element_by_id(id));
    }
}

/// Copies what stands in a field to the clipboard, and says whether that was allowed. It is selected in any case, for the
/// person to do it. Not by `navigator.clipboard`, which is missing on plain HTTP.
pub fn copy(field: &web_sys::HtmlInputElement) -> bool {
    field.select();
    document().dyn_into::<HtmlDocument>().is_ok_and(|document| document.exec_command("copy").unwrap_or_default())
}

/// The text of the file that a person has chosen in a field; `None` if it is no text in UTF-8.
pub async fn chosen_text(field: &web_sys::HtmlInputElement) -> Option<String> {
    let file = field.files()?.get(0)?;
    let text = JsFuture::from(file.text()).await.ok()?.as_string()?;
    // What browsers put in place of what they cannot read.
    (!text.contains(char::REPLACEMENT_CHARACTER)).then_some(text)
}

/// Writes into a field of several lines, as if somebody had typed it.
pub fn fill(form: &web_sys::HtmlFormElement, name: &str, text: &str) {
    if let Some(field) = form.elements().named_item(name).and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok())
    {
        field.set_value(text);
    }
}

/// Moves the focus. Where that fails the person is where they would be without it.
pub fn focus(element: Option<web_sys::Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        drop(element.focus());
    }
}

/// Gives the focus back, once the page has changed, to what has it now and loses it by moving; where that has gone, to
/// `instead`. Where nothing loses it, it stays wherever it is by then.
pub fn keep_focus(instead: impl FnOnce() -> Option<web_sys::Element> + 'static) {
    let Some(had) = focused() else { return };
    request_animation_frame(move || {
        if focused().is_none() {
            focus(if had.is_connected() { Some(had) } else { instead() });
        }
    });
}

/// Whether the person is typing, or is being asked something.
pub fn is_busy() -> bool {
    focused_within("input, select, textarea, .confirm")
}

/// Whether the focus is on what the selector finds, or in it.
pub fn focused_within(selector: &str) -> bool {
    focused().is_some_and(|focused| matches!(focused.closest(selector), Ok(Some(_))))
}

/// What has the focus.
pub fn focused() -> Option<web_sys::Element> {
    document().active_element().filter(|active| active.tag_name() != "BODY")
}

/// Seconds east of UTC that the browser's clock showed at a point in time.
pub fn utc_offset(then: DateTime<Utc>) -> i32 {
    let date = Date::new(&JsValue::from_f64(then.timestamp_millis() as f64));
    // In minutes, and counted to the west.
    date.get_timezone_offset() as i32 * -60
}

fn time_zone() -> Option<String> {
    let options = DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &JsValue::from_str("timeZone")).ok()?.as_string()
}
