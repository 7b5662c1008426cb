//! The switch between light and dark.

use super::{here, icon::Icon};
use crate::{
    browser, request,
    rpc::{self, preferences::SetTheme},
    theme::Theme,
};
use leptos::prelude::*;

/// The colours of this browser, for every part of the page that shows or changes them.
#[derive(Clone, Copy)]
pub struct Colours {
    chosen: RwSignal<Theme>,
    save: ServerAction<SetTheme>,
}

impl Colours {
    /// As the request says.
    pub fn new() -> Self {
        Self { chosen: RwSignal::new(request::theme()), save: rpc::action() }
    }

    /// Changes the page at once; the form around the button tells the server.
    fn show(self, theme: Theme) {
        self.chosen.set(theme);
        let Some(root) = document().document_element() else { return };
        let shown = match theme {
            Theme::System => root.remove_attribute("data-theme"),
            chosen => root.set_attribute("data-theme", chosen.as_str()),
        };
        // At worst the colours change with the next page.
        drop(shown);
    }
}

impl Default for Colours {
    fn default() -> Self {
        Self::new()
    }
}

/// One button to the other colours. Which ones those are only the style sheet knows while the system
/// decides, so both buttons are there and one of them is shown.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let Some(colours) = use_context::<Colours>() else { return ().into_any() };
    let to = move |theme: Theme, class, icon, label, back: &'static str| {
        view! {
            <button
                class=class
                name="theme"
                value=theme.as_str()
                aria-label=label
                title=label
                on:click=move |_| {
                    colours.show(theme);
                    // This button is gone now, and with it the focus.
                    browser::focus(document().query_selector(back).ok().flatten());
                }
            >
                <Icon icon />
            </button>
        }
    };
    view! {
        <ActionForm action=colours.save attr:class="theme-toggle">
            <ThemeNext />
            {to(Theme::Dark, "icon-button to-dark", icondata::LuMoon, "Dark theme", ".to-light")}
            {to(Theme::Light, "icon-button to-light", icondata::LuSun, "Light theme", ".to-dark")}
        </ActionForm>
    }
    .into_any()
}

/// All three choices, with the present one marked.
#[component]
pub fn ThemeChoice() -> impl IntoView {
    let Some(colours) = use_context::<Colours>() else { return ().into_any() };
    let choice = move |theme: Theme, icon, label| {
        view! {
            <button
                class="button"
                name="theme"
                value=theme.as_str()
                aria-pressed=move || (colours.chosen.get() == theme).to_string()
                on:click=move |_| colours.show(theme)
            >
                <Icon icon />
                {label}
            </button>
        }
    };
    view! {
        <ActionForm action=colours.save>
            <ThemeNext />
            <div class="segments" role="group" aria-label="Theme">
                {choice(Theme::System, icondata::LuMonitor, "System")}
                {choice(Theme::Light, icondata::LuSun, "Light")}
                {choice(Theme::Dark, icondata::LuMoon, "Dark")}
            </div>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn ThemeNext() -> impl IntoView {
    view! { <input type="hidden" name="next" value=here::path() /> }
}
