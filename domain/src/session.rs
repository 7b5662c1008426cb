//! Sessions: where a person is signed in.

use crate::SessionId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One live session of the viewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// Last use, exact to five minutes.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Address it was opened from.
    pub address: Option<String>,
    /// The browser's own description; hostile text.
    pub user_agent: Option<String>,
    /// The session this request came with.
    pub current: bool,
}
