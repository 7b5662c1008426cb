//! Points in time.

use crate::{browser, time};
use chrono::{DateTime, SecondsFormat, Utc};
use leptos::prelude::*;

/// How long ago something was, seen from the server's `now`; the exact moment is in its title.
#[component]
pub fn Ago(
    /// When it was.
    then: DateTime<Utc>,
    /// When the server answered.
    now: DateTime<Utc>,
    /// Seconds east of UTC where the person is, if that is known.
    #[prop(optional)]
    utc_offset: Option<i32>,
) -> impl IntoView {
    let offset = offset_at(then, utc_offset);
    view! {
        <time
            datetime=then.to_rfc3339_opts(SecondsFormat::Secs, true)
            title=move || time::moment(then, offset.get())
        >
            {move || time::ago(then, now, offset.get())}
        </time>
    }
}

/// The moment itself.
#[component]
pub fn At(
    /// When it was.
    then: DateTime<Utc>,
) -> impl IntoView {
    let offset = offset_at(then, None);
    view! {
        <time datetime=then
            .to_rfc3339_opts(SecondsFormat::Secs, true)>{move || time::moment(then, offset.get())}</time>
    }
}

/// Seconds east of UTC: what is known, else UTC, and the browser's own once it has taken over.
fn offset_at(then: DateTime<Utc>, known: Option<i32>) -> RwSignal<i32> {
    let offset = RwSignal::new(known.unwrap_or_default());
    if known.is_none() {
        Effect::new(move |_| offset.set(browser::utc_offset(then)));
    }
    offset
}
