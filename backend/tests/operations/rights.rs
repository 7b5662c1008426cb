//! The table of rights in `domain/src/rights.rs` and the database's policies say the same (requirements S2, S3, I1): in
//! random worlds, whatever SQL a viewer's connection runs gets through exactly where the table allows it.

use crate::support::{World, as_viewer, try_sql};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::{
    PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::collections::{BTreeMap, BTreeSet};
use taskwire_backend::Viewer;
use taskwire_domain::{
    TeamId, UserId,
    rights::{TaskAction, TeamAction},
    share::Permission,
    task::{Access, Task},
    team::Role,
};

/// People, two teams in which they have roles, and tasks of everybody's: alone, in the teams, and shared.
struct Society {
    people: Vec<Viewer>,
    /// Somebody who has nothing to do with any of it.
    outsider: Viewer,
    teams: Vec<TeamId>,
    roles: BTreeMap<(TeamId, UserId), Role>,
    tasks: Vec<(Task, Option<TeamId>)>,
    shares: BTreeMap<(i64, UserId), Permission>,
}

const NAMES: [&str; 7] = ["Ada", "Bob", "Cleo", "Dan", "Eve", "Fay", "Gus"];

impl Society {
    async fn random(world: &World, seed: u64) -> Self {
        let random = &mut StdRng::seed_from_u64(seed);
        let mut people = Vec::new();
        for name in NAMES {
            people.push(world.person(&format!("{name}{seed}")).await);
        }
        let outsider = world.person(&format!("Zoe{seed}")).await;
        let (mut teams, mut roles, mut tasks) = (Vec::new(), BTreeMap::new(), Vec::new());
        for n in 0..2 {
            let owner = random.random_range(0..people.len());
            // Each other role is there; who has it, and who is outside, is chance.
            let mut order: Vec<usize> = (0..people.len()).filter(|person| *person != owner).collect();
            for at in (1..order.len()).rev() {
                order.swap(at, random.random_range(0..=at));
            }
            let given = [Role::Admin, Role::Admin, Role::Member, Role::Member, Role::Viewer];
            let members: Vec<_> = order.iter().map(|person| &people[*person]).zip(given).collect();
            let team = world.team(&people[owner], &format!("Team {n} of {seed}"), &members).await;
            roles.insert((team, people[owner].user_id), Role::Owner);
            roles.extend(members.iter().map(|(person, role)| ((team, person.user_id), *role)));
            // A line in the team's log that is nobody's own.
            assert!(world.backend.team_get(&outsider, team).await.is_err());
            teams.push(team);
        }
        for person in &people {
            tasks.push((world.task(person, "alone").await, None));
            for team in &teams {
                if roles.get(&(*team, person.user_id)).is_some_and(|role| role.may(TeamAction::CreateTask)) {
                    tasks.push((world.team_task(person, *team, "in the team").await, Some(*team)));
                }
            }
        }
        let mut society = Self { people, outsider, teams, roles, tasks, shares: BTreeMap::new() };
        society.share(world, random).await;
        society.demote(world, random).await;
        society
    }

    /// Shares with whoever has no other way to the task, and then takes some of them into the team.
    async fn share(&mut self, world: &World, random: &mut StdRng) {
        for (task, team) in &self.tasks {
            let owner = self.person(task.user_id).clone();
            for person in &self.people {
                let outside = team.is_none_or(|team| !self.roles.contains_key(&(team, person.user_id)));
                if person.user_id == task.user_id || !outside || random.random_ratio(1, 2) {
                    continue;
                }
                let permission = if random.random() { Permission::View } else { Permission::Edit };
                world.share(&owner, task.id, person, permission).await;
                self.shares.insert((task.id.0, person.user_id), permission);
            }
        }
        let team = self.teams[0];
        let newcomer = self.people.iter().find(|person| !self.roles.contains_key(&(team, person.user_id)));
        let newcomer = newcomer.unwrap().clone();
        world.join(self.owner(team), team, &newcomer, Role::Viewer).await;
        self.roles.insert((team, newcomer.user_id), Role::Viewer);
    }

    /// Somebody who has tasks in a team may now only look on.
    async fn demote(&mut self, world: &World, random: &mut StdRng) {
        let team = self.teams[random.random_range(0..2)];
        let found = self.roles.iter().find(|((of, _), role)| *of == team && **role == Role::Member);
        let user = found.unwrap().0.1;
        world.backend.team_member_change(self.owner(team), team, user, Role::Viewer).await.unwrap();
        self.roles.insert((team, user), Role::Viewer);
    }

    fn person(&self, user: UserId) -> &Viewer {
        self.people.iter().find(|person| person.user_id == user).unwrap()
    }

    fn owner(&self, team: TeamId) -> &Viewer {
        let found = self.roles.iter().find(|((of, _), role)| *of == team && **role == Role::Owner);
        self.person(found.unwrap().0.1)
    }

    fn role(&self, team: TeamId, user: UserId) -> Option<Role> {
        self.roles.get(&(team, user)).copied()
    }
}

/// Whether the statement does something to at least one row, and every constraint still holds.
async fn passes(connection: &mut PgConnection, sql: &str) -> bool {
    try_sql(connection, sql).await.is_ok_and(|rows| rows > 0)
}

/// Without any filter, a viewer's connection reads the rows that the table says, and not one more.
async fn assert_reads_only_what_is_allowed(world: &World, society: &Society) {
    for viewer in &society.people {
        let me = viewer.user_id;
        let mut connection = as_viewer(world, viewer).await;
        let mut read = async |sql: &'static str| -> BTreeSet<String> {
            sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap().into_iter().collect()
        };
        let sees = |(task, team): &(Task, Option<TeamId>)| {
            let share = society.shares.get(&(task.id.0, me)).copied();
            let role = team.and_then(|team| society.role(team, me));
            Access::of(task.user_id == me, team.is_some(), role, share)
        };
        let shares_it = |task: &i64| {
            let found = society.tasks.iter().find(|(known, _)| known.id.0 == *task).unwrap();
            sees(found).is_some_and(|access| access.may(TaskAction::Share, found.0.user_id == me))
        };
        let in_team = |team: &TeamId| society.role(*team, me).is_some();

        let tasks = society.tasks.iter().filter(|task| sees(task).is_some()).map(|(task, _)| task.id.to_string());
        assert_eq!(read("SELECT id::text FROM tasks").await, tasks.collect(), "tasks");
        let teams = society.teams.iter().filter(|team| in_team(team)).map(TeamId::to_string);
        assert_eq!(read("SELECT id::text FROM teams").await, teams.collect(), "teams");
        let members =
            society.roles.keys().filter(|(team, _)| in_team(team)).map(|(team, user)| format!("{team} {user}"));
        assert_eq!(read("SELECT team_id || ' ' || user_id FROM team_members").await, members.collect(), "members");
        let shares = society.shares.keys().filter(|(task, user)| *user == me || shares_it(task));
        let shares = shares.map(|(task, user)| format!("{task} {user}")).collect();
        assert_eq!(read("SELECT task_id || ' ' || user_id FROM task_shares").await, shares, "shares");
        let mut known = BTreeSet::from([me.to_string()]);
        known.extend(society.roles.keys().filter(|(team, _)| in_team(team)).map(|(_, user)| user.to_string()));
        for (task, user) in society.shares.keys() {
            let owner = society.tasks.iter().find(|(known, _)| known.id.0 == *task).unwrap().0.user_id;
            if *user == me {
                known.insert(owner.to_string());
            }
            if owner == me || shares_it(task) {
                known.insert(user.to_string());
            }
        }
        assert_eq!(read("SELECT id::text FROM users").await, known, "people");
        let own = BTreeSet::from([me.to_string()]);
        for counters in ["SELECT user_id::text FROM user_counters", "SELECT user_id::text FROM share_counters"] {
            assert_eq!(read(counters).await, own, "{counters}");
        }
    }
}

/// What differs from the table, over all viewers, things and actions of one world.
async fn differences(world: &World, society: &Society, seen: &mut BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for viewer in &society.people {
        let connection = &mut as_viewer(world, viewer).await;
        let me = viewer.user_id;
        for (task, team) in &society.tasks {
            let own = task.user_id == me;
            let share = society.shares.get(&(task.id.0, me)).copied();
            let role = team.and_then(|team| society.role(team, me));
            let access = Access::of(own, team.is_some(), role, share);
            for action in TaskAction::ALL {
                let sql = match action {
                    TaskAction::View => format!("SELECT FROM tasks WHERE id = {}", task.id),
                    TaskAction::Edit => format!("UPDATE tasks SET title = 'x' WHERE id = {}", task.id),
                    TaskAction::Delete => format!("DELETE FROM tasks WHERE id = {}", task.id),
                    TaskAction::Share => format!(
                        "INSERT INTO task_shares VALUES ({}, '{}', '{}', 'view', now())",
                        task.id, task.user_id, society.outsider.user_id
                    ),
                };
                let may = access.is_some_and(|access| access.may(*action, own));
                seen.insert(format!("{action:?} {access:?} own: {own} may: {may}"));
                if passes(connection, &sql).await != may {
                    wrong.push(format!("{access:?}, own: {own}, table says {may}: {sql}"));
                }
            }
        }
        for team in &society.teams {
            for (sql, may) in team_statements(society, *team, me, seen) {
                if passes(connection, &sql).await != may {
                    wrong.push(format!("{:?}, table says {may}: {sql}", society.role(*team, me)));
                }
            }
        }
    }
    wrong
}

/// Everything that one may try with a team, and whether the table allows it.
fn team_statements(society: &Society, team: TeamId, me: UserId, seen: &mut BTreeSet<String>) -> Vec<(String, bool)> {
    let role = society.role(team, me);
    let may = |action| role.is_some_and(|role| role.may(action));
    let gives = role.map_or(&[][..], Role::gives);
    let mut statements = Vec::new();
    for action in TeamAction::ALL {
        seen.insert(format!("{action:?} {role:?}"));
        match action {
            TeamAction::View => statements.push((format!("SELECT FROM teams WHERE id = '{team}'"), may(*action))),
            TeamAction::CreateTask => statements.push((
                format!("INSERT INTO tasks (user_id, team_id, title, created_at, updated_at) VALUES ('{me}', '{team}', 'x', now(), now())"),
                may(*action),
            )),
            TeamAction::Edit => {
                statements.push((format!("UPDATE teams SET description = 'x' WHERE id = '{team}'"), may(*action)));
            }
            TeamAction::Invite => {
                for given in Role::ALL {
                    let allowed = may(*action) && gives.contains(given);
                    let values = format!("'{team}', '{}', '{given}', now()", society.outsider.user_id);
                    statements.push((format!("INSERT INTO team_members VALUES ({values})"), allowed));
                    let values = format!("'{team}', 'new@example.org', '{given}', now()");
                    statements.push((format!("INSERT INTO team_invitations VALUES ({values})"), allowed));
                }
            }
            TeamAction::ChangeRole | TeamAction::Remove | TeamAction::Transfer => {
                for ((_, user), theirs) in society.roles.iter().filter(|((of, _), _)| *of == team) {
                    let member = format!("team_id = '{team}' AND user_id = '{user}'");
                    match action {
                        TeamAction::ChangeRole => {
                            for given in Role::ALL {
                                let allowed = may(*action) && *theirs != Role::Owner && gives.contains(given);
                                // The owner's row may be written as it was, which changes nothing.
                                if *theirs == Role::Owner && *given == Role::Owner {
                                    continue;
                                }
                                let set = format!("UPDATE team_members SET role = '{given}' WHERE {member}");
                                statements.push((set, allowed));
                            }
                        }
                        TeamAction::Remove if *user != me => {
                            let allowed = may(*action) && *theirs != Role::Owner;
                            statements.push((format!("DELETE FROM team_members WHERE {member}"), allowed));
                        }
                        TeamAction::Transfer if *user != me => statements.push((
                            format!(
                                "UPDATE team_members SET role = CASE role WHEN 'owner' THEN 'admin' ELSE 'owner' END
                                 WHERE team_id = '{team}' AND (user_id = '{user}' OR role = 'owner')"
                            ),
                            may(*action) && *theirs != Role::Owner,
                        )),
                        _ => {}
                    }
                }
            }
            TeamAction::ReadLog => {
                // What one did oneself stands in one's own log, too.
                let others = format!("SELECT FROM audit_log WHERE team_id = '{team}' AND account_id IS DISTINCT FROM '{me}'");
                statements.push((others, may(*action)));
            }
            TeamAction::Leave => statements.push((
                format!("DELETE FROM team_members WHERE team_id = '{team}' AND user_id = '{me}'"),
                may(*action),
            )),
            TeamAction::Delete => statements.push((format!("DELETE FROM teams WHERE id = '{team}'"), may(*action))),
        }
    }
    statements
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_database_lets_through_what_the_table_allows_and_nothing_else(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let mut seen = BTreeSet::new();
    for seed in 0..4 {
        let society = Society::random(&world, seed).await;
        assert_reads_only_what_is_allowed(&world, &society).await;
        assert_eq!(differences(&world, &society, &mut seen).await, Vec::<String>::new(), "seed {seed}");
    }
    // Every cell of the tables has been tried, and what is nobody's right as well.
    for action in TaskAction::ALL {
        for (access, own) in [
            (Some(Access::Owner), true),
            (Some(Access::Owner), false),
            (Some(Access::Admin), true),
            (Some(Access::Admin), false),
            (Some(Access::Member), true),
            (Some(Access::Member), false),
            (Some(Access::Viewer), true),
            (Some(Access::Viewer), false),
            (Some(Access::Edit), false),
            (Some(Access::View), false),
            (None, false),
        ] {
            let tried = format!("{action:?} {access:?} own: {own}");
            assert!(seen.iter().any(|seen| seen.starts_with(&tried)), "{tried} was not tried");
        }
    }
    for action in TeamAction::ALL {
        for role in Role::ALL.iter().copied().map(Some).chain([None]) {
            assert!(seen.contains(&format!("{action:?} {role:?}")), "{action:?} {role:?} was not tried");
        }
    }
}
