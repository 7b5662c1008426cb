//! Points in time.

use crate::time;
use chrono::{DateTime, SecondsFormat, Utc};
use leptos::prelude::*;

/// How long ago something was, seen from the server's `now`; the exact moment is in its title.
#[component]
pub fn Ago(
    /// When it was.
    then: DateTime<Utc>,
    /// When the server answered.
    now: DateTime<Utc>,
    /// Seconds east of UTC where the person is; 0 where that is not known.
    #[prop(optional)]
    utc_offset: i32,
) -> impl IntoView {
    view! {
        <time datetime=then.to_rfc3339_opts(SecondsFormat::Secs, true) title=time::moment(then, utc_offset)>
            {time::ago(then, now, utc_offset)}
        </time>
    }
}

/// The moment itself.
#[component]
pub fn At(
    /// When it was.
    then: DateTime<Utc>,
    /// Seconds east of UTC where the person is; 0 where that is not known.
    #[prop(optional)]
    utc_offset: i32,
) -> impl IntoView {
    view! { <time datetime=then.to_rfc3339_opts(SecondsFormat::Secs, true)>{time::moment(then, utc_offset)}</time> }
}
