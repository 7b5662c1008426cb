//! The way to the collector: bounded, in the background, and quiet about what is lost on it.
//!
//! The SDK has a thread that gathers spans and sends them in batches. It logs each batch that fails and none of the spans
//! that find the queue full, or, with its feature `internal-logs`, the first of them only; so what stands around it here
//! counts both and tells of them together, once in a while.

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response, hyper::HyperClient};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// How often it is told that spans are lost.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What waits, and what was lost.
#[derive(Debug)]
pub struct Delivery {
    most: usize,
    waiting: AtomicUsize,
    lost: AtomicU64,
    why: Mutex<Why>,
}

#[derive(Debug, Default)]
struct Why {
    /// What the last batch that failed met with.
    cause: Option<String>,
    told: Option<Instant>,
}

impl Delivery {
    /// For as many spans at most.
    pub fn new(most: usize) -> Self {
        Self { most, waiting: AtomicUsize::new(0), lost: AtomicU64::new(0), why: Mutex::default() }
    }

    /// Takes a place in the queue, if there is one.
    fn enter(&self) -> bool {
        let entered = self.waiting.fetch_add(1, Ordering::Relaxed) < self.most;
        if !entered {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        entered
    }

    /// Gives back the places of a batch, and tells what was lost so far unless that was told a moment ago.
    fn done(&self, spans: usize, sent: &OTelSdkResult) {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        match sent {
            Ok(()) => self.why(|why| why.cause = None),
            Err(error) => {
                self.lost.fetch_add(u64::try_from(spans).unwrap_or(u64::MAX), Ordering::Relaxed);
                self.why(|why| why.cause = why.cause.take().or_else(|| Some(error.to_string())));
            }
        }
        if self.why(|why| why.told.is_none_or(|told| told.elapsed() >= TELL_EVERY)) {
            self.tell();
        }
    }

    /// Tells what was lost since it was told last.
    pub fn tell(&self) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let cause = self.why(|why| {
                why.told = Some(Instant::now());
                why.cause.take().unwrap_or_else(|| "the collector is too slow".to_owned())
            });
            tracing::warn!(spans = lost, cause, "traces were lost");
        }
    }

    fn why<T>(&self, change: impl FnOnce(&mut Why) -> T) -> T {
        change(&mut self.why.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Lets in as many spans as the queue has room for: a request does not wait for it.
#[derive(Debug)]
pub struct Bounded {
    batches: BatchSpanProcessor,
    delivery: Arc<Delivery>,
}

impl Bounded {
    /// In front of what gathers them.
    pub fn new(batches: BatchSpanProcessor, delivery: &Arc<Delivery>) -> Self {
        Self { batches, delivery: Arc::clone(delivery) }
    }
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &opentelemetry::Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.delivery.enter() {
            self.batches.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// Sends batches, and counts what was not taken.
#[derive(Debug)]
pub struct Reporting<E> {
    exporter: E,
    delivery: Arc<Delivery>,
}

impl<E: SpanExporter> Reporting<E> {
    /// By an exporter.
    pub fn new(exporter: E, delivery: &Arc<Delivery>) -> Self {
        Self { exporter, delivery: Arc::clone(delivery) }
    }
}

impl<E: SpanExporter> SpanExporter for Reporting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let sent = self.exporter.export(batch).await;
        self.delivery.done(spans, &sent);
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// An HTTP client for the SDK's thread. The sockets are the runtime's, so the requests are made there.
#[derive(Debug)]
pub struct Client {
    hyper: HyperClient<HttpsConnector<HttpConnector>>,
    runtime: Handle,
    delivery: Arc<Delivery>,
}

impl Client {
    /// With so much time for each request. It trusts Mozilla's list of authorities, or the certificates of a file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn new(
        timeout: Duration,
        certificate: Option<&Path>,
        runtime: &Handle,
        delivery: &Arc<Delivery>,
    ) -> Result<Self> {
        let connector = HttpsConnectorBuilder::new();
        let connector = match certificate {
            Some(file) => connector.with_tls_config(trusting(file)?),
            None => connector.with_provider_and_webpki_roots(ring::default_provider())?,
        };
        let connector = connector.https_or_http().enable_http1().build();
        let hyper = HyperClient::new(connector, timeout, None);
        Ok(Self { hyper, runtime: runtime.clone(), delivery: Arc::clone(delivery) })
    }
}

fn trusting(file: &Path) -> Result<ClientConfig> {
    let wrong = || format!("OTEL_EXPORTER_OTLP_CERTIFICATE: cannot take a certificate from {}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).with_context(wrong)? {
        roots.add(certificate.with_context(wrong)?).with_context(wrong)?;
    }
    ensure!(!roots.is_empty(), "OTEL_EXPORTER_OTLP_CERTIFICATE: there is no PEM certificate in {}", file.display());
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(config.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let hyper = self.hyper.clone();
        let answer = self.runtime.spawn(async move { hyper.send_bytes(request).await }).await?;
        // The SDK says of each of these that it was a network error.
        answer.inspect_err(|error| self.delivery.why(|why| why.cause = Some(chain(&**error))))
    }
}

/// An error and what it comes from.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_sdk::error::OTelSdkError;

    #[test]
    fn a_place_is_free_again_when_its_span_was_sent_or_lost() {
        let delivery = Delivery::new(2);
        assert_eq!([delivery.enter(), delivery.enter(), delivery.enter()], [true, true, false]);
        delivery.done(1, &Ok(()));
        assert_eq!([delivery.enter(), delivery.enter()], [true, false]);
        delivery.done(2, &Err(OTelSdkError::InternalFailure("away".to_owned())));
        assert_eq!([delivery.enter(), delivery.enter(), delivery.enter()], [true, true, false]);
    }
}
