//! HTTPS by certificates of one's own (requirement O7): read at the start, and again when their files have changed.

use crate::config::Settings;
use anyhow::{Context, Result, anyhow, ensure};
use axum_server::tls_rustls::RustlsConfig;
use metrics::gauge;
use std::{path::PathBuf, time::Duration};
use x509_parser::{pem::Pem, time::ASN1Time};

/// How often the files are looked at: by their content, because whoever renews them may write them anew, put others in
/// their place, or point a link at another folder.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A certificate that is served by, and the files that it comes from.
pub struct Tls {
    files: Files,
    read: Contents,
    config: RustlsConfig,
    expires: ASN1Time,
}

impl Tls {
    /// Reads the files that the settings name, if they do.
    ///
    /// # Errors
    /// What is wrong with them.
    pub async fn open(settings: &Settings) -> Result<Option<Self>> {
        let Some((certificate, key)) = settings.tls_cert.clone().zip(settings.tls_key.clone()) else { return Ok(None) };
        let files = Files { certificate, key };
        let read = files.read().await?;
        let (config, expires) = files.checked(&read).await?;
        Ok(Some(Self { files, read, config, expires }))
    }

    /// What new connections are encrypted by.
    pub fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Takes up what is renewed, until it is aborted. What cannot be taken up changes nothing.
    pub async fn follow(self) {
        let Self { files, read, config, expires } = self;
        note(&expires);
        let mut tried = Ok(read);
        let mut before = tried.clone();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = files.read().await.map_err(|error| format!("{error:#}"));
            // Only what stands still: the certificate may be there before its key, and half of a file before the rest.
            if now != tried && now == before {
                tried.clone_from(&now);
                match files.renewed(now.as_ref(), &config).await {
                    Ok(expires) => tracing::info!(%expires, "took up another certificate"),
                    Err(error) => tracing::error!(%error, "cannot take up another certificate: the last one stays"),
                }
            }
            before = now;
        }
    }
}

/// Lets an alert exist.
fn note(expires: &ASN1Time) {
    gauge!("taskwire_tls_certificate_expiry_timestamp_seconds").set(expires.timestamp() as f64);
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What stood in the files. Not to be printed: one of them is a secret.
#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    async fn read(&self) -> Result<Contents> {
        let Self { certificate, key } = self;
        let read = async |path: &PathBuf| {
            tokio::fs::read(path).await.with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Contents {
            certificate: read(certificate).await.context("TASKWIRE_TLS_CERT")?,
            key: read(key).await.context("TASKWIRE_TLS_KEY")?,
        })
    }

    /// How to speak HTTP/2 and HTTP/1.1 with these, and until when.
    async fn checked(&self, contents: &Contents) -> Result<(RustlsConfig, ASN1Time)> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let first = Pem::iter_from_buffer(&contents.certificate).flatten().find(|pem| pem.label == "CERTIFICATE");
        let first =
            first.with_context(|| format!("TASKWIRE_TLS_CERT: there is no PEM certificate in {certificate}"))?;
        let validity = first
            .parse_x509()
            .with_context(|| format!("TASKWIRE_TLS_CERT: the certificate in {certificate} cannot be read"))?
            .validity()
            .clone();
        let (begin, end) = (validity.not_before, validity.not_after);
        ensure!(
            validity.is_valid(),
            "TASKWIRE_TLS_CERT: the certificate in {certificate} is valid from {begin} to {end} only"
        );
        let Contents { certificate: chain, key: private } = contents.clone();
        let config = RustlsConfig::from_pem(chain, private).await.map_err(|error| {
            anyhow!("TASKWIRE_TLS_KEY: the key in {key} does not go with the certificate in {certificate}: {error}")
        })?;
        Ok((config, end))
    }

    async fn renewed(&self, read: Result<&Contents, &String>, config: &RustlsConfig) -> Result<ASN1Time, String> {
        let (new, expires) = self.checked(read?).await.map_err(|error| format!("{error:#}"))?;
        config.reload_from_config(new.get_inner());
        note(&expires);
        Ok(expires)
    }
}
