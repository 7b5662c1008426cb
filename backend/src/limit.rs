//! How often somebody may ask (requirement P3): a burst at once, and a steady rate after that, by the generic cell rate
//! algorithm. Each instance counts for itself, in memory.

use crate::{Client, Result};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock, middleware::StateInformationMiddleware};
use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering},
};
use taskwire_domain::{Error as Refusal, allowance::Allowance};
use uuid::Uuid;

/// So many a minute in the long run, and so many at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a minute, sustained.
    pub per_minute: NonZeroU32,
    /// Requests at once.
    pub burst: NonZeroU32,
}

/// A rate as settings spell it: `600:100` for 600 a minute and 100 at once, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub Option<Rate>);

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self(None));
        }
        let parse = || {
            let (per_minute, burst) = text.split_once(':')?;
            Some(Rate { per_minute: per_minute.parse().ok()?, burst: burst.parse().ok()? })
        };
        let rate = parse().ok_or("write it like 600:100, for 600 a minute and 100 at once, or off")?;
        // Beyond that the nanoseconds that are counted in would not fit their number.
        if seconds_for(rate, rate.burst.get()) > REST_MAX {
            return Err("so many at once must be there again within a year, as with 600:100");
        }
        Ok(Self(Some(rate)))
    }
}

/// Seconds of rest at most until a whole burst is there again: a year.
const REST_MAX: u32 = 365 * 24 * 60 * 60;

/// Forgets who has not asked for long after so many requests.
const FORGET_AFTER: u32 = 4096;

/// Counts the requests of each `K`.
#[derive(Debug)]
pub struct Limiter<K: Hash + Eq + Clone> {
    /// Nothing where there is no limit.
    counting: Option<(Rate, DefaultKeyedRateLimiter<K, StateInformationMiddleware>)>,
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// A limiter that has not been asked yet.
    pub fn new(Limit(rate): Limit) -> Self {
        let counting = rate.map(|rate| {
            let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
            (rate, RateLimiter::keyed(quota).with_middleware())
        });
        Self { counting, asked: AtomicU32::new(0) }
    }

    /// Counts one request; `None` where there is no limit.
    ///
    /// # Errors
    /// [`Refusal::RateLimited`] for one too many.
    pub fn count(&self, key: &K) -> Result<Option<Allowance>, Refusal> {
        let Some((rate, limiter)) = &self.counting else { return Ok(None) };
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_AFTER == FORGET_AFTER - 1 {
            limiter.retain_recent();
        }
        let allowance = |remaining: u32, retry_after: u32| Allowance {
            limit: rate.burst.get(),
            remaining,
            reset: seconds_for(*rate, rate.burst.get().saturating_sub(remaining)),
            retry_after,
        };
        match limiter.check_key(key) {
            Ok(state) => Ok(Some(allowance(state.remaining_burst_capacity(), 0))),
            Err(refused) => {
                let wait = refused.wait_time_from(limiter.clock().now()).as_secs_f64().ceil();
                Err(Refusal::RateLimited(allowance(0, wait as u32)))
            }
        }
    }
}

/// Seconds until so many requests are there again.
fn seconds_for(rate: Rate, requests: u32) -> u32 {
    let seconds = (u64::from(requests) * 60).div_ceil(u64::from(rate.per_minute.get()));
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// What counts as one address: a household or a server has 2^64 of the sixth version.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// The limits on proving who one is: each try costs a password's hash, and may be a guess.
#[derive(Debug)]
pub(crate) struct SignIns {
    addresses: Limiter<IpAddr>,
    accounts: Limiter<String>,
    known: Limiter<Uuid>,
}

impl SignIns {
    pub(crate) fn new(by_address: Limit, by_account: Limit) -> Self {
        Self {
            addresses: Limiter::new(by_address),
            accounts: Limiter::new(by_account),
            known: Limiter::new(by_account),
        }
    }

    /// Counts a try from somewhere for the account of a normalised address, whether there is one or not. What cannot be
    /// an address is empty, and no account's. Who is `known` to have signed in to it before is counted apart, or strangers
    /// could keep them out by failing; after too many tries they are a stranger, because what they are known by may be
    /// stolen.
    ///
    /// # Errors
    /// [`Refusal::RateLimited`] for one too many.
    pub(crate) fn count(&self, client: &Client, email: &str, known: Option<Uuid>) -> Result<()> {
        if let Some(address) = client.address {
            self.addresses.count(&network(address))?;
        }
        let is_known = known.is_some_and(|known| self.known.count(&known).is_ok());
        if !is_known && !email.is_empty() {
            self.accounts.count(&email.to_owned())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(text: &str) -> Limiter<&'static str> {
        Limiter::new(text.parse().unwrap())
    }

    #[test]
    fn a_burst_is_allowed_and_then_a_rate() {
        let limiter = limiter("1:3");
        let allowed = |remaining, reset| Ok(Some(Allowance { limit: 3, remaining, reset, retry_after: 0 }));
        assert_eq!(limiter.count(&"ada"), allowed(2, 60));
        assert_eq!(limiter.count(&"ada"), allowed(1, 120));
        assert_eq!(limiter.count(&"ada"), allowed(0, 180));
        let refused = Allowance { limit: 3, remaining: 0, reset: 180, retry_after: 60 };
        assert_eq!(limiter.count(&"ada"), Err(Refusal::RateLimited(refused)));
        assert_eq!(limiter.count(&"bob"), allowed(2, 60), "each for themselves");
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let limiter = limiter("off");
        assert!((0..10_000).all(|_| limiter.count(&"ada") == Ok(None)));
    }

    #[test]
    fn who_has_not_asked_for_long_is_forgotten() {
        let limiter: Limiter<u32> = Limiter::new("4000000000:1".parse().unwrap());
        for key in 0..FORGET_AFTER * 4 {
            let _ = limiter.count(&key);
        }
        let (_, counting) = limiter.counting.as_ref().unwrap();
        assert!(counting.len() < FORGET_AFTER as usize * 2, "{} are kept", counting.len());
    }

    #[test]
    fn a_limit_is_two_numbers_or_off() {
        for wrong in ["", "600", "0:1", "1:0", "-1:5", "600:100:1", "on", "1:4294967295"] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
        assert_eq!("off".parse(), Ok(Limit(None)));
    }

    #[test]
    fn one_network_counts_as_one_address() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    const PIECES: &[&str] = &["off", ":", "600", "200", "1", "0", "+", "-", " ", "4294967295", "429496729"];

    #[test]
    fn a_limit_is_two_numbers_that_can_be_counted_by_or_off() {
        check!().with_generator(text(PIECES)).for_each(|text| {
            let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
            match (text.parse::<Limit>(), text.split_once(':')) {
                (Ok(Limit(None)), _) => assert_eq!(text, "off"),
                (Ok(limit @ Limit(Some(Rate { per_minute, burst }))), Some((first, second))) => {
                    assert_eq!((Some(per_minute.get()), Some(burst.get())), (number(first), number(second)));
                    assert_eq!(format!("{per_minute}:{burst}").parse(), Ok(limit));
                }
                (Ok(limit), None) => panic!("{limit:?}"),
                (Err(error), _) => assert!(error.contains("600:100") && text != "off"),
            }
        });
    }

    #[test]
    fn whatever_limit_is_taken_allows_its_burst_and_no_more() {
        let numbers = (text(PIECES), text(PIECES), produce::<Option<(u32, u8)>>());
        check!().with_generator(numbers).for_each(|(first, second, numbers)| {
            let text = match numbers {
                Some((per_minute, burst)) => format!("{per_minute}:{burst}"),
                None => format!("{first}:{second}"),
            };
            let Ok(limit @ Limit(Some(rate))) = text.parse() else { return };
            let limiter = Limiter::new(limit);
            for before in 0..rate.burst.get().min(3) {
                let allowance = limiter.count(&()).unwrap().unwrap();
                assert_eq!(allowance.limit, rate.burst.get());
                // A high rate may have given some back already.
                assert!(allowance.remaining >= rate.burst.get() - before - 1 && allowance.remaining < rate.burst.get());
            }
        });
    }
}
