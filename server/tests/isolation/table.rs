//! Operations and doors: whatever can be tried, and what can come of it. A test compares it with the source.

use super::{
    attempts::Attempt,
    doors::{Outcome, is_read},
};
use Outcome::{Conflict, Done, Forbidden, NotFound};
use std::collections::{BTreeMap, BTreeSet};

/// An operation, the server function or the path that calls it, and what can come of that for somebody who is signed in.
pub struct Row {
    pub operation: &'static str,
    pub path: &'static str,
    pub outcomes: &'static [Outcome],
}

/// What is one's own, and what everybody may.
const OWN: &[Outcome] = &[Done];
/// What whoever sees the thing may.
const SEEN: &[Outcome] = &[Done, NotFound];
/// What not everybody may who sees the thing.
const RIGHT: &[Outcome] = &[Done, NotFound, Forbidden];
/// The same, where something else may stand against it, too.
const CONTESTED: &[Outcome] = &[Done, NotFound, Forbidden, Conflict];

const fn row(operation: &'static str, path: &'static str, outcomes: &'static [Outcome]) -> Row {
    Row { operation, path, outcomes }
}

/// Every operation on behalf of somebody, with every server function for it.
pub const OPERATIONS: &[Row] = &[
    row("account_get", "/rpc/account/get", OWN),
    row("account_update", "/rpc/account/update", OWN),
    row("account_change_password", "/rpc/account/change_password", OWN),
    row("account_delete", "/rpc/account/delete", &[Done, Conflict]),
    row("account_time_zones", "/rpc/account/time_zones", OWN),
    row("account_set_time_zone", "/rpc/account/set_time_zone", OWN),
    row("session_list", "/rpc/session/list", OWN),
    row("session_end", "/rpc/session/end", SEEN),
    row("session_end_others", "/rpc/session/end_others", OWN),
    row("token_list", "/rpc/token/list", OWN),
    row("token_create", "/rpc/token/create", OWN),
    row("token_revoke", "/rpc/token/revoke", SEEN),
    row("dashboard_read", "/rpc/dashboard/read", OWN),
    row("audit_list", "/rpc/audit/list", RIGHT),
    row("performance_read", "/rpc/performance/read", &[Done, Forbidden]),
    row("tool_call_list", "/rpc/tool_call/list", OWN),
    row("tool_call_undo", "/rpc/tool_call/undo", SEEN),
    row("tool_call_undo", "/rpc/tool_call/undo_since", OWN),
    row("task_list", "/rpc/task/list", SEEN),
    row("task_get", "/rpc/task/get", SEEN),
    row("task_create", "/rpc/task/create", RIGHT),
    row("task_import", "/rpc/task/import", OWN),
    row("task_update", "/rpc/task/update", RIGHT),
    row("task_update", "/rpc/task/complete", RIGHT),
    row("task_update", "/rpc/task/reopen", RIGHT),
    row("task_delete", "/rpc/task/delete", RIGHT),
    row("task_deleted", "/rpc/task/deleted", OWN),
    row("task_restore", "/rpc/task/restore", SEEN),
    row("share_list", "/rpc/share/list", RIGHT),
    row("share_give", "/rpc/share/give", CONTESTED),
    row("share_change", "/rpc/share/change", CONTESTED),
    row("share_revoke", "/rpc/share/revoke", RIGHT),
    row("share_decline", "/rpc/share/decline", SEEN),
    row("share_uninvite", "/rpc/share/uninvite", CONTESTED),
    row("share_by_me", "/rpc/share/by_me", OWN),
    row("team_list", "/rpc/team/list", OWN),
    row("team_get", "/rpc/team/get", SEEN),
    row("team_create", "/rpc/team/create", &[Done, Conflict]),
    row("team_update", "/rpc/team/update", CONTESTED),
    row("team_delete", "/rpc/team/delete", RIGHT),
    row("team_leave", "/rpc/team/leave", &[Done, NotFound, Conflict]),
    row("team_transfer", "/rpc/team/transfer", CONTESTED),
    row("team_member_add", "/rpc/team/add_member", CONTESTED),
    row("team_member_change", "/rpc/team/change_member", CONTESTED),
    row("team_member_remove", "/rpc/team/remove_member", CONTESTED),
    row("team_uninvite", "/rpc/team/uninvite", CONTESTED),
];

/// The operations that the REST API has, with method and path, and what can come of them.
pub const REST: &[Row] = &[
    row("account_get", "GET /api/auth/me", OWN),
    row("account_export", "GET /api/auth/me/export", OWN),
    row("account_update", "PATCH /api/auth/me", OWN),
    row("account_delete", "DELETE /api/auth/me", &[Done, Conflict]),
    row("account_set_time_zone", "PUT /api/auth/me/time-zone", OWN),
    row("account_time_zones", "GET /api/auth/time-zones", OWN),
    row("account_change_password", "POST /api/auth/password", OWN),
    row("session_list", "GET /api/auth/sessions", OWN),
    row("session_list", "GET /api/auth/sessions/{id}", OWN),
    row("session_end", "DELETE /api/auth/sessions/{id}", SEEN),
    row("session_end_others", "DELETE /api/auth/sessions", OWN),
    row("token_list", "GET /api/auth/tokens", OWN),
    row("token_list", "GET /api/auth/tokens/{id}", OWN),
    row("token_create", "POST /api/auth/tokens", OWN),
    row("token_revoke", "DELETE /api/auth/tokens/{id}", SEEN),
    row("dashboard_read", "GET /api/dashboard/statistics", OWN),
    row("dashboard_read", "GET /api/dashboard/activity", OWN),
    row("dashboard_read", "GET /api/dashboard/breakdown", OWN),
    row("dashboard_read", "GET /api/dashboard/shared", OWN),
    row("audit_list", "GET /api/audit", RIGHT),
    row("performance_read", "GET /api/performance", &[Done, Forbidden]),
    row("tool_call_list", "GET /api/tool-calls", OWN),
    row("tool_call_undo", "POST /api/tool-calls/undo", SEEN),
    row("task_list", "GET /api/{user_id}/tasks", SEEN),
    row("task_list", "GET /api/tasks/shared-with-me", OWN),
    row("task_list", "GET /api/{user_id}/tasks/export", OWN),
    row("task_create", "POST /api/{user_id}/tasks", RIGHT),
    row("task_import", "POST /api/{user_id}/tasks/import", OWN),
    row("task_get", "GET /api/{user_id}/tasks/{id}", SEEN),
    row("task_update", "PATCH /api/{user_id}/tasks/{id}", RIGHT),
    row("task_update", "PUT /api/{user_id}/tasks/{id}", RIGHT),
    row("task_toggle", "PATCH /api/{user_id}/tasks/{id}/complete", RIGHT),
    row("task_delete", "DELETE /api/{user_id}/tasks/{id}", RIGHT),
    row("task_bulk", "POST /api/{user_id}/tasks/bulk", RIGHT),
    row("task_deleted", "GET /api/{user_id}/tasks/{id}/deleted", OWN),
    row("task_restore", "POST /api/{user_id}/tasks/{id}/restore", SEEN),
    row("share_list", "GET /api/tasks/{id}/shares", RIGHT),
    row("share_give", "POST /api/tasks/{id}/share", CONTESTED),
    row("share_change", "PATCH /api/tasks/{id}/share", CONTESTED),
    row("share_revoke", "DELETE /api/tasks/{id}/share/{user_id}", RIGHT),
    row("share_decline", "DELETE /api/tasks/{id}/share/{user_id}", SEEN),
    row("share_uninvite", "DELETE /api/tasks/{id}/invitations/{email}", CONTESTED),
    row("share_by_me", "GET /api/tasks/shared-by-me", OWN),
    row("team_list", "GET /api/teams", OWN),
    row("team_get", "GET /api/teams/{id}", SEEN),
    row("team_get", "GET /api/teams/{id}/members", SEEN),
    row("team_get", "GET /api/teams/{id}/invitations", SEEN),
    row("team_create", "POST /api/teams", &[Done, Conflict]),
    row("team_update", "PATCH /api/teams/{id}", CONTESTED),
    row("team_delete", "DELETE /api/teams/{id}", RIGHT),
    row("team_leave", "POST /api/teams/{id}/leave", &[Done, NotFound, Conflict]),
    row("team_transfer", "POST /api/teams/{id}/transfer", CONTESTED),
    row("team_member_add", "POST /api/teams/{id}/members", CONTESTED),
    row("team_member_change", "PATCH /api/teams/{id}/members/{user_id}", CONTESTED),
    row("team_member_remove", "DELETE /api/teams/{id}/members/{user_id}", CONTESTED),
    row("team_uninvite", "DELETE /api/teams/{id}/invitations/{email}", CONTESTED),
];

/// Every tool of the MCP server with the operations that it is for, and what can come of it.
pub const TOOLS: &[Row] = &[
    row("task_create", "tool add_task", RIGHT),
    row("task_list", "tool list_tasks", SEEN),
    row("task_list", "tool search_tasks", OWN),
    row("task_get", "tool get_task", SEEN),
    row("task_update", "tool update_task", RIGHT),
    row("task_update", "tool complete_tasks", RIGHT),
    row("task_update", "tool reopen_tasks", RIGHT),
    row("task_delete", "tool delete_task", RIGHT),
    row("share_give", "tool share_task", CONTESTED),
    row("share_revoke", "tool unshare_task", RIGHT),
    row("share_uninvite", "tool unshare_task", RIGHT),
    row("task_list", "tool list_shared_tasks", OWN),
    row("share_by_me", "tool list_shared_tasks", OWN),
    row("team_list", "tool list_teams", SEEN),
    row("team_get", "tool list_teams", SEEN),
    row("dashboard_read", "tool get_dashboard", OWN),
    row("tool_call_list", "tool get_activity", OWN),
    row("tool_call_undo", "tool undo_action", SEEN),
];

/// What tools ask before they do what they are for, and nobody else: `mcp` in these tests looks at it.
pub const ONLY_FOR_AGENTS: &[&str] = &["account_find", "task_find", "tool_call_undoable"];

/// What is not tried as somebody: signing in and out.
pub const REST_FOR_NOBODY: &[&str] =
    &["POST /api/auth/signup", "POST /api/auth/signin", "POST /api/auth/signout", "GET /api/dashboard/health"];

/// For whoever is not signed in yet, or no longer.
pub const FOR_NOBODY: &[&str] =
    &["/rpc/account/sign_up", "/rpc/account/sign_in", "/rpc/account/sign_out", "/rpc/preferences/theme"];

/// Pages that show people's data; `{task}` and `{team}` are tried with everything there is, and with what there is not.
pub const PAGES: &[&str] = &[
    "/dashboard",
    "/tasks",
    "/tasks/{task}",
    "/shared",
    "/shared/by-me",
    "/teams",
    "/teams/{team}",
    "/teams/{team}/members",
    "/teams/{team}/settings",
    "/activity",
    "/activity?team={team}",
    "/activity/agents",
    "/settings",
    "/settings/import",
    "/settings/tokens",
    "/admin/performance",
];

/// Pages for whoever is not signed in, and the one that only leads on.
pub const OPEN_PAGES: &[&str] = &["/", "/sign-in", "/sign-up"];

impl Attempt {
    /// The backend's method.
    pub fn operation(&self) -> &'static str {
        let path = self.call().0;
        let found = OPERATIONS.iter().find(|row| row.path == path);
        found.unwrap_or_else(|| panic!("{path} is not in the table")).operation
    }
}

/// What the table says can happen and has not, and the other way round.
pub fn differences(tried: &BTreeMap<(String, Outcome), usize>) -> Vec<String> {
    let mut wanted = BTreeSet::new();
    for Row { operation, path, outcomes } in OPERATIONS {
        let form = (!is_read(path)).then(|| format!("form {path}"));
        for place in [Some((*operation).to_owned()), Some((*path).to_owned()), form].into_iter().flatten() {
            wanted.extend(outcomes.iter().map(|outcome| (place.clone(), *outcome)));
        }
    }
    for Row { path, outcomes, .. } in REST.iter().chain(TOOLS) {
        wanted.extend(outcomes.iter().map(|outcome| ((*path).to_owned(), *outcome)));
    }
    let known: BTreeSet<_> = wanted.iter().map(|(place, _)| place).collect();
    let found: BTreeSet<_> = tried.keys().filter(|(place, _)| known.contains(place)).cloned().collect();
    let never = wanted.difference(&found).map(|(place, outcome)| format!("{place} never came to {outcome:?}"));
    let besides = found.difference(&wanted).map(|it| format!("{it:?} is not in the table"));
    never.chain(besides).collect()
}
