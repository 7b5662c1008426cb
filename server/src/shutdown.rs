//! Ctrl-C and SIGTERM.

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first Ctrl-C or SIGTERM cancels. The second one ends the program at once, with the
/// exit code shells give to an interrupted program.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn on_signal() -> Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let token = CancellationToken::new();
    let first = token.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if first.is_cancelled() {
                tracing::warn!("stopping at once; the database recovers at the next start");
                std::process::exit(130);
            }
            tracing::info!("stopping; once more stops at once");
            first.cancel();
        }
    });
    Ok(token)
}
