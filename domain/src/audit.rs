//! The audit log as people read it (requirement I4).

use crate::TeamId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Lines on one page.
pub const LINES_ON_PAGE: i64 = 50;

/// One line: what happened, by whom, to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Counts up, with gaps.
    pub id: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Whether the viewer did it.
    pub by_viewer: bool,
    /// Who did it, as far as the viewer knows them; `None` for nobody or somebody unknown.
    pub actor: Option<String>,
    /// What happened: resource and verb, such as `team.member_add`; a refused attempt ends in `.denied`.
    pub action: String,
    /// What it happened to, in words; hostile text.
    pub target: Option<String>,
    /// The team it belongs to, if the viewer is in it.
    pub team: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
    /// What the client called itself; hostile text.
    pub user_agent: Option<String>,
}

/// Which part of the log to read, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditQuery {
    /// The log of this team; without it the viewer's own.
    pub team: Option<TeamId>,
    /// Only lines before this one.
    pub before: Option<i64>,
}

/// One page of the log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The lines.
    pub lines: Vec<AuditLine>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<i64>,
}
