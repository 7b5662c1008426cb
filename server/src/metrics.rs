//! What Prometheus is told (requirement O1): each metric, and where it is read.
//!
//! A metric is recorded where it happens, with the macros of the crate `metrics`, which do nothing unless somebody may read
//! it. To add one: its line in [`describe`], and in the table of `docs/operations.md`, which a test compares.

use crate::{middleware::problem::Problem, router::Server};
use anyhow::Result;
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use axum_extra::headers::{Authorization, HeaderMapExt, authorization::Bearer};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, time::Duration};
use subtle::ConstantTimeEq;
use taskwire_backend::Backend;
use taskwire_domain::Error;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::Context,
    registry::LookupSpan,
};

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
    /// Begins to record, for whoever has the token. Once a process, and inside the runtime.
    ///
    /// # Errors
    /// It has begun already.
    pub fn start(token: SecretString) -> Result<Self> {
        let seconds = Matcher::Suffix("_duration_seconds".to_owned());
        let recorded = PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS)?.install_recorder()?;
        let process = Collector::default();
        process.describe();
        describe();
        // From the first on, an increase shows.
        counter!("taskwire_http_panics_total").increment(0);
        for kind in ["request", "connection"] {
            counter!("taskwire_http_shed_total", "kind" => kind).increment(0);
        }
        for kind in ["unavailable", "crowded", "fault"] {
            counter!("taskwire_db_failures_total", "kind" => kind).increment(0);
        }
        for result in ["made", "failed"] {
            counter!("taskwire_backups_total", "result" => result).increment(0);
        }
        gauge!("taskwire_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
        // Else what is recorded would grow until somebody reads it.
        let upkeep = recorded.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP_INTERVAL).await;
                upkeep.run_upkeep();
            }
        });
        Ok(Self { recorded, process, token })
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

/// Records how long each statement took, by its name: sqlx tells of every one.
pub fn statements<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    Statements.with_filter(Targets::new().with_target("sqlx::query", LevelFilter::TRACE))
}

struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        histogram!("taskwire_db_statement_duration_seconds", "statement" => statement.name).record(statement.seconds);
    }
}

/// What sqlx tells of a statement.
struct Statement {
    name: String,
    seconds: f64,
}

impl Default for Statement {
    fn default() -> Self {
        Self { name: "other".to_owned(), seconds: 0.0 }
    }
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        // The beginning of its text: our own begin with their names, as comments.
        if field.name() == "summary"
            && let Some((name, _)) = value.strip_prefix("/* ").and_then(|rest| rest.split_once(" */"))
        {
            name.clone_into(&mut self.name);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
