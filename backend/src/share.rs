//! Sharing one task with one person (requirement S3).

use crate::{Backend, Result, Viewer, audit::Line, scope::Scope, viewer::Need};
use sqlx::{query, query_scalar};
use std::collections::BTreeMap;
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId, UserId,
    account::Email,
    rights::TaskAction,
    share::{NewShare, Permission, SHARES_MAX, Share, SharedTask, SharedTaskPage},
    task::{PAGE_SIZE, Status, Task},
    team::Added,
};

impl Scope {
    /// Whom each of these tasks is shared with: those who have an account by name, then those invited, by address. A
    /// task that is not the viewer's to share comes with nobody.
    pub(crate) async fn shares(&mut self, tasks: &[i64]) -> Result<BTreeMap<TaskId, Vec<Share>>> {
        let rows = query!(
            r#"/* share_list */ SELECT share.task_id AS "task_id!", share.user_id AS "user_id?", person.name AS "name!",
                      person.email AS "email!", share.permission AS "permission!", share.created_at AS "created_at!"
               FROM task_shares share JOIN users person ON person.id = share.user_id
               WHERE share.task_id = ANY ($1) AND app_may_share(share.task_id)
               UNION ALL
               SELECT task_id, NULL, '', email, permission, created_at FROM share_invitations WHERE task_id = ANY ($1)
               ORDER BY 3, 4"#,
            tasks
        )
        .fetch_all(self.connection()?)
        .await?;
        let mut shares = BTreeMap::<TaskId, Vec<Share>>::new();
        for row in rows {
            shares.entry(TaskId(row.task_id)).or_default().push(Share {
                user_id: row.user_id.map(UserId),
                name: row.name,
                email: row.email,
                // The column's check allows no third word.
                permission: row.permission.parse().unwrap_or(Permission::View),
                created_at: row.created_at,
            });
        }
        // Names are sorted; those who have none yet come last.
        for people in shares.values_mut() {
            people.sort_by_key(|share| share.user_id.is_none());
        }
        Ok(shares)
    }

    /// A task that the viewer may share, and whose this address is, both locked: in the order of a sign-up, which takes
    /// its address and then the tasks that were offered to it.
    async fn task_to_share(&mut self, id: TaskId, email: &Email) -> Result<(Task, Option<UserId>)> {
        let account = self.account_by_email(email).await?;
        self.lock_tasks(&[id]).await?;
        Ok((self.task_for(id, TaskAction::Share).await?, account))
    }

    /// Shares a task: [`Backend::share_give`] within a scope.
    pub(crate) async fn give_share(&mut self, id: TaskId, new: NewShare) -> Result<Added> {
        // The task's lock makes the limit hold for those who share it at once.
        let email = self.address_of(new.whom).await?;
        let (task, account) = self.task_to_share(id, &email).await?;
        let email = email.as_str();
        if let Some(user) = account {
            let standing = query!(
                r#"/* share_standing */ SELECT
                       EXISTS (SELECT FROM task_shares WHERE task_id = $1 AND user_id = $3) AS "shared!",
                       EXISTS (SELECT FROM team_members WHERE team_id = $2 AND user_id = $3) AS "in_team!""#,
                id.0,
                task.team_id.map(|team| team.0),
                user.0
            )
            .fetch_one(self.connection()?)
            .await?;
            // A share from before somebody joined the team is there to be changed, like any other.
            if !standing.shared && user == self.viewer.user_id {
                return Err(Refusal::Conflict("This is your own address: you have the task already.".into()).into());
            }
            if !standing.shared && standing.in_team {
                let text = format!("{email} is in the task's team and sees it already.");
                return Err(Refusal::Conflict(text).into());
            }
        }
        let others = query_scalar!(
            r#"/* share_count */ SELECT
                   (SELECT count(*) FROM task_shares WHERE task_id = $1 AND user_id IS DISTINCT FROM $2)
                   + (SELECT count(*) FROM share_invitations WHERE task_id = $1 AND email <> $3) AS "others!""#,
            id.0,
            account.map(|user| user.0),
            email
        )
        .fetch_one(self.connection()?)
        .await?;
        if others >= SHARES_MAX {
            return Err(Refusal::Conflict(format!("A task is shared with at most {SHARES_MAX} people.")).into());
        }
        let (now, permission) = (self.now, new.permission.as_str());
        let target = format!("{} with {email} to {permission}", task.title);
        let (given, line, added) = match account {
            Some(user) => (
                query!(
                    "/* share_insert */ INSERT INTO task_shares AS share
                         (task_id, owner_id, user_id, permission, created_at)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (task_id, user_id) DO UPDATE SET permission = excluded.permission
                     WHERE share.permission <> excluded.permission",
                    id.0,
                    task.user_id.0,
                    user.0,
                    permission,
                    now
                ),
                line("share.give", target, task.team_id).person(user),
                Added::Now,
            ),
            None => (
                query!(
                    "/* share_invitation_insert */ INSERT INTO share_invitations AS offer
                         (task_id, owner_id, email, permission, created_at)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (task_id, email) DO UPDATE SET permission = excluded.permission
                     WHERE offer.permission <> excluded.permission",
                    id.0,
                    task.user_id.0,
                    email,
                    permission,
                    now
                ),
                line("share.invite", target, task.team_id),
                Added::Invited,
            ),
        };
        // The same form again has nothing to tell.
        if given.execute(self.connection()?).await?.rows_affected() > 0 {
            self.audit(line).await?;
        }
        Ok(added)
    }

    /// Takes a share back: [`Backend::share_revoke`] within a scope.
    pub(crate) async fn revoke_share(&mut self, task: TaskId, user: UserId) -> Result<()> {
        // Whoever deletes the task at this moment would keep the share, to come back with it.
        self.lock_tasks(&[task]).await?;
        let Task { title, team_id, .. } = self.task_for(task, TaskAction::Share).await?;
        // While the share still makes them known to each other.
        let email = self.email_of(user).await?;
        let gone =
            query!("/* share_delete */ DELETE FROM task_shares WHERE task_id = $1 AND user_id = $2", task.0, user.0)
                .execute(self.connection()?)
                .await?;
        if gone.rows_affected() > 0 {
            let target = format!("{title} from {}", email.unwrap_or_default());
            self.audit(line("share.revoke", target, team_id).person(user)).await?;
        }
        Ok(())
    }

    /// Takes an invitation back: [`Backend::share_uninvite`] within a scope.
    pub(crate) async fn uninvite(&mut self, task: TaskId, email: &Email) -> Result<()> {
        let (Task { title, team_id, .. }, account) = self.task_to_share(task, email).await?;
        let gone = query!(
            "/* share_invitation_delete */ DELETE FROM share_invitations WHERE task_id = $1 AND email = $2",
            task.0,
            email.as_str()
        )
        .execute(self.connection()?)
        .await?;
        if gone.rows_affected() > 0 {
            self.audit(line("share.uninvite", format!("{title} from {}", email.as_str()), team_id)).await?;
        } else {
            let has = query_scalar!(
                r#"/* share_of_account */ SELECT
                       EXISTS (SELECT FROM task_shares WHERE task_id = $1 AND user_id = $2) AS "has!""#,
                task.0,
                account.map(|user| user.0)
            )
            .fetch_one(self.connection()?)
            .await?;
            if has {
                let text = format!("{} has signed up and has the task: revoke their share instead.", email.as_str());
                return Err(Refusal::Conflict(text).into());
            }
        }
        Ok(())
    }
}

impl Backend {
    /// Whom a task is shared with: those who have an account by name, then those invited, by address.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`].
    pub async fn share_list(&self, viewer: &Viewer, task: TaskId) -> Result<Vec<Share>> {
        let read = async {
            let mut scope = self.reading(viewer, Need::TASKS_READ).await?;
            scope.task_for(task, TaskAction::Share).await?;
            Ok(scope.shares(&[task.0]).await?.remove(&task).unwrap_or_default())
        };
        self.attempt(viewer, "share.list", task, read).await
    }

    /// Shares a task with whoever has this address, now or once they sign up. Whoever has a share of it already has
    /// this one from now on.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Conflict`] for somebody who has the task without a
    /// share, and for too many shares, [`Refusal::Invalid`] for an account that the viewer does not know.
    pub async fn share_give(&self, viewer: &Viewer, task: TaskId, new: NewShare) -> Result<Added> {
        self.attempt(viewer, "share.give", task, self.give_share(viewer, task, new)).await
    }

    async fn give_share(&self, viewer: &Viewer, id: TaskId, new: NewShare) -> Result<Added> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let added = scope.give_share(id, new).await?;
        scope.commit().await?;
        Ok(added)
    }

    /// Changes what somebody may do with a task that is shared with them, or will be once they sign up. What they may
    /// already they may still, so asking twice does no harm.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Conflict`] for somebody without a share: one that was
    /// taken back meanwhile stays so.
    pub async fn share_change(&self, viewer: &Viewer, task: TaskId, share: NewShare) -> Result<()> {
        self.attempt(viewer, "share.change", task, self.change_share(viewer, task, share)).await
    }

    async fn change_share(&self, viewer: &Viewer, id: TaskId, share: NewShare) -> Result<()> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let email = scope.address_of(share.whom).await?;
        let (task, account) = scope.task_to_share(id, &email).await?;
        let (email, permission) = (email.as_str(), share.permission.as_str());
        let changed = match account {
            Some(user) => query!(
                "/* share_change */ UPDATE task_shares SET permission = $3
                 WHERE task_id = $1 AND user_id = $2 AND permission <> $3",
                id.0,
                user.0,
                permission
            ),
            None => query!(
                "/* share_invitation_change */ UPDATE share_invitations SET permission = $3
                 WHERE task_id = $1 AND email = $2 AND permission <> $3",
                id.0,
                email,
                permission
            ),
        };
        if changed.execute(scope.connection()?).await?.rows_affected() == 0 {
            let shared = query_scalar!(
                r#"/* share_exists */ SELECT EXISTS (SELECT FROM task_shares WHERE task_id = $1 AND user_id = $2)
                       OR EXISTS (SELECT FROM share_invitations WHERE task_id = $1 AND email = $3) AS "shared!""#,
                id.0,
                account.map(|user| user.0),
                email
            )
            .fetch_one(scope.connection()?)
            .await?;
            if shared {
                return scope.commit().await;
            }
            return Err(Refusal::Conflict(format!("This task is not shared with {email}.")).into());
        }
        let line = line("share.change", format!("{} with {email} to {permission}", task.title), task.team_id);
        let line = match account {
            Some(user) => line.person(user),
            None => line,
        };
        scope.audit(line).await?;
        scope.commit().await
    }

    /// Takes a share back. One that is not there needs no taking back.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`].
    pub async fn share_revoke(&self, viewer: &Viewer, task: TaskId, user: UserId) -> Result<()> {
        let revoke = async {
            let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
            scope.revoke_share(task, user).await?;
            scope.commit().await
        };
        self.attempt(viewer, "share.revoke", task, revoke).await
    }

    /// Gives back the viewer's own share of a task that they see. One that is not there needs no giving back.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], also for a task that was deleted at this moment, with which the share would come back;
    /// [`Refusal::Stale`] for a share that was given anew twice at this moment.
    pub async fn share_decline(&self, viewer: &Viewer, task: TaskId) -> Result<()> {
        self.attempt(viewer, "share.decline", task, self.decline_share(viewer, task)).await
    }

    async fn decline_share(&self, viewer: &Viewer, id: TaskId) -> Result<()> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let user = scope.user();
        // Whoever is in the team must still be in it when the line is written into its log.
        let held = scope.hold_teams_of(&[id]).await?.pop();
        let task = scope.task_for(id, TaskAction::View).await?;
        let team = task.team_id.filter(|team| held == Some(*team));
        // Once more, where the share is given anew between the two statements: the task is not the viewer's to lock.
        for _ in 0..2 {
            let owner = query_scalar!(
                "/* share_decline */ DELETE FROM task_shares WHERE task_id = $1 AND user_id = $2 RETURNING owner_id",
                id.0,
                user
            )
            .fetch_optional(scope.connection()?)
            .await?;
            if let Some(owner) = owner {
                scope.audit(line("share.decline", task.title, team).person(UserId(owner))).await?;
                return scope.commit().await;
            }
            let left = query!(
                r#"/* share_decline_check */ SELECT
                       EXISTS (SELECT FROM task_shares WHERE task_id = $1 AND user_id = $2) AS "there!",
                       app_share_is_kept($1) AS "deleted!""#,
                id.0,
                user
            )
            .fetch_one(scope.connection()?)
            .await?;
            if left.deleted {
                return Err(Refusal::NotFound.into());
            }
            if !left.there {
                return scope.commit().await;
            }
        }
        Err(Refusal::Stale.into())
    }

    /// Takes back a share that waits for somebody to sign up. One that is not there needs no taking back.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::Conflict`] for somebody who has signed up and has it.
    pub async fn share_uninvite(&self, viewer: &Viewer, task: TaskId, email: Email) -> Result<()> {
        let uninvite = async {
            let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
            scope.uninvite(task, &email).await?;
            scope.commit().await
        };
        self.attempt(viewer, "share.uninvite", task, uninvite).await
    }

    /// One page of the viewer's own tasks that others have, newest first, below the task `before`.
    pub async fn share_by_me(&self, viewer: &Viewer, before: Option<TaskId>) -> Result<SharedTaskPage> {
        let mut scope = self.reading(viewer, Need::TASKS_READ).await?;
        let user = scope.user();
        let limit = i64::from(PAGE_SIZE);
        // One more than the page shows whether there is a next one.
        let rows = query!(
            r#"/* share_by_me */ SELECT task.id, task.title, task.status
               FROM (
                   (SELECT DISTINCT task_id FROM task_shares WHERE owner_id = $1 AND task_id < $2
                    ORDER BY task_id DESC LIMIT $3)
                   UNION
                   (SELECT DISTINCT task_id FROM share_invitations WHERE owner_id = $1 AND task_id < $2
                    ORDER BY task_id DESC LIMIT $3)
               ) shared JOIN tasks task ON task.id = shared.task_id
               ORDER BY task.id DESC LIMIT $3"#,
            user,
            before.map_or(i64::MAX, |task| task.0),
            limit + 1
        )
        .fetch_all(scope.connection()?)
        .await?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > page;
        let ids: Vec<i64> = rows.iter().take(page).map(|row| row.id).collect();
        let mut shares = scope.shares(&ids).await?;
        let tasks: Vec<SharedTask> = rows
            .into_iter()
            .take(page)
            .map(|row| SharedTask {
                id: TaskId(row.id),
                title: row.title,
                status: row.status.parse().unwrap_or(Status::Pending),
                shares: shares.remove(&TaskId(row.id)).unwrap_or_default(),
            })
            .collect();
        let next = tasks.last().filter(|_| more).map(|task| task.id);
        Ok(SharedTaskPage { tasks, next })
    }
}

/// A line about a share, also in the log of the team that its task is in.
fn line(action: &str, target: String, team: Option<TeamId>) -> Line<'_> {
    let line = Line::new(action).target(target);
    match team {
        Some(team) => line.team(team),
        None => line,
    }
}
