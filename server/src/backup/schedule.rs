//! Backups by the clock, inside the server.

use super::{
    cluster::Cluster,
    make::make,
    store::{Backup, Store},
};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use metrics::{counter, gauge};
use sqlx::postgres::PgConnectOptions;
use std::{
    path::PathBuf,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use taskwire_backend::Clock;
use taskwire_domain::performance::Backups;
use tokio::time::sleep;

/// How often the time is looked at, and the folder: a backup made by hand shows after that.
const LOOK: Duration = Duration::from_secs(30);

/// How long after a failure it is tried again.
const RETRY: TimeDelta = TimeDelta::hours(1);

/// When backups are made: five fields as in cron, in UTC, or `off`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Option<Cron>);

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self(None));
        }
        // By itself it would take seconds before and years behind them as well.
        let five_fields = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = five_fields.parse(text).map_err(|error| format!("{error}; write it like “0 2 * * *”, or off"))?;
        Ok(Self(Some(cron)))
    }
}

impl Schedule {
    /// Whether none are made by the clock.
    pub fn is_off(&self) -> bool {
        self.0.is_none()
    }

    /// When the next is due after one that was made then.
    fn after(&self, made: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.as_ref()?.find_next_occurrence(&made, false).ok()
    }

    /// When it is tried next, after one that was made and, if it was, a later try that failed.
    fn next(&self, made: DateTime<Utc>, failed: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let due = self.after(made)?;
        Some(failed.map_or(due, |failed| due.max(failed + RETRY)))
    }
}

/// What was there when somebody last looked.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<RwLock<Backups>>);

impl Seen {
    /// What is known of them.
    pub fn get(&self) -> Backups {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, backups: &[Backup]) {
        let known = Backups {
            last_backup: backups.first().map(|backup| backup.manifest.created_at),
            last_verified_restore: backups.iter().filter_map(|backup| backup.verified_at).max(),
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
        let seconds = |at: Option<DateTime<Utc>>| at.map_or(0.0, |at| at.timestamp_millis() as f64 / 1000.0);
        gauge!("taskwire_backup_last_timestamp_seconds").set(seconds(known.last_backup));
        gauge!("taskwire_backup_last_verified_timestamp_seconds").set(seconds(known.last_verified_restore));
        let size = backups.first().map_or(0, |backup| backup.manifest.size);
        gauge!("taskwire_backup_size_bytes").set(size as f64);
    }
}

/// Makes a backup whenever one is due, and removes old ones.
#[derive(Debug)]
pub struct Keeper {
    /// Where they go.
    pub store: Store,
    /// What is backed up.
    pub connect: PgConnectOptions,
    /// The folder of pg_dump and pg_restore, if not one that is found.
    pub programs: Option<PathBuf>,
    /// When.
    pub schedule: Schedule,
    /// How long they are kept.
    pub keep: TimeDelta,
    /// Who is told.
    pub seen: Seen,
}

impl Keeper {
    /// Goes on until it is aborted. A backup that was missed while the server did not run is made at its start.
    pub async fn run(self) {
        let clock = Clock::system();
        let (started, mut failed) = (clock.now(), None);
        loop {
            let backups = self.store.list().unwrap_or_else(|error| {
                tracing::warn!("{error:#}");
                Vec::new()
            });
            self.seen.set(&backups);
            let made = last(&backups, started);
            if self.schedule.next(made, failed).is_some_and(|next| next <= clock.now()) {
                failed = match self.make(started).await {
                    Ok(()) => None,
                    Err(error) => {
                        counter!("taskwire_backups_total", "result" => "failed").increment(1);
                        tracing::error!("the backup failed: {error:#}");
                        Some(clock.now())
                    }
                };
                continue;
            }
            sleep(LOOK).await;
        }
    }

    async fn make(&self, started: DateTime<Utc>) -> Result<()> {
        let mut cluster = Cluster::lock(&self.connect, self.programs.as_deref()).await?;
        // Another instance may have made it while this one waited for its turn.
        let made = last(&self.store.list()?, started);
        if self.schedule.after(made).is_some_and(|due| due <= cluster.now()) {
            let backup = make(&mut cluster, &self.store).await?;
            counter!("taskwire_backups_total", "result" => "made").increment(1);
            tracing::info!(backup = backup.name, bytes = backup.manifest.size, "made a backup, and verified it");
            for name in self.store.rotate(self.keep, cluster.now())? {
                tracing::info!(backup = name, "removed an old backup");
            }
        }
        cluster.unlock().await
    }
}

/// When the newest was made; where there is none, the schedule begins with the server.
fn last(backups: &[Backup], started: DateTime<Utc>) -> DateTime<Utc> {
    backups.first().map_or(started, |backup| backup.manifest.created_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_five_fields_or_off() {
        let after = |schedule: &str, made: &str| {
            schedule.parse::<Schedule>().unwrap().after(made.parse().unwrap()).map(|due| due.to_rfc3339())
        };
        let due = |text: &str| Some(text.to_owned());
        assert_eq!(after("0 2 * * *", "2026-03-04T01:59:59Z"), due("2026-03-04T02:00:00+00:00"));
        assert_eq!(after("0 2 * * *", "2026-03-04T02:00:00Z"), due("2026-03-05T02:00:00+00:00"));
        assert_eq!(after("30 */6 * * *", "2026-03-04T02:00:00Z"), due("2026-03-04T06:30:00+00:00"));
        assert_eq!(after("off", "2026-03-04T02:00:00Z"), None);
        assert_eq!("off".parse::<Schedule>().unwrap().next(DateTime::UNIX_EPOCH, None), None);
        for wrong in ["", "daily", "0 25 * * *", "0 2 * *", "61 * * * *", "0 0 2 * * *", "0 0 2 * * * 2030"] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_failed_is_tried_again_after_an_hour() {
        let nightly: Schedule = "0 2 * * *".parse().unwrap();
        let at = |time: &str| format!("2026-03-{time}:00Z").parse::<DateTime<Utc>>().unwrap();
        let next = |failed: Option<&str>| nightly.next(at("03T02:00"), failed.map(at)).unwrap();
        assert_eq!(next(None), at("04T02:00"));
        assert_eq!(next(Some("04T02:03")), at("04T03:03"));
        assert_eq!(next(Some("04T03:05")), at("04T04:05"));
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_backup_is_due_after_the_one_before_at_whole_minutes() {
        const PIECES: &[&str] = &[
            "0 2 * * *",
            "off",
            "*",
            " ",
            " ",
            "0",
            "2",
            "30",
            "*/",
            "-",
            ",",
            "MON",
            "JAN",
            "L",
            "W",
            "#",
            "?",
            "@daily",
            "31",
            "99",
        ];
        check!().with_generator((text(PIECES), produce::<u32>())).for_each(|(text, made)| {
            match text.parse::<Schedule>() {
                Ok(schedule) => {
                    let made = DateTime::from_timestamp(i64::from(*made), 0).unwrap();
                    assert_eq!(schedule.is_off(), text == "off");
                    let due = schedule.after(made);
                    assert!(due.is_none_or(|due| due > made && due.timestamp() % 60 == 0), "{due:?}");
                }
                Err(error) => assert!(text != "off" && error.contains("write it like"), "{error}"),
            }
        });
    }

    #[test]
    fn a_backup_may_say_that_it_was_made_at_any_time() {
        let daily: Schedule = "0 2 * * *".parse().unwrap();
        check!().with_type().for_each(move |made: &i64| {
            let Some(made) = DateTime::from_timestamp_micros(*made) else { return };
            assert!(daily.after(made).is_none_or(|due| due > made));
        });
    }
}
