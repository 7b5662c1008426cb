//! Traces for a collector of OpenTelemetry, by OTLP over HTTP (requirement O1): off unless a setting names one.
//!
//! * [`spans`] makes a span of each request and of each statement below it. What it exports is a list of its own: nothing that
//!   is logged goes out because it is logged.
//! * [`delivery`] sends them in the background, from a queue that is bounded. What does not fit, or cannot be delivered, is
//!   dropped and counted.
//! * [`variables`] refuses what the SDK would pass over in silence.
//!
//! A `traceparent` that comes with a request is not looked at: anybody could have theirs recorded by it, or join the traces of
//! others.

pub mod delivery;
pub mod spans;
pub mod variables;

use anyhow::{Context, Result};
use delivery::{Bounded, Client, Delivery, Reporting};
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    resource::{EnvResourceDetector, TelemetryResourceDetector},
    trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider},
};
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Handle, task::spawn_blocking};
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};
use url::Url;
use variables::Variables;

/// How long the last spans may take to be delivered when the server stops.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// What makes spans and sends them.
#[derive(Debug)]
pub struct Telemetry {
    provider: SdkTracerProvider,
    delivery: Arc<Delivery>,
}

impl Telemetry {
    /// Begins to send to a collector, in `runtime` and in a thread of its own.
    ///
    /// # Errors
    /// A variable of OpenTelemetry that cannot be read, or a certificate.
    pub fn start(collector: &Url, runtime: &Handle) -> Result<Self> {
        let Variables { timeout, queue, certificate, service } = Variables::read(|name| std::env::var(name).ok())?;
        let delivery = Arc::new(Delivery::new(queue));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", collector.as_str().trim_end_matches('/')))
            .with_timeout(timeout)
            .with_http_client(Client::new(timeout, certificate.as_deref(), runtime, &delivery)?)
            .build()
            .context("cannot send traces")?;
        let batches = BatchSpanProcessor::builder(Reporting::new(exporter, &delivery))
            .with_batch_config(BatchConfigBuilder::default().with_max_queue_size(queue).build())
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Bounded::new(batches, &delivery))
            .with_resource(resource(service))
            .build();
        Ok(Self { provider, delivery })
    }

    /// What makes the spans, for the log's registry.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        spans::layer(self.provider.tracer("taskwire"))
    }

    /// Sends what is left, for a while.
    pub async fn stop(self) {
        let Self { provider, delivery } = self;
        // In a thread that may wait: the one that sends needs the runtime.
        let flushed = spawn_blocking(move || provider.shutdown_with_timeout(FLUSH_TIMEOUT)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("the last traces were not delivered within {FLUSH_TIMEOUT:?}");
        }
        delivery.tell();
    }
}

/// Who made the spans. By hand, because the SDK's own detector would call us unknown, and would let
/// `OTEL_RESOURCE_ATTRIBUTES` win over `OTEL_SERVICE_NAME`.
fn resource(service: Option<String>) -> Resource {
    let named = Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_service_name("taskwire")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_detector(Box::new(EnvResourceDetector::new()));
    match service {
        Some(service) => named.with_service_name(service).build(),
        None => named.build(),
    }
}
