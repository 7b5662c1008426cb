//! The browser's entry: takes over the page that the server rendered, nothing else.

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs when the wasm has loaded.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_lazy(taskwire_app::App);
}
