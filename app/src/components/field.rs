//! One field of a form: label, hint, input and complaint, tied together for screen readers.

use super::{icon::Icon, text_area::TextArea};
use crate::{browser, rpc::RpcError};
use leptos::{either::Either, prelude::*};

/// A line or a text that a person types.
#[component]
pub fn Field(
    /// The name that the server knows it by, and its id.
    name: &'static str,
    /// What people read.
    label: &'static str,
    /// What the form was refused for.
    #[prop(into)]
    error: Signal<Option<RpcError>>,
    /// What it holds at first.
    #[prop(optional, into)]
    value: String,
    /// The rule, told before it is broken.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// `text`, `email` or `password`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What browsers may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Lines of a longer text; a single line without.
    #[prop(optional)]
    rows: Option<u32>,
    /// An example, shown while it is empty.
    #[prop(optional)]
    placeholder: Option<&'static str>,
) -> impl IntoView {
    let complaint = Memo::new(move |_| error.get().and_then(|error| error.about(name).map(str::to_owned)));
    // A refused form is mended where the first complaint stands.
    Effect::watch(
        move || complaint.get(),
        move |complaint, _, _| {
            if complaint.is_some() {
                browser::focus_first_complaint(name);
            }
        },
        false,
    );
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = {
        let (hint_id, error_id) = (hint.map(|_| hint_id.clone()), error_id.clone());
        move || {
            let error_id = complaint.get().map(|_| error_id.clone());
            let ids: Vec<_> = error_id.into_iter().chain(hint_id.clone()).collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    };
    let invalid = move || complaint.get().map(|_| "true");
    let input = match rows {
        Some(rows) => Either::Left(view! {
            <TextArea name value rows optional attr:aria-describedby=described attr:aria-invalid=invalid />
        }),
        None => Either::Right(view! {
            <input
                id=name
                name=name
                type=kind
                value=value
                placeholder=placeholder
                autocomplete=autocomplete
                required=!optional
                dir=(kind == "text").then_some("auto")
                aria-describedby=described
                aria-invalid=invalid
            />
        }),
    };
    view! {
        <div class="field">
            <label for=name>{label} {optional.then(|| view! { <span class="aside">" (optional)"</span> })}</label>
            {input}
            {move || {
                let error_id = error_id.clone();
                complaint
                    .get()
                    .map(|text| {
                        view! {
                            <p class="complaint" id=error_id>
                                <Icon icon=icondata::LuCircleAlert />
                                <span>{text}</span>
                            </p>
                        }
                    })
            }}
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
}
