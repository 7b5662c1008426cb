//! A society by chance: people, teams in which they have roles, tasks alone and in teams, shares and invitations. Every
//! text bears a marker that stands in no other.

use super::{
    attempts::{Attempt, PASSWORD},
    doors::Outcome,
    truth::{Reading, Truth},
};
use crate::support::{App, browser::Browser};
use axum::http::StatusCode;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use taskwire_backend::{Client, Viewer};
use taskwire_domain::{TeamId, UserId, rights::TeamAction, share::Permission, task::Status, team::Role};

/// Somebody with a browser, and a second session elsewhere.
pub struct Person {
    pub browser: Browser,
    pub viewer: Viewer,
}

pub struct Society {
    pub app: App,
    pub people: Vec<Person>,
    pub random: StdRng,
    /// Past row-level security.
    pub database: PgConnection,
    pub reading: Reading,
    marked: usize,
}

/// Whom the owner takes into each team. Later a member of the first becomes a viewer, the one who is left out of it
/// joins, and somebody joins the last as a member.
const GIVEN: [&[Role]; 3] = [
    &[Role::Admin, Role::Member, Role::Member],
    &[Role::Admin, Role::Member, Role::Viewer],
    &[Role::Admin, Role::Viewer],
];

impl Society {
    pub async fn random(db: PgConnectOptions, seed: u64) -> Self {
        let mut database = db.connect().await.unwrap();
        let app = App::on(db).await;
        let reading = Reading::of(&mut database).await;
        let (people, random) = (Vec::new(), StdRng::seed_from_u64(seed));
        let mut society = Self { app, people, random, database, reading, marked: 0 };
        for _ in 0..5 {
            let email = society.mark("person") + "@example.org";
            society.sign_up(&email).await;
        }
        let teams = society.found_teams().await;
        for who in 0..5 {
            society.make_tasks(who).await;
        }
        society.late_comer(teams[2]).await;
        society.make_tasks(5).await;
        society.share().await;
        society.change_roles(&teams).await;
        society.finish_tasks().await;
        society
    }

    /// What is so now.
    pub async fn truth(&mut self) -> Truth {
        Truth::read(&mut self.database, &self.reading).await
    }

    /// A text that nobody has yet.
    pub fn mark(&mut self, kind: &str) -> String {
        self.marked += 1;
        format!("secret-{kind}-{}", self.marked)
    }

    /// What somebody does, and may do.
    async fn does(&self, who: usize, attempt: Attempt) -> Value {
        let (outcome, value) = attempt.through_backend(&self.app.backend, &self.people[who].viewer).await;
        assert_eq!(outcome, Outcome::Done, "{attempt:?}: {value}");
        value
    }

    async fn sign_up(&mut self, email: &str) {
        let name = email.trim_end_matches("@example.org");
        let agent = name.replace("person", "agent");
        let mut browser = self.app.browser().with("user-agent", &agent);
        let fields = [("email", email), ("password", PASSWORD), ("name", name)];
        assert_eq!(browser.call("/rpc/account/sign_up", &fields).await.status, StatusCode::OK);
        let client = Client { user_agent: Some(agent.into()), ..Client::default() };
        self.app.backend.account_sign_in(&client, email, PASSWORD).await.unwrap();
        let viewer = self.app.backend.viewer(browser.token(), client).unwrap();
        // Reading changes nothing, so there is nothing to undo.
        let call = "INSERT INTO tool_calls VALUES (gen_random_uuid(), $1, NULL, $2, 'list_tasks', '{}', 'done', NULL, now(), 1000, false)";
        let client = self.mark("client");
        sqlx::query(call).bind(viewer.user_id.0).bind(client).execute(&mut self.database).await.unwrap();
        self.people.push(Person { browser, viewer });
    }

    async fn found_teams(&mut self) -> Vec<TeamId> {
        let mut teams = Vec::new();
        for roles in GIVEN {
            let mut order: Vec<usize> = (0..5).collect();
            order.shuffle(&mut self.random);
            let name = self.mark("team");
            let id = id(&self.does(order[0], Attempt::TeamCreate { name }).await);
            for (who, role) in order[1..].iter().zip(roles) {
                let email = self.email(*who).await;
                self.does(order[0], Attempt::MemberAdd { id, email, role: *role }).await;
            }
            let email = self.mark("guest") + "@example.org";
            self.does(order[0], Attempt::MemberAdd { id, email, role: Role::Member }).await;
            teams.push(id);
        }
        teams
    }

    /// One alone, and one in each team where they may.
    async fn make_tasks(&mut self, who: usize) {
        let (truth, me) = (self.truth().await, self.people[who].viewer.user_id);
        let teams = truth.teams.iter().filter(|team| truth.may_in(me, team.id, TeamAction::CreateTask));
        for team in [None].into_iter().chain(teams.map(|team| Some(team.id))) {
            let title = self.mark("task");
            self.does(who, Attempt::TaskCreate { title, team }).await;
        }
    }

    /// Somebody signs up in the place of whoever is gone.
    pub async fn replace(&mut self, who: usize) {
        let teams = self.truth().await.teams;
        let team = teams[self.random.random_range(0..teams.len())].id;
        self.late_comer(team).await;
        self.people.swap_remove(who);
        self.make_tasks(who).await;
    }

    /// Somebody signs up who was invited to a team and to a task.
    async fn late_comer(&mut self, team: TeamId) {
        let email = self.mark("person") + "@example.org";
        let owner = self.owner_of(team).await;
        self.does(owner, Attempt::MemberAdd { id: team, email: email.clone(), role: Role::Member }).await;
        let truth = self.truth().await;
        let task = truth.tasks.iter().find(|task| task.team_id.is_none()).unwrap();
        let give = Attempt::ShareGive { id: task.id, email: email.clone(), permission: Permission::Edit };
        self.does(self.at(task.user_id), give).await;
        self.sign_up(&email).await;
    }

    /// With some of those who have no other way to a task, and with some who have yet to sign up.
    async fn share(&mut self) {
        let truth = self.truth().await;
        for task in &truth.tasks {
            let outside = |user| task.team_id.is_none_or(|team| truth.role(team, user).is_none());
            for user in truth.users.iter().filter(|user| user.id != task.user_id && outside(user.id)) {
                if self.random.random_ratio(1, 3) {
                    let permission = if self.random.random() { Permission::View } else { Permission::Edit };
                    let give = Attempt::ShareGive { id: task.id, email: user.email.clone(), permission };
                    self.does(self.at(task.user_id), give).await;
                }
            }
            if self.random.random_ratio(1, 3) {
                let email = self.mark("guest") + "@example.org";
                let give = Attempt::ShareGive { id: task.id, email, permission: Permission::View };
                self.does(self.at(task.user_id), give).await;
            }
        }
    }

    /// Somebody who has a share of a team's task joins the team, and somebody who has tasks in it may now only look on.
    async fn change_roles(&mut self, teams: &[TeamId]) {
        let (truth, id) = (self.truth().await, teams[0]);
        let owner = self.owner_of(id).await;
        let task = truth.tasks.iter().find(|task| task.team_id == Some(id)).unwrap();
        let joins = truth.users.iter().find(|user| truth.role(id, user.id).is_none()).unwrap();
        let email = joins.email.clone();
        let give = Attempt::ShareGive { id: task.id, email: email.clone(), permission: Permission::Edit };
        self.does(owner, give).await;
        self.does(owner, Attempt::MemberAdd { id, email, role: Role::Viewer }).await;
        let member = truth.team_members.iter().find(|row| row.team_id == id && row.role == Role::Member).unwrap();
        self.does(owner, Attempt::MemberChange { id, user: member.user_id, role: Role::Viewer }).await;
    }

    /// Some are completed; of the last ones alone and in teams, some are deleted.
    async fn finish_tasks(&mut self) {
        let truth = self.truth().await;
        for task in &truth.tasks {
            let who = match task.team_id {
                Some(team) => self.owner_of(team).await,
                None => self.at(task.user_id),
            };
            if self.random.random_ratio(1, 3) {
                self.does(who, Attempt::TaskStatus { id: task.id, status: Status::Completed }).await;
            }
            if self.random.random_ratio(1, 4) {
                self.does(who, Attempt::TaskDelete { id: task.id }).await;
            }
        }
    }

    /// What agents did in the benches is compared with what is so; that they did it is not.
    pub async fn forget_calls_of(&mut self, client: &str) {
        sqlx::query("DELETE FROM tool_calls WHERE client = $1").bind(client).execute(&mut self.database).await.unwrap();
    }

    async fn email(&mut self, who: usize) -> String {
        let truth = self.truth().await;
        truth.user(self.people[who].viewer.user_id).unwrap().email.clone()
    }

    async fn owner_of(&mut self, team: TeamId) -> usize {
        let truth = self.truth().await;
        self.at(truth.owner(team).unwrap())
    }

    /// Where somebody stands among the people.
    fn at(&self, user: UserId) -> usize {
        self.people.iter().position(|person| person.viewer.user_id == user).unwrap()
    }
}

fn id<T: DeserializeOwned>(made: &Value) -> T {
    serde_json::from_value(made["id"].clone()).unwrap()
}
