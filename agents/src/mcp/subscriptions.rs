//! Telling clients what has changed, over `subscriptions/listen`.
//!
//! What somebody listens to is read again, as them, whenever something was written through this process, and every few
//! seconds in any case, for what another instance has written. Only if it reads otherwise than before are they told: so
//! nobody hears of what they may not see, and whoever may no longer see something hears no more of it.

use super::{
    protocol_error,
    resources::{self, Uri},
};
use rmcp::{ErrorData, model::SubscriptionFilter, service::SubscriptionContext};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use taskwire_backend::{Backend, Error, Viewer};
use taskwire_domain::{Error as Refusal, UserId};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// How often everything is read again, whatever is known of writes: as often as a dashboard polls.
const AGAIN: Duration = Duration::from_secs(5);
/// How long after a write: however much is written, nobody reads again more often than this.
const TOGETHER: Duration = Duration::from_secs(1);
/// Addresses that one client listens to at most.
const URIS_MAX: usize = 20;

/// What of a wish is granted: each address once.
pub(super) fn accepted(requested: &SubscriptionFilter) -> SubscriptionFilter {
    let mut accepted = SubscriptionFilter::new();
    accepted.resources_list_changed = requested.resources_list_changed;
    accepted.resource_subscriptions = requested.resource_subscriptions.as_ref().map(|uris| {
        let mut known = Vec::new();
        for uri in uris.iter().filter(|uri| uri.parse::<Uri>().is_ok()) {
            if known.len() < URIS_MAX && !known.contains(uri) {
                known.push(uri.clone());
            }
        }
        known
    });
    accepted
}

/// How something read.
type Print = [u8; 32];

fn digest(value: &impl serde::Serialize) -> Print {
    Sha256::digest(serde_json::to_vec(value).unwrap_or_default()).into()
}

/// How a resource reads; `None` if there is none that the viewer sees, or whose team the token may not be told of. It is
/// asked for in ways that note no refusal: nobody tries anything here.
async fn print(backend: &Backend, viewer: &Viewer, uri: Uri) -> Result<Option<Print>, Error> {
    if !viewer.covers(uri.scope()) {
        return Ok(None);
    }
    match uri {
        Uri::Task(id) => return Ok(backend.task_find(viewer, &[id], &[]).await?.first().map(digest)),
        Uri::Team(id) if resources::teams(backend, viewer).await?.iter().all(|team| team.id != id) => return Ok(None),
        Uri::Team(_) | Uri::Mine | Uri::Dashboard => {}
    }
    Ok(Some(digest(&resources::lasting(backend, viewer, uri).await?)))
}

/// What somebody listens to, and how it read last.
struct Watch<'a> {
    backend: &'a Backend,
    viewer: &'a Viewer,
    resources: Vec<(Uri, Option<Print>)>,
    /// Of the list of what there is, if that is listened to.
    list: Option<Print>,
}

/// Something that has changed.
#[derive(Clone, Copy)]
enum Changed {
    Resource(Uri),
    List,
}

impl<'a> Watch<'a> {
    async fn begin(backend: &'a Backend, viewer: &'a Viewer, wish: &SubscriptionFilter) -> Result<Self, Error> {
        let mut watch = Self { backend, viewer, resources: Vec::new(), list: None };
        for uri in wish.resource_subscriptions.iter().flatten().filter_map(|uri| uri.parse().ok()) {
            watch.resources.push((uri, print(backend, viewer, uri).await?));
        }
        if wish.resources_list_changed == Some(true) {
            watch.list = Some(watch.print_of_list().await?);
        }
        Ok(watch)
    }

    async fn print_of_list(&self) -> Result<Print, Error> {
        Ok(digest(&resources::list(self.backend, self.viewer).await?))
    }

    /// All that there is.
    fn all(&self) -> Vec<Changed> {
        let there = self.resources.iter().filter(|(_, print)| print.is_some());
        there.map(|(uri, _)| Changed::Resource(*uri)).chain(self.list.map(|_| Changed::List)).collect()
    }

    /// What reads otherwise than before. A database that is away says nothing of that.
    async fn changed(&mut self) -> Vec<Changed> {
        let mut changed = Vec::new();
        for (uri, before) in &mut self.resources {
            if let Ok(now) = print(self.backend, self.viewer, *uri).await
                && now != *before
            {
                *before = now;
                changed.push(Changed::Resource(*uri));
            }
        }
        if self.list.is_some()
            && let Ok(now) = self.print_of_list().await
            && self.list != Some(now)
        {
            self.list = Some(now);
            changed.push(Changed::List);
        }
        changed
    }
}

/// Whoever listens, and how often.
#[derive(Debug)]
pub(super) struct Listening {
    most: usize,
    of: Mutex<HashMap<UserId, usize>>,
}

impl Listening {
    pub(super) fn new(most: usize) -> Self {
        Self { most, of: Mutex::default() }
    }

    /// One more time, until what this returns is dropped; `None` for too many.
    pub(super) fn begin(&self, user: UserId) -> Option<Listener<'_>> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let times = of.entry(user).or_default();
        (*times < self.most).then(|| {
            *times += 1;
            Listener { of: self, user }
        })
    }
}

/// Somebody who listens.
#[derive(Debug)]
pub(super) struct Listener<'a> {
    of: &'a Listening,
    user: UserId,
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let mut of = self.of.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut times) = of.entry(self.user) {
            *times.get_mut() -= 1;
            if *times.get() == 0 {
                times.remove();
            }
        }
    }
}

/// Tells a client what changes of what it has asked for, until it goes or its token ends. All that is there is told once at
/// the beginning: the client was told that it is listened for before that was read, and what has changed in between must not
/// be lost.
pub(super) async fn tell(backend: &Backend, viewer: &Viewer, context: &SubscriptionContext) -> Result<(), ErrorData> {
    let sink = context.sink();
    let mut writes = backend.writes();
    let watch = Watch::begin(backend, viewer, context.accepted()).await;
    let mut watch = watch.map_err(|error| protocol_error(error, None))?;
    let mut news = watch.all();
    let mut ticks = interval(AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    loop {
        for changed in news {
            let told = match changed {
                Changed::Resource(uri) => sink.notify_resource_updated(uri.to_string()).await,
                Changed::List => sink.notify_resource_list_changed().await,
            };
            if told.is_err() {
                return Ok(());
            }
        }
        tokio::select! {
            _ = ticks.tick() => {}
            // The sender lives as long as the backend.
            _ = writes.changed() => sleep(TOGETHER).await,
        }
        writes.borrow_and_update();
        news = match viewer.still_holds(backend).await {
            Err(Error::Refused(Refusal::Unauthorized)) => return Ok(()),
            Err(_) => Vec::new(),
            Ok(()) => watch.changed().await,
        };
    }
}
