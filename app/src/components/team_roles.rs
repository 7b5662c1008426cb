//! Roles to choose from.

use leptos::prelude::*;
use taskwire_domain::team::Role;

/// The roles that the viewer may give, for a `select`.
#[component]
pub fn RoleOptions(
    /// What the viewer is in the team.
    #[prop(into)]
    viewer: Signal<Role>,
    /// What is chosen at first. A role that is not the viewer's to give stands there too, but cannot be sent.
    #[prop(into)]
    chosen: Signal<Role>,
) -> impl IntoView {
    let gives = Memo::new(move |_| viewer.get().gives());
    let other = Memo::new(move |_| Some(chosen.get()).filter(|chosen| !gives.get().contains(chosen)));
    view! {
        {move || {
            other
                .get()
                .map(|role| {
                    view! {
                        <option value="" selected=true disabled=true>
                            {role.as_str()}
                        </option>
                    }
                })
        }}
        <For each=move || gives.get().iter().copied() key=|role| *role let:role>
            <option value=role.as_str() selected=move || chosen.get() == role>
                {role.as_str()}
            </option>
        </For>
    }
}
