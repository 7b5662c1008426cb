//! What became of what somebody asked for on a page.

use super::RpcError;
use leptos::{
    prelude::{Effect, Get, GetUntracked, GetValue, Owner, RwSignal, ServerAction, Set, StoredValue, Update, With},
    reactive::owner::WeakOwner,
    server_fn::ServerFn,
};

/// Calls `asked` whenever something is asked for, and `answered` with every answer.
fn hear<S>(
    action: ServerAction<S>,
    asked: impl Fn() + 'static,
    answered: impl Fn(Result<S::Output, RpcError>) + 'static,
) where
    S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
{
    Effect::watch(
        move || action.input().with(Option::is_some),
        move |is_asked, _, _| {
            if *is_asked {
                asked();
            }
        },
        false,
    );
    Effect::watch(
        move || action.version().get(),
        move |_, _, _| {
            if let Some(answer) = action.value().get_untracked() {
                answered(answer);
            }
        },
        false,
    );
}

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

/// Keeps in `refused` why one of several actions was refused, until one of them is asked again: what was asked for
/// before, and works only now, hides nothing.
pub fn note_refusal<S>(action: ServerAction<S>, refused: RwSignal<Option<RpcError>>)
where
    S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
{
    if let Some(error) = refusal(action) {
        refused.set(Some(error));
    }
    let answered = move |answer: Result<_, _>| {
        if let Err(error) = answer {
            refused.set(Some(error));
        }
    };
    hear(action, move || refused.set(None), answered);
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
    /// The page, which hears also of what was asked by a row that is gone by then. Weak, because the page itself owns
    /// this: it would keep itself alive, and go on answering after somebody has left it.
    page: StoredValue<Option<WeakOwner>>,
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
        }
    }

    /// An action for one form, so that none takes the answer of another for its own. `done` says what it has done.
    pub fn action<S>(self, done: impl Fn(S::Output) -> D + 'static) -> ServerAction<S>
    where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        let page = self.page.get_value().and_then(|page| page.upgrade()).unwrap_or_default();
        page.with(|| {
            let action = super::action();
            self.note_done(action, done);
            note_refusal(action, self.refused);
            action
        })
    }

    /// Takes in an action whose refusals stand in its form.
    pub fn note_done<S>(self, action: ServerAction<S>, done: impl Fn(S::Output) -> D + 'static)
    where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        let answered = move |answer: Result<_, _>| {
            self.done.set(answer.ok().map(&done));
            self.count.update(|count| *count += 1);
        };
        hear(action, move || self.refused.set(None), answered);
    }
}
