//! What Prometheus is told (requirement O1): each metric, and where it is read.
//!
//! A metric is recorded where it happens, with the macros of the crate `metrics`. The last hour is kept for administrators, and
//! everything for Prometheus, if that may read it. To add one: its line in [`describe`], and in the table of
//! `docs/operations.md`, which a test compares.

use crate::{middleware::problem::Problem, router::Server};
use anyhow::{Result, anyhow};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use axum_extra::headers::{Authorization, HeaderMapExt, authorization::Bearer};
use metrics::{
    Recorder, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, set_global_recorder,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use metrics_util::layers::FanoutBuilder;
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, time::Duration};
use subtle::ConstantTimeEq;
use taskwire_backend::{Backend, Clock, performance::Recent};
use taskwire_domain::Error;

/// Upper bounds of the histograms' buckets, in seconds.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often what was recorded is put into its buckets.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// What was recorded since the start, and who may read it.
pub struct Metrics {
    recorded: PrometheusHandle,
    process: Collector,
    token: SecretString,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Begins to record: the last `hour` and, for whoever has the token, everything. Once a process, and inside the runtime.
    ///
    /// # Errors
    /// It has begun already.
    pub fn start(hour: Recent, token: Option<SecretString>) -> Result<Option<Self>> {
        let Some(token) = token else {
            record_with(hour.clone())?;
            begin(move || hour.collect(Clock::system().now()));
            return Ok(None);
        };
        let seconds = Matcher::Suffix("_duration_seconds".to_owned());
        let everything = PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS)?.build_recorder();
        let recorded = everything.handle();
        record_with(FanoutBuilder::default().add_recorder(everything).add_recorder(hour.clone()).build())?;
        let process = Collector::default();
        process.describe();
        describe();
        let upkeep = recorded.clone();
        begin(move || {
            hour.collect(Clock::system().now());
            upkeep.run_upkeep();
        });
        Ok(Some(Self { recorded, process, token }))
    }

    /// In Prometheus' text format.
    fn render(&self, backend: &Backend) -> String {
        let connections = backend.connections();
        gauge!("taskwire_db_connections", "state" => "used").set(connections.used);
        gauge!("taskwire_db_connections", "state" => "idle").set(connections.idle);
        gauge!("taskwire_db_connections_max").set(connections.most);
        self.process.collect();
        self.recorded.render()
    }
}

fn record_with(recorder: impl Recorder + Sync + 'static) -> Result<()> {
    set_global_recorder(recorder).map_err(|_| anyhow!("the metrics are recorded already"))
}

/// Sets what is to be there from the first on, so that an increase shows, and keeps what was recorded in order: else it would
/// grow until somebody reads it.
fn begin(upkeep: impl Fn() + Send + 'static) {
    for kind in ["request", "connection"] {
        counter!("taskwire_http_shed_total", "kind" => kind).increment(0);
    }
    for kind in ["unavailable", "crowded", "fault"] {
        counter!("taskwire_db_failures_total", "kind" => kind).increment(0);
    }
    for result in ["made", "failed"] {
        counter!("taskwire_backups_total", "result" => result).increment(0);
    }
    counter!("taskwire_http_panics_total").increment(0);
    gauge!("taskwire_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP_INTERVAL).await;
            upkeep();
        }
    });
}

fn describe() {
    describe_gauge!("taskwire_build_info", "Always 1; which version runs.");
    describe_gauge!("taskwire_http_requests_in_flight", "Requests that are being answered.");
    describe_histogram!(
        "taskwire_http_request_duration_seconds",
        Unit::Seconds,
        "How long answers took, by method, route and status."
    );
    describe_counter!("taskwire_http_panics_total", "Handlers that broke off; each is answered with a 500.");
    describe_counter!("taskwire_http_shed_total", "Requests and connections that were refused for want of room.");
    describe_histogram!(
        "taskwire_db_statement_duration_seconds",
        Unit::Seconds,
        "How long statements took in the database, by the name that begins each."
    );
    describe_histogram!(
        "taskwire_db_wait_duration_seconds",
        Unit::Seconds,
        "How long operations waited for a connection to the database."
    );
    describe_counter!("taskwire_db_failures_total", "Operations that failed, by kind.");
    describe_gauge!("taskwire_db_connections", "Connections to the database, by whether they are used.");
    describe_gauge!("taskwire_db_connections_max", "Connections to the database at most.");
    describe_counter!("taskwire_backups_total", "Backups that were due, by result.");
    describe_gauge!(
        "taskwire_backup_last_timestamp_seconds",
        "The instant that the newest backup shows; 0 without one."
    );
    describe_gauge!(
        "taskwire_backup_last_verified_timestamp_seconds",
        "When a backup was last restored for a test, and had the same in it; 0 if none was."
    );
    describe_gauge!("taskwire_backup_size_bytes", Unit::Bytes, "The size of the newest backup.");
    describe_counter!("taskwire_dashboard_answers_total", "Dashboards, by whether they came from memory.");
    describe_gauge!(
        "taskwire_tls_certificate_expiry_timestamp_seconds",
        "When the certificate expires, in seconds since 1970."
    );
    describe_histogram!(
        "taskwire_tool_call_duration_seconds",
        Unit::Seconds,
        "How long calls of agents' tools took, by tool and outcome."
    );
    describe_counter!("taskwire_audit_events_total", "Lines of the audit log, by action.");
}

/// What was recorded, for whoever brings the token of `TASKWIRE_METRICS_TOKEN`. Without that setting there is nothing here.
pub async fn show(State(server): State<Server>, headers: HeaderMap) -> Response {
    let Some(metrics) = &server.metrics else { return Problem::from(Error::NotFound).into_response() };
    let token = headers.typed_get::<Authorization<Bearer>>();
    let known = |token: Authorization<Bearer>| {
        bool::from(token.token().as_bytes().ct_eq(metrics.token.expose_secret().as_bytes()))
    };
    match token.is_some_and(known) {
        true => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render(&server.backend)).into_response()
        }
        false => Problem::from(Error::Unauthorized).into_response(),
    }
}
