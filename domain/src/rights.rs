//! Who may do what (requirements S2 and S3): the one place that says so.
//!
//! From these tables follow the checks of the operations, what pages offer, the tests of the database's policies
//! (`backend/tests/operations/rights.rs`) and the tables in `docs/permissions.md`. To change a right, change its row
//! here and the policy in a migration; a test fails until both say the same.

use crate::{share::Permission, task::Access, team::Role};

/// What somebody may want to do with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskAction {
    /// See it and what belongs to it.
    View,
    /// Change its texts, complete and reopen it.
    Edit,
    /// Delete it, and bring it back.
    Delete,
    /// Share it, change and revoke its shares, and see who has it.
    Share,
}

/// What somebody may want to do with a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TeamAction {
    /// See it, its members and its tasks.
    View,
    /// Make a task in it.
    CreateTask,
    /// Change its name and description.
    Edit,
    /// Add and invite people, in a role of [`Role::gives`].
    Invite,
    /// Give a member another role of [`Role::gives`]; never to the owner.
    ChangeRole,
    /// Take a member out; never the owner.
    Remove,
    /// Read its part of the audit log.
    ReadLog,
    /// Go.
    Leave,
    /// Make another member the owner.
    Transfer,
    /// Delete it.
    Delete,
}

/// How far a right goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    Always,
    /// With tasks that are one's own.
    Own,
    Never,
}

use Right::{Always as A, Never as N, Own as O};

/// The columns follow [`Access::ALL`].
const TASKS: [(TaskAction, [Right; 6]); 4] = [
    //                   owner admin member viewer edit view
    (TaskAction::View, [A, A, A, A, A, A]),
    (TaskAction::Edit, [A, A, O, N, A, N]),
    (TaskAction::Delete, [A, A, O, N, N, N]),
    (TaskAction::Share, [A, A, O, N, N, N]),
];

/// The columns follow [`Role::ALL`].
const TEAMS: [(TeamAction, [Right; 4]); 10] = [
    //                         owner admin member viewer
    (TeamAction::View, [A, A, A, A]),
    (TeamAction::CreateTask, [A, A, A, N]),
    (TeamAction::Edit, [A, A, N, N]),
    (TeamAction::Invite, [A, A, N, N]),
    (TeamAction::ChangeRole, [A, A, N, N]),
    (TeamAction::Remove, [A, A, N, N]),
    (TeamAction::ReadLog, [A, A, N, N]),
    (TeamAction::Leave, [N, A, A, A]),
    (TeamAction::Transfer, [A, N, N, N]),
    (TeamAction::Delete, [A, N, N, N]),
];

/// The roles that a role may give, in inviting and in changing.
const GIVES: [(Role, &[Role]); 4] = [
    (Role::Owner, &[Role::Admin, Role::Member, Role::Viewer]),
    (Role::Admin, &[Role::Member, Role::Viewer]),
    (Role::Member, &[]),
    (Role::Viewer, &[]),
];

impl TaskAction {
    /// Every action, in the order of the table.
    pub const ALL: &'static [Self] = &[Self::View, Self::Edit, Self::Delete, Self::Share];
}

impl TeamAction {
    /// Every action, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::View,
        Self::CreateTask,
        Self::Edit,
        Self::Invite,
        Self::ChangeRole,
        Self::Remove,
        Self::ReadLog,
        Self::Leave,
        Self::Transfer,
        Self::Delete,
    ];
}

fn task_right(access: Access, action: TaskAction) -> Right {
    let row = TASKS.iter().find(|(known, _)| *known == action).map(|(_, row)| row);
    let column = Access::ALL.iter().position(|known| *known == access);
    row.zip(column).and_then(|(row, column)| row.get(column)).copied().unwrap_or(Right::Never)
}

fn team_right(role: Role, action: TeamAction) -> Right {
    let row = TEAMS.iter().find(|(known, _)| *known == action).map(|(_, row)| row);
    let column = Role::ALL.iter().position(|known| *known == role);
    row.zip(column).and_then(|(row, column)| row.get(column)).copied().unwrap_or(Right::Never)
}

impl Access {
    /// Whether somebody with this access may do this to a task; `own` says whether the task is their own.
    pub fn may(self, action: TaskAction, own: bool) -> bool {
        match task_right(self, action) {
            Right::Always => true,
            Right::Own => own,
            Right::Never => false,
        }
    }

    /// The access that a task gives: by ownership of a personal task, by the role in its team, or by a share, whichever
    /// allows most; `None` to whoever may not see it.
    ///
    /// A task in a team is its owner's by their role alone, which never ends before the ownership does: whoever leaves
    /// a team hands their tasks there to its owner.
    pub fn of(own: bool, in_team: bool, role: Option<Role>, share: Option<Permission>) -> Option<Self> {
        let personal = (own && !in_team).then_some(Self::Owner);
        let by_role = role.map(|role| match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
            Role::Viewer => Self::Viewer,
        });
        let by_share = share.map(|permission| match permission {
            Permission::Edit => Self::Edit,
            Permission::View => Self::View,
        });
        let reach = |access: &Self| TaskAction::ALL.iter().filter(|action| access.may(**action, own)).count();
        // The first of the widest.
        [by_share, by_role, personal].into_iter().flatten().max_by_key(reach)
    }
}

impl Role {
    /// Whether a member in this role may do this in their team.
    pub fn may(self, action: TeamAction) -> bool {
        team_right(self, action) == Right::Always
    }

    /// The roles that a member in this role may give to others.
    pub fn gives(self) -> &'static [Self] {
        GIVES.iter().find(|(role, _)| *role == self).map_or(&[], |(_, roles)| roles)
    }
}

/// The tables as Markdown, for the documentation.
pub fn as_markdown() -> String {
    let cell = |right: &Right| match right {
        Right::Always => "yes",
        Right::Own => "own tasks",
        Right::Never => "–",
    };
    let table = |head: Vec<String>, rows: Vec<(String, Vec<&str>)>| {
        let rule = format!("| --- |{}\n", " --- |".repeat(head.len()));
        let rows = rows.iter().map(|(name, cells)| format!("| {name} | {} |\n", cells.join(" | ")));
        format!("| | {} |\n{rule}{}", head.join(" | "), rows.collect::<String>())
    };
    let tasks = table(
        Access::ALL.iter().map(Access::to_string).collect(),
        TASKS.iter().map(|(action, row)| (format!("{action:?}"), row.iter().map(cell).collect())).collect(),
    );
    let teams = table(
        Role::ALL.iter().map(Role::to_string).collect(),
        TEAMS.iter().map(|(action, row)| (format!("{action:?}"), row.iter().map(cell).collect())).collect(),
    );
    let gives = GIVES.iter().map(|(role, given)| {
        let given: Vec<&str> = given.iter().map(|role| role.as_str()).collect();
        format!("| {role} | {} |\n", if given.is_empty() { "none".to_owned() } else { given.join(", ") })
    });
    format!(
        "### Tasks\n\n{tasks}\n### Teams\n\n{teams}\n### Roles that a role may give\n\n| role | gives |\n| --- | --- |\n{}",
        gives.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_is_missing_from_its_table() {
        assert_eq!(TASKS.map(|(action, _)| action), TaskAction::ALL);
        assert_eq!(TEAMS.map(|(action, _)| action), TeamAction::ALL);
        assert_eq!(GIVES.map(|(role, _)| role), Role::ALL);
    }

    #[test]
    fn the_widest_access_counts() {
        assert_eq!(Access::of(true, false, None, None), Some(Access::Owner));
        assert_eq!(Access::of(true, true, Some(Role::Member), None), Some(Access::Member));
        assert_eq!(Access::of(true, true, Some(Role::Viewer), None), Some(Access::Viewer), "a demoted creator");
        assert_eq!(Access::of(false, true, Some(Role::Viewer), Some(Permission::Edit)), Some(Access::Edit));
        assert_eq!(Access::of(false, true, Some(Role::Viewer), Some(Permission::View)), Some(Access::Viewer));
        assert_eq!(Access::of(false, true, Some(Role::Admin), Some(Permission::View)), Some(Access::Admin));
        assert_eq!(Access::of(false, true, None, Some(Permission::View)), Some(Access::View));
        assert_eq!(Access::of(false, true, None, None), None);
    }

    #[test]
    fn nobody_gives_the_owners_role_and_only_givers_invite() {
        for role in Role::ALL {
            assert!(!role.gives().contains(&Role::Owner), "ownership is transferred, never given");
            assert_eq!(role.may(TeamAction::Invite), !role.gives().is_empty());
            assert_eq!(role.may(TeamAction::ChangeRole), !role.gives().is_empty());
        }
    }

    #[test]
    fn the_documentation_has_these_tables() {
        // Cargo runs tests in the folder of their package.
        let document = std::fs::read_to_string("../docs/permissions.md").unwrap();
        assert!(document.contains(&as_markdown()), "docs/permissions.md must contain:\n\n{}", as_markdown());
    }
}
