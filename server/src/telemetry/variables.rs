//! The variables of OpenTelemetry that the SDK reads by itself, and takes the default for when it cannot.

use anyhow::{Context, Result, ensure};
use axum::http::{HeaderName, HeaderValue};
use std::{path::PathBuf, str::FromStr, time::Duration};

/// The samplers that there are.
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// What the SDK is told rather than left to read, because what stands around it must know it as well.
#[derive(Debug, PartialEq, Eq)]
pub struct Variables {
    /// How long the delivery of one batch may take, all tries together.
    pub timeout: Duration,
    /// How many spans may wait.
    pub queue: usize,
    /// The file of certificates to trust in place of the usual ones.
    pub certificate: Option<PathBuf>,
    /// What the program is called.
    pub service: Option<String>,
}

impl Variables {
    /// Reads them, each by its name. An empty one counts as unset.
    ///
    /// # Errors
    /// One that cannot be read, by its name; its value may be a secret.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let number = |name: &str, default: u32| match variable(name) {
            Some(text) => u32::from_str(&text)
                .ok()
                .filter(|number| *number > 0)
                .with_context(|| format!("{name} must be a whole number, and not 0: {text:?}")),
            None => Ok(default),
        };
        let timeout = number("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000)?;
        let queue = number("OTEL_BSP_MAX_QUEUE_SIZE", 2048)?;
        number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)?;
        number("OTEL_BSP_SCHEDULE_DELAY", 5000)?;
        if let Some(protocol) = variable("OTEL_EXPORTER_OTLP_PROTOCOL") {
            ensure!(protocol == "http/protobuf", "OTEL_EXPORTER_OTLP_PROTOCOL can be http/protobuf only: {protocol:?}");
        }
        if let Some(method) = variable("OTEL_EXPORTER_OTLP_COMPRESSION") {
            ensure!(method == "none", "OTEL_EXPORTER_OTLP_COMPRESSION can be none only: {method:?}");
        }
        if let Some(sampler) = variable("OTEL_TRACES_SAMPLER") {
            let known = SAMPLERS.contains(&&*sampler);
            ensure!(known, "OTEL_TRACES_SAMPLER must be one of {}: {sampler:?}", SAMPLERS.join(", "));
            if sampler.ends_with("traceidratio") {
                let share = variable("OTEL_TRACES_SAMPLER_ARG").and_then(|text| text.parse::<f64>().ok());
                let good = share.is_some_and(|share| (0.0..=1.0).contains(&share));
                ensure!(good, "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1 for the sampler {sampler}");
            }
        }
        if let Some(headers) = variable("OTEL_EXPORTER_OTLP_HEADERS") {
            let good = headers.split_terminator(',').all(is_header);
            ensure!(good, "OTEL_EXPORTER_OTLP_HEADERS must be like name=value,name=value, with %20 for a space");
        }
        Ok(Self {
            timeout: Duration::from_millis(timeout.into()),
            queue: usize::try_from(queue).unwrap_or(usize::MAX),
            certificate: variable("OTEL_EXPORTER_OTLP_CERTIFICATE").map(PathBuf::from),
            service: variable("OTEL_SERVICE_NAME"),
        })
    }
}

fn is_header(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, value)| {
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8();
        HeaderName::from_str(name.trim()).is_ok()
            && value.is_ok_and(|value| !value.is_empty() && HeaderValue::from_str(&value).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Variables, String> {
        let find =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        Variables::read(find).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_set_counts_and_what_is_empty_does_not() {
        let default = Variables { timeout: Duration::from_secs(10), queue: 2048, certificate: None, service: None };
        assert_eq!(read(&[]), Ok(default));
        assert_eq!(read(&[("OTEL_TRACES_SAMPLER", ""), ("OTEL_BSP_MAX_QUEUE_SIZE", "")]), read(&[]));
        let set = read(&[
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "9"),
            ("OTEL_SERVICE_NAME", "tasks"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/a/b.pem"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x, x-team = a,"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ]);
        let (certificate, service) = (Some("/a/b.pem".into()), Some("tasks".to_owned()));
        assert_eq!(set, Ok(Variables { timeout: Duration::from_millis(250), queue: 9, certificate, service }));
    }

    #[test]
    fn a_wrong_value_is_told_with_its_variable_and_a_secret_is_not() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1"),
            ("OTEL_BSP_SCHEDULE_DELAY", "0"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_TRACES_SAMPLER", "sometimes"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
        for share in ["", "2", "-0.1", "NaN", "half"] {
            let error = read(&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", share)]);
            assert!(error.unwrap_err().contains("OTEL_TRACES_SAMPLER_ARG"), "{share}");
        }
        for headers in ["hunter2", "=hunter2", "a b=hunter2", "a=", "a=hunter2%0d%0a", "a=b,hunter2"] {
            let error = read(&[("OTEL_EXPORTER_OTLP_HEADERS", headers)]).unwrap_err();
            assert!(error.contains("OTEL_EXPORTER_OTLP_HEADERS") && !error.contains("hunter2"), "{error}");
        }
    }
}
