//! What each operation costs is what `docs/performance.md` says.

use crate::support::{PASSWORD, World};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::{cell::Cell, collections::BTreeMap};
use taskwire_backend::{Client, Result, Viewer};
use taskwire_domain::{
    account::Email,
    api_token::{NewApiToken, TokenEnd, TokenScope},
    audit::AuditQuery,
    share::{NewShare, Permission},
    task::{BulkAction, BulkChange, FileFormat, NewTask, Status, TaskChange, TaskQuery},
    team::{NewMember, Role, TeamTexts},
    tool_call::{Outcome, ToolCallQuery, Undo},
};
use tracing::{Event, Subscriber};
use tracing_subscriber::{Layer, layer::Context, prelude::*};
use uuid::Uuid;

thread_local! {
    static ROUND_TRIPS: Cell<usize> = const { Cell::new(0) };
}

/// Counts the statements that sqlx tells of, each thread its own: one for each message to Postgres and its answer.
struct RoundTrips;

impl<S: Subscriber> Layer<S> for RoundTrips {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            ROUND_TRIPS.set(ROUND_TRIPS.get() + 1);
        }
    }
}

/// The table “What a request costs”: each row that begins with what is called, and its number of round trips.
fn documented() -> BTreeMap<String, usize> {
    include_str!("../../../docs/performance.md")
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let (calls, cost) = (cells.next()?, cells.next()?.parse().ok()?);
            Some(calls.split(", ").map(move |call| (call.replace('`', ""), cost)))
        })
        .flatten()
        .collect()
}

struct Costs<'a> {
    world: &'a World,
    documented: BTreeMap<String, usize>,
    ada: Viewer,
    bob: Viewer,
    cleo: Viewer,
}

const NEWCOMER: &str = "eve@example.org";

fn new(title: &str) -> NewTask {
    NewTask::parse(title, "", None).unwrap()
}

fn texts(name: &str) -> TeamTexts {
    TeamTexts::parse(name, "").unwrap()
}

fn newcomer() -> Email {
    Email::parse(NEWCOMER).unwrap()
}

fn member(email: &str) -> NewMember {
    NewMember::parse(email, "member").unwrap()
}

fn share(email: &str, permission: &str) -> NewShare {
    NewShare::parse(email, permission).unwrap()
}

impl Costs<'_> {
    /// Does something, which must cost as many round trips as these calls are documented with.
    async fn of<T>(&mut self, calls: &[&str], operation: impl Future<Output = Result<T>>) -> T {
        // The only connection there is: the end of a reading scope, which nobody waits for, is not counted.
        while self.world.backend.connections().used > 0 {
            tokio::task::yield_now().await;
        }
        let before = ROUND_TRIPS.get();
        let done = operation.await.unwrap_or_else(|error| panic!("{calls:?}: {error}"));
        let cost = ROUND_TRIPS.get() - before;
        for call in calls {
            assert_eq!(self.documented.remove(*call), Some(cost), "{call} cost {cost} round trips");
        }
        done
    }

    async fn tasks(&mut self) {
        let (world, backend) = (self.world, &self.world.backend);
        let (ada, bob, cleo) = (self.ada.clone(), self.bob.clone(), self.cleo.clone());
        let task = self.of(&["task/create"], backend.task_create(&ada, new("mine"))).await.id;
        self.of(&["task/get"], backend.task_get(&ada, task)).await;
        let rewritten = TaskChange::parse(Some("still mine"), None, None, None).unwrap();
        self.of(&["task/update"], backend.task_update(&ada, task, rewritten)).await;
        let completed = TaskChange::status(Status::Completed);
        self.of(&["task/complete", "task/reopen"], backend.task_update(&ada, task, completed)).await;

        let (key, file) = (Uuid::new_v4(), b"title\none\ntwo\n");
        let import = backend.task_import(&ada, key, FileFormat::Csv, file, false);
        self.of(&["many tasks made from a file"], import).await;
        let done = BulkChange::parse(BulkAction::Reopen, vec![task]).unwrap();
        self.of(&["many tasks completed or reopened"], backend.task_bulk(&ada, &done)).await;
        self.of(&["a task toggled"], backend.task_toggle(&ada, task, None)).await;
        self.of(&["share/give"], backend.share_give(&ada, task, share("bob@example.org", "view"))).await;
        let invitation = share(NEWCOMER, "view");
        self.of(&["share/give to an address"], backend.share_give(&ada, task, invitation)).await;
        self.of(&["share/change"], backend.share_change(&ada, task, share("bob@example.org", "edit"))).await;
        self.of(&["share/list"], backend.share_list(&ada, task)).await;
        self.of(&["share/by_me"], backend.share_by_me(&ada, None)).await;
        self.of(&["share/uninvite"], backend.share_uninvite(&ada, task, newcomer())).await;
        world.share(&ada, task, &cleo, Permission::View).await;
        self.of(&["share/decline"], backend.share_decline(&bob, task)).await;
        self.of(&["share/revoke"], backend.share_revoke(&ada, task, cleo.user_id)).await;
        let other = world.task(&ada, "to go").await.id;
        let gone = BulkChange::parse(BulkAction::Delete, vec![other]).unwrap();
        self.of(&["many tasks deleted"], backend.task_bulk(&ada, &gone)).await;
        self.of(&["task/delete"], backend.task_delete(&ada, task, None)).await;
        self.of(&["task/deleted"], backend.task_deleted(&ada, task)).await;
        self.of(&["task/restore"], backend.task_restore(&ada, task)).await;
    }

    async fn teams(&mut self) {
        let (world, backend) = (self.world, &self.world.backend);
        let (ada, bob, cleo) = (self.ada.clone(), self.bob.clone(), self.cleo.clone());
        let team = self.of(&["team/create"], backend.team_create(&ada, texts("Crew"))).await.id;
        self.of(&["team/add_member"], backend.team_member_add(&ada, team, member("bob@example.org"))).await;
        self.of(&["team/add_member of an address"], backend.team_member_add(&ada, team, member(NEWCOMER))).await;
        self.of(&["team/uninvite"], backend.team_uninvite(&ada, team, newcomer())).await;
        let admin = backend.team_member_change(&ada, team, bob.user_id, Role::Admin);
        self.of(&["team/change_member"], admin).await;
        self.of(&["task/create in a team"], backend.task_create(&bob, new("ours").in_team(Some(team)))).await;
        self.of(&["team/list"], backend.team_list(&ada)).await;
        self.of(&["team/get"], backend.team_get(&ada, team)).await;
        self.of(&["team/update"], backend.team_update(&ada, team, texts("Crew of two"), None)).await;
        self.of(&["team/transfer"], backend.team_transfer(&ada, team, bob.user_id)).await;
        self.of(&["team/leave"], backend.team_leave(&ada, team)).await;
        world.join(&bob, team, &cleo, Role::Viewer).await;
        self.of(&["team/remove_member"], backend.team_member_remove(&bob, team, cleo.user_id)).await;
        self.of(&["team/delete"], backend.team_delete(&bob, team, None)).await;
    }

    async fn agents(&mut self) {
        let (world, backend) = (self.world, &self.world.backend);
        let ada = self.ada.clone();
        let call = |tool| backend.call(ada.clone(), "agent", tool, "{}".to_owned());
        let task = world.task(&ada, "before").await.id;
        let (reading, changing) = (call("get_task"), call("update_task"));
        backend.task_get(&reading, task).await.unwrap();
        self.of(&["what a tool adds that changed nothing"], reading.end_call(backend, Outcome::Done, None)).await;
        let rewritten = TaskChange::parse(Some("after"), None, None, None).unwrap();
        self.of(&["a task changed by a tool"], backend.task_update(&changing, task, rewritten)).await;
        let names = ["after".to_owned(), "nothing".to_owned()];
        self.of(&["any number of tasks by their names"], backend.task_find(&ada, &[task], &names)).await;
        self.of(&["tool_call/list"], backend.tool_call_list(&ada, ToolCallQuery::default())).await;
        let undo = Undo::Call(changing.call.as_ref().unwrap().id());
        let undone = self.of(&["tool_call/undo"], backend.tool_call_undo(&ada, &undo)).await;
        assert_eq!(undone.undone.len(), 1);
    }

    async fn the_rest(&mut self) {
        let backend = &self.world.backend;
        let ada = self.ada.clone();
        self.of(&["task/list"], backend.task_list(&ada, &TaskQuery::default())).await;
        self.of(&["dashboard/read"], backend.dashboard_read(&ada, None)).await;
        self.of(&["audit/list"], backend.audit_list(&ada, AuditQuery::default())).await;
        self.of(&["session/list"], backend.session_list(&ada)).await;
        let new = NewApiToken::parse("Robot", TokenScope::ALL, TokenEnd::Never).unwrap();
        let made = self.of(&["token/create"], backend.token_create(&ada, new)).await;
        self.of(&["token/list"], backend.token_list(&ada)).await;
        let secret = made.secret.expose_secret();
        self.of(&["an API token"], backend.authenticate(secret, Client::default())).await;
        self.of(&["token/revoke"], backend.token_revoke(&ada, made.token.id)).await;
        self.of(&["account/get"], backend.account_get(&ada)).await;
        let client = Client::default();
        self.of(&["account/sign_in"], backend.account_sign_in(&client, "ada@example.org", PASSWORD)).await;
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_operation_costs_the_documented_round_trips(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::with(options, |settings| settings.max_connections = 1).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    // For all threads: one that hears nothing, of another test, could turn off what it is the first to tell.
    tracing_subscriber::registry().with(RoundTrips).init();
    let mut costs = Costs { world: &world, documented: documented(), ada, bob, cleo };
    costs.tasks().await;
    costs.teams().await;
    costs.agents().await;
    costs.the_rest().await;
    assert_eq!(costs.documented, BTreeMap::new(), "documented without being counted");
}
