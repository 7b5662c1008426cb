//! Lists whose rows stay the same elements while newer data comes, so that no focus and no choice is lost.

use crate::browser;
use leptos::{html, prelude::*};

/// A row's newest data: what `find` finds, or what was there last while the row is on its way out.
pub fn newest<T>(first: T, find: impl Fn() -> Option<T> + Send + Sync + 'static) -> Memo<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    Memo::new(move |known: Option<&T>| find().or_else(|| known.cloned()).unwrap_or_else(|| first.clone()))
}

/// Keeps the focus where it is when newer `data` moves its row, which loses it on the way. What had it and goes with its
/// row, or with the right to it, leaves it to the `heading` of the list.
pub fn keep_focus<T>(data: Memo<T>, heading: NodeRef<html::H2>)
where
    T: PartialEq + Send + Sync + 'static,
{
    let is_shown = StoredValue::new(false);
    // At once, while the page still shows the data before. A memo knows only when it is read, not just tracked.
    ImmediateEffect::new_scoped(move || {
        data.with(|_| ());
        if is_shown.get_value() {
            browser::keep_focus(move || heading.try_get_untracked().flatten().map(Into::into));
        }
        is_shown.set_value(true);
    });
}
