//! How many requests somebody may still send (requirement P3).

use serde::{Deserialize, Serialize};

/// What is left of a limit on requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Requests at once after a rest.
    pub limit: u32,
    /// Requests at once now.
    pub remaining: u32,
    /// Seconds until all of them are there again.
    pub reset: u32,
    /// Seconds until the next one is taken.
    pub retry_after: u32,
}
