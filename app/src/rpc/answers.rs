//! What became of what somebody asked for on a page.

use super::RpcError;
use leptos::{prelude::*, reactive::owner::WeakOwner, server_fn::ServerFn};

/// Why a form without JavaScript was refused, if it was one for `S`.
pub fn refused_form<S>() -> Option<RpcError>
where
    S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
{
    refusal(super::action::<S>())
}

/// Why an action was refused the last time, also by a form without JavaScript.
fn refusal<S>(action: ServerAction<S>) -> Option<RpcError>
where
    S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
{
    action.value().get_untracked().and_then(Result::err)
}

/// The answers to the forms of a page, many of which stand in rows that come and go.
#[derive(Debug)]
pub struct Answers<D: Send + Sync + 'static> {
    /// Why something was refused, until something else is asked for.
    pub refused: RwSignal<Option<RpcError>>,
    /// What was done last; nothing after a refusal.
    pub done: RwSignal<Option<D>>,
    /// Counts up with every answer.
    pub count: RwSignal<usize>,
    /// The page, which hears also what a row had asked for that is gone by then. Weak, because the page itself owns
    /// this: it would keep itself alive, and go on answering after somebody has left it.
    page: StoredValue<Option<WeakOwner>>,
    /// Keeps actions whose rows have gone before their answer was there.
    outlived: StoredValue<Vec<Owner>>,
}

// By hand, because a derive would ask the same of `D`.
impl<D: Send + Sync + 'static> Copy for Answers<D> {}

impl<D: Send + Sync + 'static> Clone for Answers<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Send + Sync + 'static> Answers<D> {
    /// For the page that is made here, with what a form without JavaScript has come to.
    pub fn new(refused: Option<RpcError>, done: Option<D>) -> Self {
        let is_accepted = refused.is_none();
        Self {
            refused: RwSignal::new(refused),
            done: RwSignal::new(done.filter(|_| is_accepted)),
            count: RwSignal::new(0),
            page: StoredValue::new(Owner::current().map(|page| page.downgrade())),
            outlived: StoredValue::new(Vec::new()),
        }
    }

    /// An action for one form, so that none takes the answer of another for its own. `done` says what it has done.
    pub fn action<S>(self, done: impl Fn(S::Output) -> D + 'static) -> ServerAction<S>
    where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        let page = self.page.get_value().and_then(|page| page.upgrade()).unwrap_or_default();
        let life = page.child();
        let action = life.with(|| {
            let action = super::action();
            self.hear(action, done, move |error| self.refused.set(Some(error)));
            action
        });
        // It goes with the row that asks for it here, but not before its answer is there.
        let pending = action.pending();
        on_cleanup(move || {
            if pending.try_get_untracked() == Some(true) {
                self.outlived.try_update_value(|lives| lives.push(life));
            }
        });
        action
    }

    /// Takes in an action whose refusals stand in its form.
    pub fn note_done<S>(self, action: ServerAction<S>, done: impl Fn(S::Output) -> D + 'static)
    where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        if refusal(action).is_some() {
            self.forget();
        }
        self.hear(action, done, |_| ());
    }

    /// Counts up with everything that worked; what was refused changed nothing.
    pub fn worked(self) -> Memo<usize> {
        Memo::new(move |before: Option<&usize>| {
            before.copied().unwrap_or_default() + usize::from(self.done.with(Option::is_some))
        })
    }

    /// Confirms nothing any more: something has changed since.
    pub fn forget(self) {
        self.done.set(None);
    }

    fn hear<S>(
        self,
        action: ServerAction<S>,
        done: impl Fn(S::Output) -> D + 'static,
        refused: impl Fn(RpcError) + 'static,
    ) where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        // What was asked for before, and works only now, hides no refusal; what is asked for now does. Nor is what was
        // done before its answer: and the same words are heard again.
        Effect::watch(
            move || action.input().with(Option::is_some),
            move |is_asked, _, _| {
                if *is_asked {
                    self.refused.set(None);
                    self.forget();
                }
            },
            false,
        );
        Effect::watch(
            move || action.version().get(),
            move |_, _, _| {
                match action.value().get_untracked() {
                    Some(Ok(output)) => self.done.set(Some(done(output))),
                    Some(Err(error)) => {
                        self.forget();
                        refused(error);
                    }
                    None => {}
                }
                self.count.update(|count| *count += 1);
            },
            false,
        );
    }
}
