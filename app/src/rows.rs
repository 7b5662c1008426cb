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

/// Leaves the focus to the heading of a list where what had it has gone with its row: when other `rows` are there, and
/// `was_asked` says that somebody here has asked for it.
pub fn leave_focus<T>(
    rows: impl Fn() -> T + Send + Sync + 'static,
    was_asked: impl Fn() -> bool + 'static,
    heading: NodeRef<html::H2>,
) where
    T: PartialEq + Send + Sync + 'static,
{
    // A memo, because most of what is read anew has the same rows. It knows only when it is read, not just tracked.
    let rows = Memo::new(move |_| rows());
    Effect::watch(
        move || rows.with(|_| ()),
        move |(), _, _| {
            if was_asked() {
                browser::focus_instead(move || heading.try_get_untracked().flatten().map(Into::into));
            }
        },
        false,
    );
}
