//! What a refused form held, when its page cannot be shown: nothing typed is ever lost.

use crate::{
    components::{
        banner::{Banner, Tone},
        header::Brand,
        icon::Icon,
        page::Page,
        text_area::TextArea,
    },
    next, request,
    rpc::{
        RpcError,
        task::{Create, Update},
    },
    typed::Typed,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::{Title, provide_meta_context};
use taskwire_domain::Error;

/// Shows the texts and offers to send them again. Needs no data and no JavaScript.
#[component]
pub fn SendAgain(
    /// Why they were refused.
    error: RpcError,
) -> impl IntoView {
    provide_meta_context();
    let Typed { mut path, mut page, mut fields } = use_context().unwrap_or_default();
    // A task that is gone cannot be saved; its text can be a task of its own.
    let gone = path == Update::PATH && error == RpcError::Refused(Error::NotFound);
    if gone {
        fields.retain(|(name, _)| name != "id" && name != "version");
        (path, page) = (Create::PATH.to_owned(), "/tasks".to_owned());
    }
    let is_text = |name: &str| name == "title" || name == "description";
    let texts: Vec<_> = fields.iter().filter(|(name, text)| is_text(name) && !text.is_empty()).cloned().collect();
    // Signing out, for example, has nothing to lose.
    let (title, heading) = match texts.is_empty() {
        true => ("Not done", "This was not done"),
        false => ("Not saved", "This was not saved"),
    };
    let advice = match error {
        RpcError::Refused(Error::Unauthorized) => Some(view! {
            <p>
                <a href=next::sign_in(&page) target="_blank" rel="noopener">
                    "Sign in in a new tab"
                </a>
                ", then send this again."
            </p>
        }),
        _ => None,
    };
    view! {
        <Title formatter=request::title />
        <header class="header">
            <div class="header-row">
                <Brand />
            </div>
        </header>
        <Page title class="page-narrow">
            <h1>{heading}</h1>
            <Banner tone=Tone::Problem>
                <p>{error.to_string()}</p>
                {advice}
            </Banner>
            <form class="panel form" method="post" action=path>
                {fields
                    .into_iter()
                    .filter(|(name, _)| !is_text(name))
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                    .collect_view()}
                <input type="hidden" name="page" value=page.clone() />
                {texts
                    .into_iter()
                    .map(|(name, text)| {
                        view! {
                            <div class="field">
                                <label for=name.clone()>"What you typed: " {name.clone()}</label>
                                <TextArea name value=text rows=3 optional=true />
                            </div>
                        }
                    })
                    .collect_view()}
                <p class="actions">
                    <button class="button button-primary">
                        <Icon icon=icondata::LuRotateCw />
                        {if gone { "Make a new task from this text" } else { "Send again" }}
                    </button>
                    <a class="button" href=page>
                        "Back"
                    </a>
                </p>
            </form>
        </Page>
    }
}
