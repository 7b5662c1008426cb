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
) -> impl IntoView {
    let offset = offset_at(then);
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
    let offset = offset_at(then);
    view! {
        <time datetime=then
            .to_rfc3339_opts(SecondsFormat::Secs, true)>{move || time::moment(then, offset.get())}</time>
    }
}

/// Seconds east of UTC: none on the server, and the browser's own once it has taken over.
pub fn offset_at(then: DateTime<Utc>) -> RwSignal<i32> {
    let offset = RwSignal::new(0);
    Effect::new(move |_| offset.set(browser::utc_offset(then)));
    offset
}
