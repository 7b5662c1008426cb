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
const URIS_MAX: usize = 50;

/// What of a wish is granted.
pub(super) fn accepted(requested: &SubscriptionFilter) -> SubscriptionFilter {
    let mut accepted = SubscriptionFilter::new();
    accepted.resources_list_changed = requested.resources_list_changed;
    let known =
        |uris: &Vec<String>| uris.iter().filter(|uri| uri.parse::<Uri>().is_ok()).take(URIS_MAX).cloned().collect();
    accepted.resource_subscriptions = requested.resource_subscriptions.as_ref().map(known);
    accepted
}

type Print = [u8; 32];

/// Something that is listened to, and how it read last; `None` if it was not there.
struct Watched {
    uri: Uri,
    print: Option<Print>,
}

async fn print(backend: &Backend, viewer: &Viewer, uri: Uri) -> Result<Option<Print>, Error> {
    if !viewer.covers(uri.scope()) {
        return Ok(None);
    }
    match resources::lasting(backend, viewer, uri).await {
        Ok(value) => Ok(Some(digest(&value))),
        Err(Error::Refused(Refusal::NotFound | Refusal::Forbidden)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn print_of_list(backend: &Backend, viewer: &Viewer) -> Result<Print, Error> {
    Ok(digest(&resources::list(backend, viewer).await?))
}

fn digest(value: &impl serde::Serialize) -> Print {
    Sha256::digest(serde_json::to_vec(value).unwrap_or_default()).into()
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
/// the beginning.
pub(super) async fn tell(backend: &Backend, viewer: &Viewer, context: &SubscriptionContext) -> Result<(), ErrorData> {
    let (accepted, sink) = (context.accepted(), context.sink());
    let mut writes = backend.writes();
    let mut watched = Vec::new();
    for uri in accepted.resource_subscriptions.iter().flatten().filter_map(|uri| uri.parse().ok()) {
        let print = print(backend, viewer, uri).await.map_err(|error| protocol_error(error, None))?;
        if print.is_some() {
            watched.push(Watched { uri, print });
        }
    }
    let mut list = match accepted.resources_list_changed {
        Some(true) => Some(print_of_list(backend, viewer).await.map_err(|error| protocol_error(error, None))?),
        _ => None,
    };
    // The client was told that it is listened for before all this was read: what has changed in between must not be lost.
    for one in &watched {
        if sink.notify_resource_updated(one.uri.to_string()).await.is_err() {
            return Ok(());
        }
    }
    if list.is_some() && sink.notify_resource_list_changed().await.is_err() {
        return Ok(());
    }
    let mut ticks = interval(AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            // The sender lives as long as the backend.
            _ = writes.changed() => sleep(TOGETHER).await,
        }
        writes.borrow_and_update();
        match viewer.still_holds(backend).await {
            Ok(()) => {}
            Err(Error::Refused(Refusal::Unauthorized)) => return Ok(()),
            // A database that is away says nothing of what has changed.
            Err(_) => continue,
        }
        let mut gone = Vec::new();
        for (at, one) in watched.iter_mut().enumerate() {
            let Ok(now) = print(backend, viewer, one.uri).await else { continue };
            if now != one.print {
                one.print = now;
                if sink.notify_resource_updated(one.uri.to_string()).await.is_err() {
                    return Ok(());
                }
            }
            if now.is_none() {
                gone.push(at);
            }
        }
        for at in gone.into_iter().rev() {
            watched.remove(at);
        }
        if let Some(known) = list
            && let Ok(now) = print_of_list(backend, viewer).await
            && now != known
        {
            list = Some(now);
            if sink.notify_resource_list_changed().await.is_err() {
                return Ok(());
            }
        }
    }
}
