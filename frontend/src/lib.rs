//! The browser's entry: takes over the page that the server rendered, nothing else.

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs when the wasm has loaded.
#[wasm_bindgen]
pub fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        taskwire_app::browser::start_over();
    }));
    leptos::mount::hydrate_lazy(taskwire_app::App);
}
