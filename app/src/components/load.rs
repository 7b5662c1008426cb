//! The one way in which pages wait for data, and fail to get it.

use super::{
    banner::{Banner, Tone},
    here,
    icon::Icon,
};
use crate::{
    next,
    pages::not_found::Missing,
    request,
    rpc::{Remote, RpcError},
};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use taskwire_domain::Error;

/// Shows `children` with the data once it is there; keeps the old view while newer data is on its way.
#[component]
pub fn Load<T, F, V>(
    /// Where the data comes from.
    resource: Remote<Result<T, RpcError>>,
    /// Stands in when a page is opened before its data is there.
    #[prop(into)]
    skeleton: ViewFn,
    /// Makes the view.
    children: F,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    F: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <Transition fallback=move || skeleton.run()>
            {move || {
                let children = children.clone();
                Suspend::new(async move {
                    match resource.await {
                        Ok(data) => Ok(children(data)),
                        Err(error) => Err(view! { <NotLoaded error /> }),
                    }
                    .map_or_else(IntoAny::into_any, IntoAny::into_any)
                })
            }}
        </Transition>
    }
}

/// What stands in place of data that could not be had.
#[component]
pub fn NotLoaded(
    /// Why not.
    error: RpcError,
) -> impl IntoView {
    let here = untrack(here::path());
    request::refused(&error);
    match error {
        RpcError::Refused(Error::Unauthorized) => view! { <Redirect path=next::sign_in(&here) /> }.into_any(),
        RpcError::Refused(Error::NotFound) => view! { <Missing /> }.into_any(),
        error => view! {
            <Banner tone=Tone::Problem>
                <p>{error.to_string()}</p>
                <p>
                    <a class="button" href=here rel="external">
                        <Icon icon=icondata::LuRotateCw />
                        "Try again"
                    </a>
                </p>
            </Banner>
        }
        .into_any(),
    }
}
