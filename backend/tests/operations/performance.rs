//! Who sees how the server performs (O1), and the plans that they see.

use crate::support::{World, as_viewer, refusal, try_sql};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::{collections::BTreeMap, fs};
use taskwire_backend::{Client, Viewer, administrator_list, administrator_set, performance::Recent};
use taskwire_domain::{
    Error as Refusal,
    account::{Email, NewAccount},
    api_token::{NewApiToken, TokenEnd, TokenScope},
    audit::AuditQuery,
};

async fn administrators(world: &World) -> Vec<String> {
    administrator_list(&world.options).await.unwrap().into_iter().map(|person| person.email).collect()
}

async fn actions(world: &World, viewer: &Viewer) -> Vec<String> {
    let page = world.backend.audit_list(viewer, AuditQuery::default()).await.unwrap();
    page.lines.into_iter().map(|line| line.action).collect()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_signs_up_first_administers(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    assert_eq!(administrators(&world).await, [""; 0]);
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    assert_eq!(administrators(&world).await, ["ada@example.org"]);
    assert!(world.backend.account_get(&ada).await.unwrap().administrator);
    assert!(!world.backend.account_get(&bob).await.unwrap().administrator);
    assert!(world.sign_in("ada@example.org").await.account.administrator);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn of_many_who_sign_up_first_at_once_one_administers(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let sign_up = async |n: usize| {
        let new = NewAccount::parse(&format!("person{n}@example.org"), "Passw0rd", "Person").unwrap();
        world.backend.account_sign_up(&Client::default(), new).await.unwrap().account.administrator
    };
    let made = join_all((0..6).map(sign_up)).await;
    assert_eq!(made.iter().filter(|administrator| **administrator).count(), 1, "{made:?}");
    assert_eq!(administrators(&world).await.len(), 1);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_makes_themselves_an_administrator(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (_, bob) = (world.person("Ada").await, world.person("Bob").await);
    let mut connection = as_viewer(&world, &bob).await;
    let update = try_sql(&mut connection, "UPDATE users SET administrator = true").await.unwrap_err();
    assert!(update.to_string().contains("permission denied"), "{update}");
    // Whoever is inserted is none, whatever the statement says: row-level security lets an identity insert itself.
    let eve = "0190b1c8-7f3e-7c4a-9a51-0c1d5f0e6a01";
    let insert = format!(
        "SELECT set_config('app.user_id', '{eve}', true);
         INSERT INTO users (id, email, name, password_hash, created_at, administrator)
         VALUES ('{eve}', 'eve@example.org', 'Eve', 'x', now(), true);
         DO $$ BEGIN ASSERT (SELECT NOT administrator FROM users WHERE id = '{eve}'); END $$"
    );
    try_sql(&mut connection, &insert).await.unwrap();
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_command_line_names_administrators(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let set = async |name: &str, administrator| {
        let email = Email::parse(&format!("{name}@example.org")).unwrap();
        administrator_set(&world.options, &email, administrator).await
    };
    assert_eq!(refusal(world.backend.performance_read(&bob, None).await), Refusal::Forbidden);
    assert!(set("bob", true).await.unwrap());
    assert!(!set("bob", true).await.unwrap(), "nothing is left to do");
    world.backend.performance_read(&bob, None).await.unwrap();
    assert!(set("ada", false).await.unwrap());
    assert_eq!(refusal(world.backend.performance_read(&ada, None).await), Refusal::Forbidden);
    assert_eq!(administrators(&world).await, ["bob@example.org"]);
    assert_eq!(refusal(set("eve", true).await), Refusal::NotFound);

    let of_bob = ["administrator.add", "performance.read.denied", "account.sign_in", "account.sign_up"];
    assert_eq!(actions(&world, &bob).await, of_bob, "each change is in the log once, and so is each refusal");
    let of_ada = ["performance.read.denied", "administrator.remove", "account.sign_in", "account.sign_up"];
    assert_eq!(actions(&world, &ada).await, of_ada);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn no_token_will_do(_: PgPoolOptions, options: PgConnectOptions) {
    use secrecy::ExposeSecret;
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let new = NewApiToken::parse("Robot", TokenScope::ALL, TokenEnd::After(7)).unwrap();
    let made = world.backend.token_create(&ada, new).await.unwrap();
    let robot = world.backend.authenticate(made.secret.expose_secret(), Client::default()).await.unwrap();
    assert_eq!(refusal(world.backend.performance_read(&robot, None).await), Refusal::OutOfScope(None));
}

/// Every statement of the backend, by name, as the compiler was told of it.
fn statements() -> BTreeMap<String, String> {
    let files = fs::read_dir("../.sqlx").unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let texts = files.map(|file| {
        let description: serde_json::Value = serde_json::from_str(&file).unwrap();
        description["query"].as_str().unwrap().to_owned()
    });
    let named = |text: String| {
        let (name, rest) = text.strip_prefix("/* ")?.split_once(" */ ")?;
        Some((name.to_owned(), rest.to_owned()))
    };
    texts.filter_map(named).collect()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_statement_has_a_plan(_: PgPoolOptions, options: PgConnectOptions) {
    let recent = Recent::default();
    let kept = recent.clone();
    let world = World::with(options, |settings| settings.recent = kept).await;
    let ada = world.person("Ada").await;
    let plan = async |name: &str| world.backend.performance_read(&ada, Some(name)).await.unwrap().plan;
    assert_eq!(plan("task_get").await, None, "it was not run yet");
    let statements = statements();
    assert!(statements.len() > 50, "{statements:?}");
    // What the owner of everything runs, or asks of the catalogue.
    let elsewhere = ["administrator_", "audit_faults", "audit_seal_get", "audit_seal_last", "audit_count"];
    for (name, text) in statements.iter().filter(|(name, _)| !elsewhere.iter().any(|it| name.starts_with(it))) {
        recent.note_text(name, text);
        let plan = plan(name).await.unwrap_or_else(|| panic!("{name} has no plan"));
        assert!(plan.plan.contains("cost=") && plan.text.len() <= text.len(), "{name}: {plan:?}");
    }
    let plan = plan("task_get").await.unwrap();
    assert!(plan.plan.contains("Index Cond: (id = $2)"), "by a key, for any id: {}", plan.plan);
    let begins_a_line = plan.text.lines().skip(1).any(|line| !line.starts_with(' '));
    assert!(begins_a_line, "without the margin of our source: {}", plan.text);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM tasks").fetch_one(&mut world.owner().await).await.unwrap();
    assert_eq!(left, 0, "nothing was run");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_statement_that_cannot_be_planned_harms_nobody(_: PgPoolOptions, options: PgConnectOptions) {
    let recent = Recent::default();
    let kept = recent.clone();
    let world = World::with(options, |settings| (settings.recent, settings.max_connections) = (kept, 1)).await;
    let ada = world.person("Ada").await;
    recent.note_text("broken", "SELECT no_such_column FROM tasks");
    recent.note_text("whole", "SELECT id FROM tasks WHERE id = $1");
    for _ in 0..2 {
        world.backend.performance_read(&ada, Some("broken")).await.unwrap_err();
        assert!(world.backend.performance_read(&ada, Some("whole")).await.unwrap().plan.is_some());
    }
}
