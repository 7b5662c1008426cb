//! Where log lines go and how they look.

use crate::config::LogFormat;
use anyhow::{Context, Result};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging to standard error: standard output belongs to what a command answers.
///
/// # Errors
/// A filter that cannot be read.
pub fn start(filter: &str, format: LogFormat) -> Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("TASKWIRE_LOG cannot be read: {filter:?}"))?;
    let json = match format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        // One flat object a line: `jq 'select(.status >= 500)'` is all it takes to look something up.
        registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false)
                    .with_writer(stderr),
            )
            .init();
    } else {
        registry.with(fmt::layer().with_target(false).with_ansi(stderr().is_terminal()).with_writer(stderr)).init();
    }
    Ok(())
}
