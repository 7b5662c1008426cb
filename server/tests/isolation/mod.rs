//! Proof of isolation (requirements I1, I2, I3, S2, S3, S4): in societies by chance everybody, and nobody, tries every
//! operation on everything there is through every door. What comes of it is what the table of rights says, and no answer
//! tells of anything foreign, not by a row, a count, a name or a line of the log.
//!
//! To add an operation: a variant of [`attempts::Attempt`], a row of [`table::OPERATIONS`], what ought to come of it in
//! [`matrix`], what it is answered in [`answers`], and what to try it on in [`candidates`]. How it is called through the API
//! stands in [`rest`], how by an agent in [`tools`].
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod answers;
mod attempts;
mod audit;
mod bench;
mod candidates;
pub mod doors;
mod matrix;
mod parity;
mod rest;
mod society;
pub mod table;
mod tools;
mod truth;

use axum::http::{Method, StatusCode};
use bench::Bench;
use doors::{Door, Outcome};
use leptos::server_fn::axum::server_fn_paths;
use rand::RngExt;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use table::{FOR_NOBODY, ONLY_FOR_AGENTS, OPEN_PAGES, OPERATIONS, PAGES, REST, REST_FOR_NOBODY, TOOLS};
use taskwire::pages::ROUTES;
use taskwire_agents::mcp;
use truth::markers;

#[test]
fn the_bench_knows_every_operation_and_every_server_function() {
    let known = OPERATIONS.iter().chain(REST).map(|row| row.operation);
    let known: BTreeSet<_> = known.chain(ONLY_FOR_AGENTS.iter().copied()).map(str::to_owned).collect();
    // Cargo runs tests in the folder of their package.
    assert_eq!(known, methods_of_a_viewer(Path::new("../backend/src")), "operations and the bench's table");
    let paths = OPERATIONS.iter().map(|row| row.path).chain(FOR_NOBODY.iter().copied());
    let served: BTreeSet<_> = server_fn_paths().map(|(path, _)| path).collect();
    assert_eq!(paths.collect::<BTreeSet<_>>(), served, "server functions and the bench's table");
}

#[test]
fn the_bench_knows_every_path_of_the_api() {
    let known: BTreeSet<_> = REST
        .iter()
        .map(|row| row.path.to_string())
        .chain(REST_FOR_NOBODY.iter().map(|path| path.to_string()))
        .collect();
    let document = serde_json::to_value(taskwire::api::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = |(path, item): (&String, &serde_json::Value)| {
        item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    };
    assert_eq!(known, paths.flat_map(methods).collect::<BTreeSet<_>>());
}

#[test]
fn the_bench_knows_every_tool() {
    let known: BTreeSet<_> = TOOLS.iter().map(|row| row.path.to_owned()).collect();
    assert_eq!(known, mcp::tools::all().iter().map(|tool| format!("tool {}", tool.name)).collect());
}

#[test]
fn the_bench_knows_every_page() {
    let pages = PAGES.iter().chain(OPEN_PAGES).map(|page| page.split('?').next().unwrap().to_owned());
    let served: BTreeSet<_> = ROUTES.iter().map(|route| route.path().to_owned()).collect();
    let pages = pages.map(|page| page.replace("{task}", "{id}").replace("{team}", "{id}"));
    assert_eq!(pages.collect::<BTreeSet<_>>(), served);
}

/// The methods whose first argument is the viewer, in all files of a folder.
fn methods_of_a_viewer(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(methods_of_a_viewer(&path));
            continue;
        }
        for method in fs::read_to_string(&path).unwrap().split("pub async fn ").skip(1) {
            let (name, arguments) = method.split_once('(').unwrap();
            let arguments: String = arguments.split_whitespace().collect();
            if arguments.starts_with("&self,viewer:&Viewer") {
                found.insert(name.split('<').next().unwrap().to_owned());
            }
        }
    }
    found
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_operation_through_every_door_obeys_the_table_in_one_society(_: PgPoolOptions, db: PgConnectOptions) {
    whole_bench(db, 1).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_operation_through_every_door_obeys_the_table_in_another_society(_: PgPoolOptions, db: PgConnectOptions) {
    whole_bench(db, 2).await;
}

/// First whatever is refused and whatever reads, by everybody on everything; then what people do by chance, until every
/// row of the table was seen.
async fn whole_bench(db: PgConnectOptions, seed: u64) {
    let mut bench = Bench::new(db, seed).await;
    for who in 0..bench.society.people.len() {
        for attempt in bench.candidates(who) {
            if bench.changes_nothing(who, &attempt) {
                bench.attempt(who, Door::Backend, &attempt).await;
                bench.attempt(who, Door::Rpc, &attempt).await;
                if attempt.rest(bench.me(who)).is_some() {
                    bench.attempt(who, Door::Rest, &attempt).await;
                }
                if attempt.is_for_agents(&bench.truth, bench.me(who)) {
                    bench.attempt(who, Door::Mcp, &attempt).await;
                }
                // A form's refusal is a whole page: one of each kind.
                let kind =
                    (bench::place(Door::Form, &attempt, bench.me(who)), attempt.expected(&bench.truth, bench.me(who)));
                if !attempt.reads() && !bench.tried.contains_key(&kind) {
                    bench.attempt(who, Door::Form, &attempt).await;
                }
            }
        }
    }
    for step in 0..2000 {
        if step >= 400 && table::differences(&bench.tried).is_empty() {
            break;
        }
        let who = bench.society.random.random_range(0..bench.society.people.len());
        let (door, attempt) = candidates::by_chance(&mut bench, who, None);
        bench.attempt(who, door, &attempt).await;
    }
    bench.faults.extend(table::differences(&bench.tried));
    bench.report();
}

/// What would be a leak, and how it is undone.
const LEAKS: [(&str, &str); 5] = [
    ("CREATE POLICY leak ON tasks FOR SELECT TO taskwire_app USING (true)", "DROP POLICY leak ON tasks"),
    ("CREATE POLICY leak ON tasks FOR UPDATE TO taskwire_app USING (true)", "DROP POLICY leak ON tasks"),
    ("CREATE POLICY leak ON teams FOR SELECT TO taskwire_app USING (true)", "DROP POLICY leak ON teams"),
    ("UPDATE share_counters SET view = view + 1", "UPDATE share_counters SET view = view - 1"),
    (
        "ALTER FUNCTION audit_denied RENAME TO kept;
         CREATE FUNCTION audit_denied(uuid, uuid, text, text, bigint, uuid, timestamptz, inet, text) RETURNS void LANGUAGE sql
         AS $$ SELECT $$",
        "DROP FUNCTION audit_denied; ALTER FUNCTION kept RENAME TO audit_denied",
    ),
];

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_bench_notices_what_leaks(_: PgPoolOptions, db: PgConnectOptions) {
    let mut bench = Bench::new(db, 6).await;
    for (leak, mended) in LEAKS {
        sqlx::raw_sql(leak).execute(&mut bench.society.database).await.unwrap();
        bench.truth = bench.society.truth().await.into();
        for who in 0..bench.society.people.len() {
            for attempt in bench.candidates(who) {
                if bench.changes_nothing(who, &attempt) && bench.faults.is_empty() {
                    bench.attempt(who, Door::Backend, &attempt).await;
                }
            }
        }
        assert!(!bench.faults.is_empty(), "it notices nothing: {leak}");
        bench.faults.clear();
        sqlx::raw_sql(mended).execute(&mut bench.society.database).await.unwrap();
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn pages_show_what_one_may_see_and_nothing_else(_: PgPoolOptions, db: PgConnectOptions) {
    let mut bench = Bench::new(db, 3).await;
    for _ in 0..100 {
        let who = bench.society.random.random_range(0..bench.society.people.len());
        let (door, attempt) = candidates::by_chance(&mut bench, who, None);
        bench.attempt(who, door, &attempt).await;
    }
    for who in 0..bench.society.people.len() {
        bench.pages(who).await;
    }
    bench.report();
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_claims_to_be_another_is_answered_as_themselves(_: PgPoolOptions, db: PgConnectOptions) {
    let mut bench = Bench::new(db, 4).await;
    let people = bench.society.people.len();
    for _ in 0..300 {
        let who = bench.society.random.random_range(0..people);
        let other = (who + bench.society.random.random_range(1..people)) % people;
        let claim = Some(Door::Claim(bench.me(other)));
        let (door, attempt) = candidates::by_chance(&mut bench, who, claim);
        bench.attempt(who, door, &attempt).await;
    }
    for path in OPERATIONS.iter().map(|row| format!("claim {}", row.path)) {
        assert!(bench.tried.contains_key(&(path.clone(), Outcome::Done)), "{path} was never allowed");
    }
    bench.report();
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_gets_anything(_: PgPoolOptions, db: PgConnectOptions) {
    let mut bench = Bench::new(db, 5).await;
    let attempts = bench.candidates(0);
    let person = &mut bench.society.people[0];
    let mut stranger = person.browser.clone();
    stranger.cookies.clear();
    let mut thief = person.browser.clone();
    assert_eq!(person.browser.call("/rpc/account/sign_out", &[]).await.status, StatusCode::OK);
    let before = bench.society.truth().await.digest;
    let mut tried = BTreeMap::new();
    for attempt in attempts {
        let person = &mut bench.society.people[0];
        let times = tried.entry(attempt.call().0).or_insert(0);
        *times += 1;
        if *times > 8 {
            continue;
        }
        for browser in [&stranger, &thief] {
            for door in [Door::Rpc, Door::Form] {
                if door == Door::Form && attempt.reads() {
                    continue;
                }
                person.browser = browser.clone();
                let (outcome, answer) = attempt.through(door, person, &bench.society.app.backend).await;
                let foreign = &markers(&answer.to_string()) - &markers(&format!("{:?}", attempt.call()));
                if outcome != Outcome::Unauthorized || !foreign.is_empty() {
                    bench
                        .faults
                        .push(format!("{door:?} {attempt:?}: {outcome:?}, and it tells of {foreign:?}: {answer}"));
                }
            }
        }
        let (outcome, _) = attempt.through(Door::Backend, person, &bench.society.app.backend).await;
        assert_eq!(outcome, Outcome::Unauthorized, "{attempt:?}");
    }
    for browser in [&mut stranger, &mut thief] {
        for page in PAGES {
            let path = page.replace("{task}", "1").replace("{team}", &bench.truth.teams[0].id.to_string());
            let answer = browser.page(&path).await;
            let leads = answer.header("location").starts_with("/sign-in?next=");
            if answer.status != StatusCode::FOUND || !leads || !markers(&answer.text()).is_empty() {
                let told = markers(&answer.text());
                bench.faults.push(format!("{path} does not lead to the sign-in, but is {}: {told:?}", answer.status));
            }
        }
    }
    let missing = server_fn_paths().map(|(path, _): (&str, Method)| path).filter(|path| !tried.contains_key(path));
    assert_eq!(missing.collect::<BTreeSet<_>>(), FOR_NOBODY.iter().copied().collect());
    assert_eq!(bench.society.truth().await.digest, before);
    bench.report();
}
