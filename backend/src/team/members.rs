//! Who is in a team, and who is invited (requirements S1, S2).

use super::{must_touch, role};
use crate::{Backend, Result, Viewer, audit::Line, scope::Scope, viewer::Need};
use chrono::{DateTime, Utc};
use sqlx::{query, query_as, query_scalar};
use taskwire_domain::{
    Error as Refusal, TeamId, UserId,
    account::{Email, Whom},
    rights::TeamAction,
    team::{Added, Invitation, Member, NewMember, Role, TEAM_PEOPLE_MAX},
};
use uuid::Uuid;

struct MemberRow {
    user_id: Uuid,
    name: String,
    email: String,
    role: String,
    created_at: DateTime<Utc>,
}

impl MemberRow {
    fn seen_by(self, viewer: UserId) -> Member {
        let user_id = UserId(self.user_id);
        Member {
            user_id,
            name: self.name,
            email: self.email,
            role: role(&self.role),
            created_at: self.created_at,
            is_viewer: user_id == viewer,
        }
    }
}

impl Scope {
    /// Everybody in a team of the viewer's: the owner first, then by role and name.
    pub(super) async fn members(&mut self, team: TeamId) -> Result<Vec<Member>> {
        let rows = query_as!(
            MemberRow,
            r#"/* team_member_list */ SELECT member.user_id, person.name AS "name!", person.email AS "email!",
                   member.role, member.created_at
               FROM team_members member JOIN users person ON person.id = member.user_id
               WHERE member.team_id = $1
               ORDER BY array_position('{owner,admin,member,viewer}', member.role), lower(person.name), member.user_id"#,
            team.0
        )
        .fetch_all(self.connection()?)
        .await?;
        let viewer = self.user_id();
        Ok(rows.into_iter().map(|row| row.seen_by(viewer)).collect())
    }

    /// One member of a team of the viewer's.
    pub(super) async fn member(&mut self, team: TeamId, user: UserId) -> Result<Option<Member>> {
        let row = query_as!(
            MemberRow,
            r#"/* team_member_get */ SELECT member.user_id, person.name AS "name!", person.email AS "email!",
                   member.role, member.created_at
               FROM team_members member JOIN users person ON person.id = member.user_id
               WHERE member.team_id = $1 AND member.user_id = $2"#,
            team.0,
            user.0
        )
        .fetch_optional(self.connection()?)
        .await?;
        let viewer = self.user_id();
        Ok(row.map(|row| row.seen_by(viewer)))
    }

    /// Who is invited into a team that the viewer runs.
    pub(super) async fn invitations(&mut self, team: TeamId) -> Result<Vec<Invitation>> {
        let rows = query!(
            "/* team_invitation_list */ SELECT email, role, created_at FROM team_invitations
             WHERE team_id = $1 ORDER BY email",
            team.0
        )
        .fetch_all(self.connection()?)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Invitation { email: row.email, role: role(&row.role), created_at: row.created_at })
            .collect())
    }

    /// The address of somebody. Whom the viewer has nothing to do with they cannot name by their account.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], whether there is no such account or none that the viewer knows.
    pub(crate) async fn address_of(&mut self, whom: Whom) -> Result<Email> {
        let id = match whom {
            Whom::Email(email) => return Ok(email),
            Whom::User(id) => id,
        };
        self.email_of(id).await?.and_then(|email| Email::parse(&email).ok()).ok_or_else(|| {
            Refusal::invalid("user_id", "You know nobody with this id. Name them by their email.").into()
        })
    }

    /// Takes somebody out of a team.
    pub(super) async fn delete_member(&mut self, team: TeamId, user: UserId) -> Result<()> {
        let gone = query!(
            "/* team_member_delete */ DELETE FROM team_members WHERE team_id = $1 AND user_id = $2",
            team.0,
            user.0
        )
        .execute(self.connection()?)
        .await?;
        must_touch(&gone, 1)
    }

    /// Whose an address is; whoever signs up with it at this moment waits until the scope ends.
    pub(crate) async fn account_by_email(&mut self, email: &Email) -> Result<Option<UserId>> {
        let id = query_scalar!("/* account_by_email */ SELECT account_by_email($1)", email.as_str())
            .fetch_one(self.connection()?)
            .await?;
        Ok(id.map(UserId))
    }
}

impl Backend {
    /// Adds whoever has this address, or invites them until they sign up. An invitation may be repeated, also with
    /// another role.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`] also for a role that is not the viewer's to give,
    /// [`Refusal::Conflict`] for somebody who is in the team already, and for a full team.
    pub async fn team_member_add(&self, viewer: &Viewer, team: TeamId, new: NewMember) -> Result<Added> {
        self.attempt(viewer, "team.member_add", team, self.add_member(viewer, team, new)).await
    }

    async fn add_member(&self, viewer: &Viewer, team: TeamId, new: NewMember) -> Result<Added> {
        let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
        let email = scope.address_of(new.whom).await?;
        // The address before the team, as in sharing and in a sign-up.
        let account = scope.account_by_email(&email).await?;
        let giver = scope.team_for(team, TeamAction::Invite).await?;
        if !giver.gives().contains(&new.role) {
            return Err(Refusal::Forbidden.into());
        }
        if let Some(user) = account
            && let Some(member) = scope.member(team, user).await?
        {
            let is = if member.is_viewer { "You are".to_owned() } else { format!("{} is", email.as_str()) };
            return Err(Refusal::Conflict(format!("{is} in this team already, as {}.", member.role)).into());
        }
        let people = query_scalar!(
            r#"/* team_people_count */ SELECT
                   (SELECT count(*) FROM team_members WHERE team_id = $1)
                   + (SELECT count(*) FROM team_invitations WHERE team_id = $1 AND email <> $2) AS "people!""#,
            team.0,
            email.as_str()
        )
        .fetch_one(scope.connection()?)
        .await?;
        if people >= TEAM_PEOPLE_MAX {
            return Err(Refusal::Conflict(format!("A team has at most {TEAM_PEOPLE_MAX} people.")).into());
        }
        let (now, role) = (scope.now, new.role.as_str());
        let target = format!("{} as {role}", email.as_str());
        let (added, line, outcome) = match account {
            Some(user) => (
                query!(
                    "/* team_member_insert */ INSERT INTO team_members (team_id, user_id, role, created_at)
                     VALUES ($1, $2, $3, $4)",
                    team.0,
                    user.0,
                    role,
                    now
                ),
                Line::new("team.member_add").target(target).team(team).person(user),
                Added::Now,
            ),
            None => (
                query!(
                    "/* team_invitation_insert */ INSERT INTO team_invitations AS invitation
                         (team_id, email, role, created_at)
                     VALUES ($1, $2, $3, $4)
                     ON CONFLICT (team_id, email) DO UPDATE SET role = excluded.role
                     WHERE invitation.role <> excluded.role",
                    team.0,
                    email.as_str(),
                    role,
                    now
                ),
                Line::new("team.invite").target(target).team(team),
                Added::Invited,
            ),
        };
        // The same invitation again has nothing to tell.
        if added.execute(scope.connection()?).await?.rows_affected() > 0 {
            scope.audit(line).await?;
        }
        scope.commit().await?;
        Ok(outcome)
    }

    /// Gives a member another role. Whoever has it already keeps it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] also for somebody who is not in the team, [`Refusal::Forbidden`] also for a role that is not
    /// the viewer's to give, [`Refusal::Conflict`] for the owner, who can only be changed by transferring the team.
    pub async fn team_member_change(&self, viewer: &Viewer, team: TeamId, user: UserId, role: Role) -> Result<()> {
        let change = async {
            let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
            let giver = scope.team_for(team, TeamAction::ChangeRole).await?;
            let member = scope.member(team, user).await?.ok_or(Refusal::NotFound)?;
            if member.role == Role::Owner {
                return Err(Refusal::Conflict(
                    "The owner stays the owner until the team is transferred to somebody else.".into(),
                )
                .into());
            }
            if !giver.gives().contains(&role) {
                return Err(Refusal::Forbidden.into());
            }
            if member.role == role {
                return Ok(());
            }
            let changed = query!(
                "/* team_member_change */ UPDATE team_members SET role = $3 WHERE team_id = $1 AND user_id = $2",
                team.0,
                user.0,
                role.as_str()
            )
            .execute(scope.connection()?)
            .await?;
            must_touch(&changed, 1)?;
            let target = format!("{} to {role}", member.email);
            scope.audit(Line::new("team.member_change").target(target).team(team).person(user)).await?;
            scope.commit().await
        };
        self.attempt(viewer, "team.member_change", team, change).await
    }

    /// Takes a member out. Their tasks there go to the owner.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] also for somebody who is not in the team, [`Refusal::Forbidden`], [`Refusal::Conflict`] for
    /// the owner.
    pub async fn team_member_remove(&self, viewer: &Viewer, team: TeamId, user: UserId) -> Result<()> {
        let remove = async {
            let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
            scope.team_for(team, TeamAction::Remove).await?;
            let member = scope.member(team, user).await?.ok_or(Refusal::NotFound)?;
            if member.role == Role::Owner {
                return Err(Refusal::Conflict("The owner of a team cannot be removed from it.".into()).into());
            }
            let line = Line::new("team.member_remove").target(member.email).team(team).person(user);
            // Before the viewer may have removed themselves.
            scope.audit(line).await?;
            scope.delete_member(team, user).await?;
            scope.commit().await
        };
        self.attempt(viewer, "team.member_remove", team, remove).await
    }

    /// Takes an invitation back. One that is not there needs no taking back.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Conflict`] for somebody who has joined by now.
    pub async fn team_uninvite(&self, viewer: &Viewer, team: TeamId, email: Email) -> Result<()> {
        let uninvite = async {
            let mut scope = self.scope(viewer, Need::TEAMS_WRITE).await?;
            let account = scope.account_by_email(&email).await?;
            scope.team_for(team, TeamAction::Invite).await?;
            let gone = query!(
                "/* team_invitation_delete */ DELETE FROM team_invitations WHERE team_id = $1 AND email = $2",
                team.0,
                email.as_str()
            )
            .execute(scope.connection()?)
            .await?;
            if gone.rows_affected() > 0 {
                scope.audit(Line::new("team.uninvite").target(email.as_str()).team(team)).await?;
            } else if let Some(user) = account
                && scope.member(team, user).await?.is_some()
            {
                let text = format!("{} has joined the team by now: remove them instead.", email.as_str());
                return Err(Refusal::Conflict(text).into());
            }
            scope.commit().await
        };
        self.attempt(viewer, "team.uninvite", team, uninvite).await
    }
}
