//! What only a running browser can tell. Everything here does nothing on the server.

use js_sys::{Array, Intl::DateTimeFormat, Object, Reflect};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlDocument;

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

/// Tells the server the browser's time zone, for people who did not choose one: a cookie for a year.
pub fn keep_time_zone() {
    let told = RwSignal::new(false);
    provide_context(TimeZoneTold(told.read_only()));
    Effect::new(move |_| {
        let Some(zone) = time_zone() else { return };
        let Ok(document) = document().dyn_into::<HtmlDocument>() else { return };
        let cookie = format!("tz={}", crate::next::encode(&zone));
        let known = document.cookie().unwrap_or_default();
        if !known.split("; ").any(|one| one == cookie) {
            // Refused cookies leave the days in UTC, which is what the server does without them.
            drop(document.set_cookie(&format!("{cookie}; Path=/; Max-Age=31536000; SameSite=Lax")));
            told.set(true);
        }
    });
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

/// Moves the focus. Where that fails the person is where they would be without it.
pub fn focus(element: Option<web_sys::Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        drop(element.focus());
    }
}

fn time_zone() -> Option<String> {
    let options = DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &JsValue::from_str("timeZone")).ok()?.as_string()
}
