//! Every operation is behind every door and answers the same through each. What only one door has is named here,
//! with the reason.

use super::{
    answers::comparable,
    attempts::Attempt,
    bench::Bench,
    doors::{Door, Outcome, is_read},
    table::{OPERATIONS, REST, TOOLS},
};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::{BTreeMap, BTreeSet};
use taskwire_domain::Error as Refusal;

/// What programs do with many tasks at once, and pages with one after the other; what programs turn to the other status,
/// and pages to the one that they name; and a file, which pages link to.
const ONLY_THROUGH_REST: &[&str] = &["task_bulk", "task_toggle", "account_export"];

#[test]
fn every_operation_is_behind_every_door() {
    let through_rpc: BTreeSet<_> =
        OPERATIONS.iter().map(|row| row.operation).chain(ONLY_THROUGH_REST.iter().copied()).collect();
    let through_rest: BTreeSet<_> = REST.iter().map(|row| row.operation).collect();
    assert_eq!(through_rpc, through_rest);
    let both = OPERATIONS.iter().filter(|row| ONLY_THROUGH_REST.contains(&row.operation)).map(|row| row.operation);
    assert_eq!(both.collect::<Vec<_>>(), [""; 0], "no exceptions any more");
}

/// What is for people alone: who they are, how they get in, who may see what performs how, and who is in a team. A share is
/// given by the same tool that changes it, and what was deleted is brought back by undoing.
const NOT_FOR_AGENTS: &[&str] = &[
    "account_change_password",
    "account_delete",
    "account_get",
    "account_set_time_zone",
    "account_time_zones",
    "account_update",
    "audit_list",
    "performance_read",
    "session_end",
    "session_end_others",
    "session_list",
    "share_change",
    "share_decline",
    "share_list",
    "task_deleted",
    "task_import",
    "task_restore",
    "team_create",
    "team_delete",
    "team_leave",
    "team_member_add",
    "team_member_change",
    "team_member_remove",
    "team_transfer",
    "team_uninvite",
    "team_update",
    "token_create",
    "token_list",
    "token_revoke",
];

#[test]
fn what_agents_cannot_do_is_named() {
    let by_tools: BTreeSet<_> = TOOLS.iter().map(|row| row.operation).collect();
    let others = OPERATIONS.iter().map(|row| row.operation).filter(|operation| !by_tools.contains(operation));
    assert_eq!(others.collect::<BTreeSet<_>>(), NOT_FOR_AGENTS.iter().copied().collect());
}

/// An answer, or the words of a refusal, whatever its shape.
fn said(answer: &Value) -> Value {
    match (answer.get("refused"), answer.get("request_id")) {
        (Some(refusal), _) => serde_json::from_value::<Refusal>(refusal.clone()).unwrap().to_string().into(),
        (None, Some(_)) => answer["detail"].clone(),
        (None, None) => comparable(answer),
    }
}

/// The answers of what changes something are compared with the database, door by door, by the other tests of isolation.
#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_same_question_gets_the_same_answer_through_every_door(_: PgPoolOptions, db: PgConnectOptions) {
    let mut bench = Bench::new(db, 7).await;
    let mut asked: BTreeMap<_, usize> = BTreeMap::new();
    for who in 0..bench.society.people.len() {
        let me = bench.me(who);
        for attempt in bench.candidates(who) {
            let is_a_file = matches!(attempt, Attempt::AccountGet { whole: true });
            if !bench.changes_nothing(who, &attempt) || attempt.rest(me).is_none() || is_a_file {
                continue;
            }
            // Of things that are alike, a few of each.
            let alike = asked.entry((who, attempt.operation(), attempt.expected(&bench.truth, me))).or_default();
            *alike += 1;
            if *alike > 5 {
                continue;
            }
            let backend = bench.society.app.backend.clone();
            let person = &mut bench.society.people[who];
            let (outcome, answer) = attempt.through(Door::Backend, person, &backend).await;
            let rpc = attempt.through(Door::Rpc, person, &backend).await;
            assert_eq!((outcome, comparable(&answer)), (rpc.0, comparable(&rpc.1)), "{attempt:?}");
            let rest = attempt.through(Door::Rest, person, &backend).await;
            assert_eq!((outcome, said(&attempt.as_rest(answer.clone()))), (rest.0, said(&rest.1)), "{attempt:?}");
            if attempt.is_for_agents(&bench.truth, me) {
                let person = &mut bench.society.people[who];
                let tool = attempt.through(Door::Mcp, person, &backend).await;
                assert_eq!((outcome, said(&attempt.as_tool(answer))), (tool.0, said(&tool.1)), "{attempt:?}");
            }
        }
    }
    let operations: BTreeSet<_> = asked.keys().map(|(_, operation, _)| operation).collect();
    let reading = OPERATIONS.iter().filter(|row| is_read(row.path)).map(|row| row.operation);
    let refusing = OPERATIONS.iter().filter(|row| row.outcomes.iter().any(|outcome| *outcome != Outcome::Done));
    let missing: Vec<_> =
        reading.chain(refusing.map(|row| row.operation)).filter(|operation| !operations.contains(operation)).collect();
    assert_eq!(missing, [""; 0], "everything that can be asked without changing anything was");
}
