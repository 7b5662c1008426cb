//! What was measured lately, by the metrics of the crate `metrics`: the same that Prometheus is told, but kept here for an hour.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_util::{
    registry::{AtomicStorage, Registry},
    storage::Summary,
};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::Ordering},
};
use taskwire_domain::performance::{SLICE_MINUTES, SLICES, Timing};

/// By how much a percentile may be wrong, as a share of it.
const ACCURACY: f64 = 0.01;

/// Buckets of one summary at most: enough for everything between a microsecond and an hour.
const BUCKETS: u32 = 2048;

/// Seconds below which all is the same.
const SHORTEST: f64 = 1e-6;

/// The hour, which whatever is measured goes into once this is installed as a recorder. Cheap to clone.
///
/// Someone must [`collect`](Recent::collect) now and then: until then each single time is kept.
#[derive(Clone)]
pub struct Recent(Arc<Kept>);

struct Kept {
    registry: Registry<Key, AtomicStorage>,
    hour: Mutex<Hour>,
    texts: RwLock<HashMap<String, String>>,
}

impl Default for Recent {
    fn default() -> Self {
        Self(Arc::new(Kept { registry: Registry::atomic(), hour: Mutex::default(), texts: RwLock::default() }))
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").finish_non_exhaustive()
    }
}

impl Recorder for Recent {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.0.registry.get_or_create_counter(key, |counter| Counter::from_arc(Arc::clone(counter)))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.0.registry.get_or_create_gauge(key, |gauge| Gauge::from_arc(Arc::clone(gauge)))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.0.registry.get_or_create_histogram(key, |histogram| Histogram::from_arc(Arc::clone(histogram)))
    }
}

impl Recent {
    /// Puts what was measured since the last time into the slice of this moment, and forgets what is older than an hour.
    pub fn collect(&self, now: DateTime<Utc>) {
        self.hour(now, |_| ());
    }

    /// The same, and then shows the hour.
    pub(super) fn hour<T>(&self, now: DateTime<Utc>, show: impl FnOnce(&Hour) -> T) -> T {
        let mut hour = self.0.hour.lock().unwrap_or_else(PoisonError::into_inner);
        let Hour { slices, counted } = &mut *hour;
        let starts_at = now.duration_trunc(TimeDelta::minutes(SLICE_MINUTES)).unwrap_or(now);
        // A clock that is set back adds to the last slice.
        if slices.back().is_none_or(|last| last.starts_at < starts_at) {
            slices.push_back(Slice { starts_at, timings: HashMap::new(), counts: HashMap::new() });
        }
        let oldest = now - TimeDelta::minutes(SLICE_MINUTES) * i32::try_from(SLICES).unwrap_or(i32::MAX);
        slices.retain(|slice| slice.starts_at > oldest);
        if let Some(slice) = slices.back_mut() {
            self.0.registry.visit_histograms(|key, times| {
                times.clear_with(|times| {
                    let summary = slice.timings.entry(key.clone()).or_insert_with(summary);
                    times.iter().for_each(|seconds| summary.add(*seconds));
                });
            });
            self.0.registry.visit_counters(|key, counter| {
                let count = counter.load(Ordering::Relaxed);
                let before = counted.insert(key.clone(), count).unwrap_or_default();
                *slice.counts.entry(key.clone()).or_default() += count.saturating_sub(before);
            });
        }
        show(&hour)
    }

    /// What a gauge shows; 0 for one that was never set.
    pub(super) fn gauge(&self, name: &'static str) -> f64 {
        let gauge = self.0.registry.get_gauge(&Key::from_static_name(name));
        gauge.map_or(0.0, |gauge| f64::from_bits(gauge.load(Ordering::Relaxed)))
    }

    /// Keeps the text of a statement, unless it is known.
    pub(super) fn keep_text(&self, name: &str, text: &str) {
        let is_known = self.0.texts.read().unwrap_or_else(PoisonError::into_inner).contains_key(name);
        if !is_known {
            let mut texts = self.0.texts.write().unwrap_or_else(PoisonError::into_inner);
            texts.insert(name.to_owned(), text.to_owned());
        }
    }

    /// The text of a statement that was run.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.texts.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

fn summary() -> Summary {
    Summary::new(ACCURACY, BUCKETS, SHORTEST)
}

/// What was measured within the hour.
#[derive(Debug, Default)]
pub(super) struct Hour {
    /// The oldest first.
    slices: VecDeque<Slice>,
    /// The counters as they were last.
    counted: HashMap<Key, u64>,
}

/// What was measured within a few minutes.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) starts_at: DateTime<Utc>,
    timings: HashMap<Key, Summary>,
    counts: HashMap<Key, u64>,
}

impl Hour {
    pub(super) fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.slices.iter()
    }

    /// A metric's times in the whole hour, slice by slice.
    pub(super) fn of(&self, metric: &str) -> impl Iterator<Item = (&Key, &Summary)> {
        self.slices().flat_map(move |slice| slice.of(metric))
    }

    /// A metric's times in the whole hour, by whatever its labels are put together to.
    pub(super) fn timings<L: Eq + std::hash::Hash>(
        &self,
        metric: &str,
        label: impl Fn(&Key) -> L,
    ) -> HashMap<L, Times> {
        let mut all: HashMap<L, Times> = HashMap::new();
        for (key, times) in self.of(metric) {
            all.entry(label(key)).or_default().add(times);
        }
        all
    }

    /// What a counter counted in the whole hour; with all of these labels' values.
    pub(super) fn count(&self, metric: &str, labels: &[&str]) -> i64 {
        let counts = self.slices().flat_map(|slice| &slice.counts);
        let wanted = counts
            .filter(|(key, _)| key.name() == metric && key.labels().map(|it| it.value()).eq(labels.iter().copied()));
        wanted.map(|(_, count)| i64::try_from(*count).unwrap_or(i64::MAX)).sum()
    }
}

impl Slice {
    /// A metric's times in this slice.
    pub(super) fn of(&self, metric: &str) -> impl Iterator<Item = (&Key, &Summary)> {
        self.timings.iter().filter(move |(key, _)| key.name() == metric)
    }
}

/// Times that were put together.
#[derive(Debug)]
pub(super) struct Times(Summary);

impl Default for Times {
    fn default() -> Self {
        Self(summary())
    }
}

impl Times {
    pub(super) fn add(&mut self, times: &Summary) {
        // It fails for summaries of another accuracy, and there is one.
        let _same = self.0.merge(times);
    }

    pub(super) fn timing(&self) -> Timing {
        let Self(summary) = self;
        let Some(total) = summary.sum().filter(|_| !summary.is_empty()) else { return Timing::default() };
        let at = |quantile| milliseconds(summary.quantile(quantile).unwrap_or_default().min(summary.max()));
        Timing {
            count: i64::try_from(summary.count()).unwrap_or(i64::MAX),
            total_ms: milliseconds(total),
            median_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: milliseconds(summary.max()),
        }
    }
}

/// To the microsecond.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::{Level, with_local_recorder};

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-03-04T{time}Z").parse().unwrap()
    }

    fn starts(recent: &Recent, now: &str) -> Vec<String> {
        recent.hour(at(now), |hour| hour.slices().map(|slice| slice.starts_at.format("%H:%M").to_string()).collect())
    }

    fn record(recent: &Recent, seconds: &[f64]) {
        with_local_recorder(recent, || {
            for seconds in seconds {
                metrics::histogram!("times", "route" => "/a").record(*seconds);
                metrics::counter!("things", "kind" => "good").increment(1);
            }
        });
    }

    fn timing(recent: &Recent, now: &str) -> Timing {
        let all = recent.hour(at(now), |hour| hour.timings("times", |_| ()));
        all.get(&()).map_or(Timing::default(), Times::timing)
    }

    fn things(recent: &Recent, now: &str) -> i64 {
        recent.hour(at(now), |hour| hour.count("things", &["good"]))
    }

    #[test]
    fn percentiles_are_those_of_the_hour() {
        let recent = Recent::default();
        let thousand: Vec<_> = (1..=1000).map(|n| f64::from(n) / 1000.0).collect();
        record(&recent, &thousand);
        let Timing { count, total_ms, median_ms, p95_ms, p99_ms, max_ms } = timing(&recent, "10:00:00");
        assert_eq!((count, total_ms.round(), max_ms), (1000, 500_500.0, 1000.0));
        for (found, wanted) in [(median_ms, 500.0), (p95_ms, 950.0), (p99_ms, 990.0)] {
            assert!((found - wanted).abs() <= wanted * 0.011, "{found} instead of {wanted}");
        }
    }

    #[test]
    fn what_is_older_than_an_hour_is_forgotten() {
        let recent = Recent::default();
        record(&recent, &[0.5]);
        recent.collect(at("10:02:00"));
        record(&recent, &[0.001, 0.002]);
        recent.collect(at("10:07:59"));
        assert_eq!(starts(&recent, "10:59:00"), ["10:00", "10:05", "10:55"]);
        assert_eq!((timing(&recent, "10:59:00").count, things(&recent, "10:59:00")), (3, 3));
        assert_eq!((timing(&recent, "11:01:00").count, things(&recent, "11:01:00")), (2, 2));
        assert_eq!((timing(&recent, "12:30:00"), things(&recent, "12:30:00")), (Timing::default(), 0));
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing() {
        let recent = Recent::default();
        record(&recent, &[0.5]);
        recent.collect(at("10:30:00"));
        record(&recent, &[0.5]);
        assert_eq!(starts(&recent, "10:12:00"), ["10:30"]);
        assert_eq!(timing(&recent, "10:12:00").count, 2);
    }

    #[test]
    fn a_gauge_shows_its_last_value() {
        let recent = Recent::default();
        assert_eq!(recent.gauge("level"), 0.0);
        let metadata = Metadata::new("", Level::INFO, None);
        recent.register_gauge(&Key::from_static_name("level"), &metadata).set(2.5);
        assert_eq!(recent.gauge("level"), 2.5);
    }
}
