//! What ought to come of an attempt, by the table of rights and by what the operations' documentation says.

use super::{attempts::Attempt, doors::Outcome, truth::Truth};
use Outcome::{Conflict, Done, Forbidden, NotFound};
use taskwire_domain::{
    TaskId, TeamId, UserId,
    rights::{TaskAction, TeamAction},
    task::Source,
    team::Role,
};

impl Truth {
    fn on_task(&self, me: UserId, id: TaskId, action: TaskAction) -> Outcome {
        match self.task(id) {
            Some(task) if self.may(me, task, action) => Done,
            Some(task) if self.may(me, task, TaskAction::View) => Forbidden,
            _ => NotFound,
        }
    }

    fn on_team(&self, me: UserId, id: TeamId, action: TeamAction) -> Outcome {
        match self.role(id, me) {
            None => NotFound,
            Some(role) if role.may(action) => Done,
            Some(_) => Forbidden,
        }
    }

    fn is_deleted_for(&self, me: UserId, id: TaskId) -> bool {
        self.deleted(id).is_some_and(|task| self.may(me, task, TaskAction::Delete))
    }

    fn gives(&self, me: UserId, id: TeamId, role: Role) -> Outcome {
        if self.role(id, me).is_some_and(|mine| mine.gives().contains(&role)) { Done } else { Forbidden }
    }

    /// Whether a name is in use by another team than this one.
    fn name_is_taken(&self, name: &str, but_by: Option<TeamId>) -> bool {
        self.teams.iter().any(|team| Some(team.id) != but_by && team.name.to_lowercase() == name.to_lowercase())
    }
}

fn unless(obstacle: bool, otherwise: Outcome) -> Outcome {
    if obstacle { otherwise } else { Done }
}

impl Attempt {
    pub fn expected(&self, truth: &Truth, me: UserId) -> Outcome {
        let task = |id, action| truth.on_task(me, id, action);
        let team = |id, action| truth.on_team(me, id, action);
        let is_owner = |id, user| truth.role(id, user) == Some(Role::Owner);
        let is_in = |id, email: &str| truth.user_of(email).is_some_and(|user| truth.role(id, user).is_some());
        match self {
            Self::AccountGet { .. } | Self::AccountUpdate { .. } | Self::AccountPassword | Self::AccountZone { .. } => {
                Done
            }
            Self::AccountDelete => {
                let with_others = |id| truth.team_members.iter().any(|row| row.team_id == id && row.user_id != me);
                let stands = truth.teams.iter().any(|team| is_owner(team.id, me) && with_others(team.id));
                unless(stands, Conflict)
            }
            Self::TimeZones | Self::SessionList { .. } | Self::SessionEndOthers | Self::Dashboard { .. } => Done,
            Self::TokenList { .. } | Self::TokenCreate { .. } => Done,
            Self::TokenRevoke { id } => {
                unless(!truth.api_tokens.iter().any(|row| row.id == *id && row.user_id == me), NotFound)
            }
            Self::SessionEnd { id } => {
                unless(!truth.sessions.iter().any(|row| row.id == *id && row.user_id == me), NotFound)
            }
            Self::AuditList { team: None, .. } => Done,
            Self::AuditList { team: Some(id), .. } => team(*id, TeamAction::ReadLog),
            Self::TaskList { source: Source::Team(id) } => team(*id, TeamAction::View),
            Self::TaskList { .. } | Self::TaskSearch { .. } | Self::TaskImport { .. } => Done,
            Self::TaskCreate { team: None, .. } => Done,
            Self::TaskCreate { team: Some(id), .. } => team(*id, TeamAction::CreateTask),
            Self::TaskGet { id } => task(*id, TaskAction::View),
            Self::TaskUpdate { id, .. } | Self::TaskStatus { id, .. } => task(*id, TaskAction::Edit),
            // Nobody learns from it whether there was such a task.
            Self::TaskDeleted { .. } => Done,
            Self::TaskDelete { id } | Self::TaskRestore { id } if truth.is_deleted_for(me, *id) => Done,
            Self::TaskDelete { id } => task(*id, TaskAction::Delete),
            Self::TaskRestore { id } => task(*id, TaskAction::View),
            Self::ShareList { id } => task(*id, TaskAction::Share),
            Self::ShareGive { id, email, .. } => task(*id, TaskAction::Share).and(|| {
                let (with, in_team) = (truth.user_of(email), truth.task(*id).and_then(|task| task.team_id));
                let has_it = |with| {
                    let in_team = in_team.is_some_and(|team| truth.role(team, with).is_some());
                    truth.share(*id, with).is_none() && (with == me || in_team)
                };
                unless(with.is_some_and(has_it), Conflict)
            }),
            Self::ShareChange { id, email, .. } => {
                let is_shared = match truth.user_of(email) {
                    Some(user) => truth.share(*id, user).is_some(),
                    None => truth.share_invitations.iter().any(|row| row.task_id == *id && row.email == *email),
                };
                task(*id, TaskAction::Share).and(|| unless(!is_shared, Conflict))
            }
            Self::ShareUninvite { id, email } => {
                let has_it = truth.user_of(email).is_some_and(|user| truth.share(*id, user).is_some());
                task(*id, TaskAction::Share).and(|| unless(has_it, Conflict))
            }
            Self::ShareRevoke { id, .. } => task(*id, TaskAction::Share),
            Self::ShareDecline { id } => task(*id, TaskAction::View),
            Self::ShareByMe | Self::TeamList | Self::ToolCallList | Self::ToolCallUndoSince => Done,
            Self::ToolCallUndo { id } => {
                unless(!truth.tool_calls.iter().any(|row| row.id == *id && row.user_id == me), NotFound)
            }
            Self::Performance => unless(!truth.administers(me), Forbidden),
            Self::TeamGet { id, .. } => team(*id, TeamAction::View),
            // The same form again returns the team that it made.
            Self::TeamCreate { name } => {
                let made = truth.teams.iter().any(|team| team.name == *name && is_owner(team.id, me));
                unless(truth.name_is_taken(name, None) && !made, Conflict)
            }
            Self::TeamUpdate { id, name, .. } => {
                team(*id, TeamAction::Edit).and(|| unless(truth.name_is_taken(name, Some(*id)), Conflict))
            }
            Self::TeamDelete { id } => team(*id, TeamAction::Delete),
            Self::TeamLeave { id } => team(*id, TeamAction::View).and(|| unless(is_owner(*id, me), Conflict)),
            Self::TeamTransfer { id, to } => team(*id, TeamAction::Transfer)
                .and(|| unless(*to == me, Conflict))
                .and(|| unless(truth.role(*id, *to).is_none(), NotFound)),
            Self::MemberAdd { id, email, role } => {
                let gives = || truth.gives(me, *id, *role);
                team(*id, TeamAction::Invite).and(gives).and(|| unless(is_in(*id, email), Conflict))
            }
            Self::MemberChange { id, user, role } => team(*id, TeamAction::ChangeRole)
                .and(|| unless(truth.role(*id, *user).is_none(), NotFound))
                .and(|| unless(is_owner(*id, *user), Conflict))
                .and(|| truth.gives(me, *id, *role)),
            Self::MemberRemove { id, user } => team(*id, TeamAction::Remove)
                .and(|| unless(truth.role(*id, *user).is_none(), NotFound))
                .and(|| unless(is_owner(*id, *user), Conflict)),
            Self::TeamUninvite { id, email } => {
                team(*id, TeamAction::Invite).and(|| unless(is_in(*id, email), Conflict))
            }
        }
    }

    /// The people whom it concerns besides the one who tries it.
    pub fn concerns(&self, truth: &Truth) -> Vec<UserId> {
        match self {
            Self::ShareGive { email, .. } | Self::ShareChange { email, .. } | Self::MemberAdd { email, .. } => {
                truth.user_of(email).into_iter().collect()
            }
            Self::ShareDecline { id } => truth.task(*id).map(|task| task.user_id).into_iter().collect(),
            Self::TeamTransfer { to, .. } => vec![*to],
            Self::ShareRevoke { user, .. } | Self::MemberChange { user, .. } | Self::MemberRemove { user, .. } => {
                vec![*user]
            }
            _ => vec![],
        }
    }
}
