//! Where log lines go and how they look.

use crate::{config::LogFormat, telemetry::Telemetry};
use anyhow::{Context, Result};
use std::{
    io::{self, BufWriter, IsTerminal, Write, stderr},
    thread,
    time::Duration,
};
use taskwire_backend::performance::{Recent, statements};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{Layer, Registry, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging to standard error: standard output belongs to what a command answers. A thread of its own writes the lines, so
/// that requests do not wait for each other there. Dropping what this returns waits for the last of them. Where there is
/// `recent`, statements are measured for it, and where there is `telemetry`, it follows requests.
///
/// # Errors
/// A filter that cannot be read.
pub fn start(
    filter: &str,
    format: LogFormat,
    recent: Option<Recent>,
    telemetry: Option<&Telemetry>,
) -> Result<WorkerGuard> {
    // Not `EnvFilter`, which takes a lock for every span that is entered or left.
    // The MCP library tells of each request that it begins and ends, in the client's own words.
    let filter: Targets =
        format!("rmcp=warn,{filter}").parse().with_context(|| format!("TASKWIRE_LOG cannot be read: {filter:?}"))?;
    let json = match format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    // Whoever reads the log is waited for rather than not told.
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(Gathering(BufWriter::new(stderr())));
    // In one list: among layers with filters of their own, an `Option` that is none lets pass what all of those leave out.
    let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = Vec::new();
    layers.extend(recent.map(|recent| statements(recent).boxed()));
    layers.extend(telemetry.map(|telemetry| telemetry.layer().boxed()));
    if json {
        // One flat object a line: `jq 'select(.status >= 500)'` is all it takes to look something up. By json-subscriber,
        // because tracing-subscriber reads a span's fields anew, as text, for each line in it.
        let layer = json_subscriber::fmt::layer().flatten_event(true).with_current_span(true).with_span_list(false);
        layers.push(layer.with_writer(writer).with_filter(filter).boxed());
    } else {
        let layer = fmt::layer().with_target(false).with_ansi(stderr().is_terminal());
        layers.push(layer.with_writer(writer).with_filter(filter).boxed());
    }
    tracing_subscriber::registry().with(layers).init();
    Ok(guard)
}

/// How long lines gather.
const GATHERING: Duration = Duration::from_millis(10);

/// Writes many lines at once. Its thread flushes when there are no more, and would then have to be woken for the next line,
/// by the request that logs it. As long as it sleeps here, nobody has to.
struct Gathering<W: Write>(BufWriter<W>);

impl<W: Write> Write for Gathering<W> {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0.write(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        thread::sleep(GATHERING);
        Ok(())
    }
}
