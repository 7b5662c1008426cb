//! The audit log: what stands in whose, that nobody changes it, and that it shows when somebody does (requirement I4).

use crate::{
    support::{PASSWORD, World, as_app, as_viewer, refusal, try_sql},
    teams::sign_up,
};
use chrono::TimeDelta;
use futures::future::join_all;
use sqlx::{
    AssertSqlSafe, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};
use taskwire_backend::{AuditReport, Client, DbTime, Error, MISSING_TAKES, Seal, Viewer, audit_verify};
use taskwire_domain::{
    Error as Refusal, SessionId, TaskId, TeamId, UserId,
    account::{Email, Name, Password},
    audit::{AuditLine, AuditQuery, LINES_ON_PAGE},
    share::{NewShare, Permission},
    task::{NewTask, Source, TaskChange, TaskQuery},
    team::{NewMember, Role, TeamTexts},
};
use uuid::Uuid;

/// A line as somebody reads it: who, what, to what, in which team, from where.
fn read(line: &AuditLine) -> String {
    let who = if line.by_viewer { "I" } else { line.actor.as_deref().unwrap_or("somebody") };
    let part =
        |word: &str, text: &Option<String>| text.as_ref().map(|text| format!(" {word}{text}")).unwrap_or_default();
    let target = part("", &line.target);
    format!("{who} {}{target}{}{}", line.action, part("in ", &line.team), part("from ", &line.address))
}

/// The first page of a log, first things first, without how people came to have a session.
async fn log(world: &World, viewer: &Viewer, team: Option<TeamId>) -> Vec<String> {
    let page = world.backend.audit_list(viewer, AuditQuery { team, before: None }).await.unwrap();
    let came = |line: &&AuditLine| !matches!(line.action.as_str(), "account.sign_up" | "account.sign_in");
    page.lines.iter().rev().filter(came).map(read).collect()
}

/// Somebody with a device that has an address.
async fn person_at(world: &World, name: &str, address: &str) -> Viewer {
    let mut viewer = world.person(name).await;
    viewer.client.address = Some(address.parse().unwrap());
    viewer.client.user_agent = Some("a\0 browser".into());
    viewer
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whatever_happens_to_a_team_stands_in_its_log_and_with_those_concerned(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let ada = person_at(&world, "Ada", "192.0.2.1").await;
    let bob = person_at(&world, "Bob", "2001:db8::2").await;
    let cleo = person_at(&world, "Cleo", "192.0.2.3").await;
    let backend = &world.backend;
    let add = async |team, email: &str, role: &str| {
        backend.team_member_add(&ada, team, NewMember::parse(email, role).unwrap()).await.unwrap();
    };
    let team = backend.team_create(&ada, TeamTexts::parse("Crew", "").unwrap()).await.unwrap().id;
    add(team, "bob@example.org", "admin").await;
    add(team, "cleo@example.org", "member").await;
    add(team, "new@example.org", "viewer").await;
    backend.team_uninvite(&bob, team, Email::parse("new@example.org").unwrap()).await.unwrap();
    add(team, "dan@example.org", "viewer").await;
    let dan = sign_up(&world, "dan@example.org", "Dan").await;
    backend.team_member_change(&bob, team, cleo.user_id, Role::Viewer).await.unwrap();
    backend.team_update(&bob, team, TeamTexts::parse("The crew", "").unwrap(), None).await.unwrap();
    backend.team_transfer(&ada, team, bob.user_id).await.unwrap();
    backend.team_member_remove(&bob, team, cleo.user_id).await.unwrap();
    backend.team_member_remove(&bob, team, dan.user_id).await.unwrap();

    let of_team = [
        "Ada team.create Crew in The crew from 192.0.2.1",
        "Ada team.member_add bob@example.org as admin in The crew from 192.0.2.1",
        "Ada team.member_add cleo@example.org as member in The crew from 192.0.2.1",
        "Ada team.invite new@example.org as viewer in The crew from 192.0.2.1",
        "I team.uninvite new@example.org in The crew from 2001:db8::2",
        "Ada team.invite dan@example.org as viewer in The crew from 192.0.2.1",
        "somebody team.join dan@example.org in The crew",
        "I team.member_change cleo@example.org to viewer in The crew from 2001:db8::2",
        "I team.update The crew in The crew from 2001:db8::2",
        "Ada team.transfer bob@example.org in The crew from 192.0.2.1",
        "I team.member_remove cleo@example.org in The crew from 2001:db8::2",
        "I team.member_remove dan@example.org in The crew from 2001:db8::2",
    ];
    assert_eq!(log(&world, &bob, Some(team)).await, of_team);
    let as_ada: Vec<_> = of_team.map(|line| line.replacen("I ", "Bob ", 1).replacen("Ada ", "I ", 1)).into();
    assert_eq!(log(&world, &ada, Some(team)).await, as_ada, "the admin reads the same");

    assert_eq!(
        log(&world, &bob, None).await,
        [
            "Ada team.member_add bob@example.org as admin in The crew",
            "I team.uninvite new@example.org in The crew from 2001:db8::2",
            "I team.member_change cleo@example.org to viewer in The crew from 2001:db8::2",
            "I team.update The crew in The crew from 2001:db8::2",
            "Ada team.transfer bob@example.org in The crew",
            "I team.member_remove cleo@example.org in The crew from 2001:db8::2",
            "I team.member_remove dan@example.org in The crew from 2001:db8::2",
        ]
    );
    // Whoever is out does not know the team any more, nor who is in it.
    assert_eq!(
        log(&world, &cleo, None).await,
        [
            "somebody team.member_add cleo@example.org as member",
            "somebody team.member_change cleo@example.org to viewer",
            "somebody team.member_remove cleo@example.org",
        ]
    );
    assert_eq!(
        log(&world, &dan, None).await,
        ["I team.join dan@example.org", "somebody team.member_remove dan@example.org"]
    );

    backend.team_leave(&ada, team).await.unwrap();
    assert_eq!(
        log(&world, &bob, Some(team)).await.last().unwrap(),
        "somebody team.leave The crew in The crew from 192.0.2.1"
    );
    assert_eq!(log(&world, &ada, None).await.last().unwrap(), "I team.leave The crew from 192.0.2.1");
    backend.team_delete(&bob, team).await.unwrap();
    assert_eq!(log(&world, &bob, None).await.last().unwrap(), "I team.delete The crew from 2001:db8::2");
    // The team is gone, its lines stay.
    let kept = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE team_id = $1 AND account_id = actor_id");
    let kept: i64 = kept.bind(team.0).fetch_one(&mut world.owner().await).await.unwrap();
    assert_eq!(kept, of_team.len() as i64 + 2);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whatever_happens_to_a_share_stands_with_both_and_with_the_team(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = person_at(&world, "Ada", "192.0.2.1").await;
    let bob = person_at(&world, "Bob", "192.0.2.2").await;
    let eve = person_at(&world, "Eve", "192.0.2.5").await;
    let team = world.team(&ada, "Crew", &[(&bob, Role::Member)]).await;
    let backend = &world.backend;
    let new = Email::parse("new@example.org").unwrap();
    for task in [world.task(&bob, "alone").await, world.team_task(&bob, team, "together").await] {
        let give = async |email: &str, permission: &str| {
            backend.share_give(&bob, task.id, NewShare::parse(email, permission).unwrap()).await.unwrap();
        };
        give("eve@example.org", "view").await;
        give("eve@example.org", "edit").await;
        give("new@example.org", "view").await;
        backend.share_uninvite(&bob, task.id, new.clone()).await.unwrap();
        backend.share_revoke(&bob, task.id, eve.user_id).await.unwrap();
        give("eve@example.org", "view").await;
        backend.share_revoke(&eve, task.id, eve.user_id).await.unwrap();
        // Nothing happened, nothing is noted.
        backend.share_uninvite(&bob, task.id, new.clone()).await.unwrap();
        backend.share_revoke(&bob, task.id, eve.user_id).await.unwrap();
    }
    let of_bob = |title: &str, rest: &str, from: &str| {
        [
            format!("share.give {title} with eve@example.org to view{rest}{from}"),
            format!("share.give {title} with eve@example.org to edit{rest}{from}"),
            format!("share.invite {title} with new@example.org to view{rest}{from}"),
            format!("share.uninvite {title} from new@example.org{rest}{from}"),
            format!("share.revoke {title} from eve@example.org{rest}{from}"),
            format!("share.give {title} with eve@example.org to view{rest}{from}"),
        ]
    };
    let mut expected: Vec<String> = of_bob("alone", "", " from 192.0.2.2").map(|line| format!("I {line}")).into();
    expected.push("somebody share.decline alone".into());
    expected.extend(of_bob("together", " in Crew", " from 192.0.2.2").map(|line| format!("I {line}")));
    expected.push("somebody share.decline together".into());
    let bobs = log(&world, &bob, None).await;
    let bobs: Vec<_> = bobs.into_iter().filter(|line| line.contains(" share.")).collect();
    assert_eq!(bobs, expected);

    let eves = |title: &str| {
        let concerns = |line: &String| !line.contains("new@example.org");
        let mut lines: Vec<_> =
            of_bob(title, "", "").into_iter().filter(concerns).map(|line| format!("somebody {line}")).collect();
        lines.push(format!("I share.decline {title} from 192.0.2.5"));
        lines
    };
    assert_eq!(log(&world, &eve, None).await, [eves("alone"), eves("together")].concat());

    let in_team = log(&world, &ada, Some(team)).await;
    let in_team: Vec<_> = in_team.into_iter().filter(|line| line.contains(" share.")).collect();
    let expected = of_bob("together", " in Crew", " from 192.0.2.2").map(|line| format!("Bob {line}"));
    assert_eq!(in_team, expected, "what is given back is noted by somebody who knows no team");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_knows_the_other_reads_the_name(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin)]).await;
    let task = world.team_task(&ada, team, "shared").await;
    // Bob, whom Cleo does not know, shares Ada's task with her; Ada shares it once more.
    world.share(&bob, task.id, &cleo, Permission::View).await;
    world.share(&ada, task.id, &cleo, Permission::Edit).await;
    let of_cleo = [
        "somebody share.give shared with cleo@example.org to view",
        "Ada share.give shared with cleo@example.org to edit",
    ];
    assert_eq!(log(&world, &cleo, None).await, of_cleo);
    world.backend.account_update(&ada, Name::parse("Ada Lovelace").unwrap()).await.unwrap();
    assert!(log(&world, &cleo, None).await[1].starts_with("Ada Lovelace share.give"));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_changed_password_ends_every_other_session_and_is_noted(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = person_at(&world, "Ada", "192.0.2.1").await;
    let bob = world.person("Bob").await;
    let phone = world.viewer(&world.sign_in("ada@example.org").await);
    let backend = &world.backend;
    let change = async |current: &str| {
        let new = Password::parse_field("new_password", "An0therone").unwrap();
        backend.account_change_password(&ada, current, new).await
    };
    for wrong in ["Wr0ngwrong", "", &"x".repeat(1_000_000)] {
        assert!(refusal(change(wrong).await).about("current_password").is_some());
    }
    assert!(backend.account_get(&phone).await.is_ok(), "nothing has changed");
    let sign_in = async |password: &str| {
        backend
            .account_sign_in(&Client::default(), "ada@example.org", password)
            .await
            .map(|signed_in| signed_in.account)
    };
    assert!(sign_in(PASSWORD).await.is_ok());

    change(PASSWORD).await.unwrap();
    assert_eq!(refusal(backend.account_get(&phone).await), Refusal::Unauthorized);
    assert_eq!(backend.session_list(&ada).await.unwrap().len(), 1);
    assert_eq!(refusal(sign_in(PASSWORD).await), Refusal::WrongCredentials);
    assert!(sign_in("An0therone").await.is_ok());
    assert!(backend.account_get(&bob).await.is_ok());
    backend.account_update(&ada, Name::parse(" Ada L. ").unwrap()).await.unwrap();
    let third =
        world.viewer(&backend.account_sign_in(&Client::default(), "ada@example.org", "An0therone").await.unwrap());
    backend.session_end(&ada, third.session_id).await.unwrap();
    backend.session_end_others(&ada).await.unwrap();
    assert_eq!(refusal(backend.session_end(&bob, ada.session_id).await), Refusal::NotFound);
    backend.session_end(&ada, ada.session_id).await.unwrap();

    let ada =
        world.viewer(&backend.account_sign_in(&Client::default(), "ada@example.org", "An0therone").await.unwrap());
    let failed = "somebody account.sign_in_failed ada@example.org";
    let failed_here = format!("{failed} from 192.0.2.1");
    assert_eq!(
        log(&world, &ada, None).await,
        [
            failed_here.as_str(),
            &failed_here,
            &failed_here,
            "I account.password_change from 192.0.2.1",
            failed,
            "I account.update Ada L. from 192.0.2.1",
            &format!("I session.end session:{} from 192.0.2.1", third.session_id),
            "I session.end_others from 192.0.2.1",
            &log(&world, &ada, None).await[8],
        ]
    );
    assert!(log(&world, &ada, None).await[8].starts_with("I account.sign_out session:"));
    assert_eq!(log(&world, &bob, None).await.len(), 1, "and Bob's attempt stands in his own log alone");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_log_comes_in_pages_that_have_every_line_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Admin)]).await;
    // Among the team's lines stand their copies for Bob, and lines of others.
    sqlx::query(
        "INSERT INTO audit_log (at, actor_id, account_id, team_id, action, target)
         SELECT $4, $1, who, CASE WHEN n <= 120 THEN $3 END, 'test', n::text
         FROM generate_series(1, 150) n, unnest(ARRAY[$1, $2]) who",
    )
    .bind(ada.user_id.0)
    .bind(bob.user_id.0)
    .bind(team.0)
    .bind(world.now())
    .execute(&mut world.owner().await)
    .await
    .unwrap();
    let page = usize::try_from(LINES_ON_PAGE).unwrap();
    for (viewer, query, tests) in [
        (&ada, AuditQuery::default(), 150),
        (&bob, AuditQuery::default(), 150),
        (&ada, AuditQuery { team: Some(team), before: None }, 120),
        (&bob, AuditQuery { team: Some(team), before: None }, 120),
    ] {
        let mut lines: Vec<AuditLine> = Vec::new();
        let mut before = None;
        loop {
            let next = world.backend.audit_list(viewer, AuditQuery { before, ..query.clone() }).await.unwrap();
            assert!(next.lines.len() == page || next.next.is_none());
            lines.extend(next.lines);
            before = next.next;
            if before.is_none() {
                break;
            }
        }
        assert!(lines.windows(2).all(|pair| pair[0].id > pair[1].id), "newest first, none twice");
        let of_test = lines.iter().filter(|line| line.action == "test").map(|line| line.target.clone().unwrap());
        assert_eq!(of_test.collect::<BTreeSet<_>>().len(), tests);
        assert_eq!(lines.iter().filter(|line| line.action == "test").count(), tests);
        // A page that is just full is the last one.
        let last = lines[lines.len() - page - 1].id;
        let query = AuditQuery { before: Some(last), ..query };
        let full = world.backend.audit_list(viewer, query.clone()).await.unwrap();
        assert_eq!((full.lines.len(), full.next), (page, None));
        let before = AuditQuery { before: Some(lines.last().unwrap().id), ..query };
        let nothing = world.backend.audit_list(viewer, before).await.unwrap();
        assert_eq!((nothing.lines.len(), nothing.next), (0, None));
    }
    for before in [i64::MIN, -1, 0] {
        let page = world.backend.audit_list(&ada, AuditQuery { team: None, before: Some(before) }).await.unwrap();
        assert_eq!(page.lines, []);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_teams_log_is_for_those_who_run_it(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo, dan, zoe) = (
        world.person("Ada").await,
        world.person("Bob").await,
        world.person("Cleo").await,
        world.person("Dan").await,
        world.person("Zoe").await,
    );
    let members = [(&bob, Role::Admin), (&cleo, Role::Member), (&dan, Role::Viewer)];
    let team = world.team(&ada, "Crew", &members).await;
    let other = world.team(&zoe, "Other", &[]).await;
    let of_team = async |viewer: &Viewer, team: TeamId| {
        world.backend.audit_list(viewer, AuditQuery { team: Some(team), before: None }).await
    };
    for viewer in [&ada, &bob] {
        assert_eq!(of_team(viewer, team).await.unwrap().lines.len(), 4);
    }
    for viewer in [&cleo, &dan] {
        assert_eq!(refusal(of_team(viewer, team).await), Refusal::Forbidden);
    }
    assert_eq!(refusal(of_team(&zoe, team).await), Refusal::NotFound);
    assert_eq!(refusal(of_team(&ada, other).await), Refusal::NotFound);
    assert_eq!(refusal(of_team(&ada, TeamId(Uuid::nil())).await), Refusal::NotFound);
    let denied: Vec<_> = log(&world, &ada, Some(team)).await.into_iter().skip(4).collect();
    assert_eq!(
        denied,
        [
            format!("Cleo audit.list.denied team:{team} in Crew"),
            format!("Dan audit.list.denied team:{team} in Crew"),
            format!("somebody audit.list.denied team:{team} in Crew"),
        ]
    );
    // From the next request on, like every right.
    world.backend.team_member_change(&ada, team, cleo.user_id, Role::Admin).await.unwrap();
    world.backend.team_member_change(&ada, team, bob.user_id, Role::Viewer).await.unwrap();
    assert!(of_team(&cleo, team).await.is_ok());
    assert_eq!(refusal(of_team(&bob, team).await), Refusal::Forbidden);
}

/// Everything that one may try on a task, with the line that is noted when it is refused.
async fn tries_on_task(world: &World, viewer: &Viewer, id: TaskId) -> Vec<(&'static str, Result<(), Error>)> {
    let backend = &world.backend;
    let email = Email::parse("new@example.org").unwrap();
    let new = NewShare::parse("new@example.org", "view").unwrap();
    let change = TaskChange::parse(Some("changed"), None, None, None).unwrap();
    vec![
        ("task.get", backend.task_get(viewer, id).await.map(drop)),
        ("task.update", backend.task_update(viewer, id, change).await.map(drop)),
        ("task.delete", backend.task_delete(viewer, id, None).await.map(drop)),
        ("task.restore", backend.task_restore(viewer, id).await.map(drop)),
        ("share.list", backend.share_list(viewer, id).await.map(drop)),
        ("share.give", backend.share_give(viewer, id, new).await.map(drop)),
        ("share.revoke", backend.share_revoke(viewer, id, UserId(Uuid::nil())).await),
        ("share.revoke", backend.share_revoke(viewer, id, viewer.user_id).await),
        ("share.uninvite", backend.share_uninvite(viewer, id, email).await),
    ]
}

/// The same for a team.
async fn tries_on_team(world: &World, viewer: &Viewer, id: TeamId) -> Vec<(&'static str, Result<(), Error>)> {
    let backend = &world.backend;
    let email = Email::parse("new@example.org").unwrap();
    let new = NewMember::parse("new@example.org", "viewer").unwrap();
    let texts = TeamTexts::parse("changed", "").unwrap();
    let task = NewTask::parse("new", "", None).unwrap().in_team(Some(id));
    let list = TaskQuery { source: Source::Team(id), ..TaskQuery::default() };
    let somebody = UserId(Uuid::nil());
    vec![
        ("team.get", backend.team_get(viewer, id).await.map(drop)),
        ("task.list", backend.task_list(viewer, &list).await.map(drop)),
        ("task.create", backend.task_create(viewer, task).await.map(drop)),
        ("team.update", backend.team_update(viewer, id, texts, None).await.map(drop)),
        ("team.member_add", backend.team_member_add(viewer, id, new).await.map(drop)),
        ("team.uninvite", backend.team_uninvite(viewer, id, email).await),
        ("team.member_change", backend.team_member_change(viewer, id, somebody, Role::Viewer).await),
        ("team.member_remove", backend.team_member_remove(viewer, id, somebody).await),
        ("audit.list", backend.audit_list(viewer, AuditQuery { team: Some(id), before: None }).await.map(drop)),
        ("team.transfer", backend.team_transfer(viewer, id, somebody).await),
        ("team.leave", backend.team_leave(viewer, id).await),
        ("team.delete", backend.team_delete(viewer, id).await),
    ]
}

/// The lines that these attempts leave behind, each of which was refused.
fn denied(tries: &[(&str, Result<(), Error>)], who: &str, target: &str, rest: &str) -> Vec<String> {
    let line = |(action, outcome): &(&str, Result<(), Error>)| {
        assert!(
            matches!(outcome, Err(Error::Refused(Refusal::NotFound | Refusal::Forbidden))),
            "{action} of {target}: {outcome:?}"
        );
        format!("{who} {action}.denied {target}{rest}")
    };
    tries.iter().map(line).collect()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_refused_attempt_is_noted_the_same_whether_the_thing_is_there_or_not(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let team = world.team(&ada, "Crew", &[]).await;
    let in_team = world.team_task(&ada, team, "in the team").await.id;
    let alone = world.task(&ada, "alone").await.id;
    let mut expected_of_team = Vec::new();
    for (n, task) in [in_team, alone, TaskId(999_999), TaskId(-1)].into_iter().enumerate() {
        let zoe = person_at(&world, &format!("Zoe{n}"), "192.0.2.9").await;
        let tries = tries_on_task(&world, &zoe, task).await;
        assert!(tries.iter().all(|(_, outcome)| matches!(outcome, Err(Error::Refused(Refusal::NotFound)))));
        assert_eq!(log(&world, &zoe, None).await, denied(&tries, "I", &format!("task:{task}"), " from 192.0.2.9"));
        if task == in_team {
            let rest = " in Crew from 192.0.2.9";
            expected_of_team.extend(denied(&tries, "somebody", &format!("task:{task}"), rest));
        }
    }
    for (n, id) in [team, TeamId(Uuid::from_u128(1)), TeamId(Uuid::nil())].into_iter().enumerate() {
        let yan = person_at(&world, &format!("Yan{n}"), "192.0.2.8").await;
        let tries = tries_on_team(&world, &yan, id).await;
        assert!(tries.iter().all(|(_, outcome)| matches!(outcome, Err(Error::Refused(Refusal::NotFound)))));
        assert_eq!(log(&world, &yan, None).await, denied(&tries, "I", &format!("team:{id}"), " from 192.0.2.8"));
        if id == team {
            let rest = " in Crew from 192.0.2.8";
            expected_of_team.extend(denied(&tries, "somebody", &format!("team:{id}"), rest));
        }
    }
    for (n, session) in [ada.session_id, SessionId(Uuid::from_u128(1))].into_iter().enumerate() {
        let xia = world.person(&format!("Xia{n}")).await;
        assert_eq!(refusal(world.backend.session_end(&xia, session).await), Refusal::NotFound);
        assert_eq!(log(&world, &xia, None).await, [format!("I session.end.denied session:{session}")]);
    }
    // The owner learns that somebody tried, of the team's things alone; their own log has nothing of it.
    let of_team: Vec<_> = log(&world, &ada, Some(team)).await.into_iter().skip(1).collect();
    assert_eq!(of_team, expected_of_team);
    assert_eq!(log(&world, &ada, None).await, ["I team.create Crew in Crew"]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_ids_of_ones_own_lines_do_not_tell_what_is_there(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, zoe) = (world.person("Ada").await, world.person("Zoe").await);
    let team = world.team(&ada, "Crew", &[]).await;
    let in_team = world.team_task(&ada, team, "in the team").await.id;
    let alone = world.task(&ada, "alone").await.id;
    let mut steps = BTreeSet::new();
    for id in [in_team, alone, TaskId(999_999)] {
        for _ in 0..2 {
            assert_eq!(refusal(world.backend.task_get(&zoe, id).await), Refusal::NotFound);
        }
        let lines = world.backend.audit_list(&zoe, AuditQuery::default()).await.unwrap().lines;
        steps.insert(lines[0].id - lines[1].id);
    }
    assert_eq!(steps.len(), 1, "{steps:?}");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_is_missing_takes_its_time_whether_it_is_there_for_others_or_not(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::new(options).await;
    let (ada, zoe) = (world.person("Ada").await, world.person("Zoe").await);
    let (alone, gone) = (world.task(&ada, "alone").await.id, world.task(&ada, "gone").await.id);
    world.backend.task_delete(&ada, gone, None).await.unwrap();
    for id in [alone, gone, TaskId(999_999)] {
        let mut asks = zoe.clone();
        for deleted in [false, true] {
            asks.client.db_time = DbTime::default();
            let start = Instant::now();
            match deleted {
                true => assert_eq!(world.backend.task_deleted(&asks, id).await.unwrap(), None),
                false => assert_eq!(refusal(world.backend.task_get(&asks, id).await), Refusal::NotFound),
            }
            assert!(start.elapsed() >= MISSING_TAKES, "{id}: {:?}", start.elapsed());
            // Which every answer tells.
            assert!(asks.client.db_time.get() >= MISSING_TAKES, "{id}: {:?}", asks.client.db_time.get());
        }
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_takes_up_the_log_of_a_team_that_is_gone(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Viewer)]).await;
    world.backend.team_delete(&ada, team).await.unwrap();
    let again = format!("INSERT INTO teams (id, name, created_at) VALUES ('{team}', 'Crew', now())");
    let refused = sqlx::raw_sql(AssertSqlSafe(again)).execute(&mut as_viewer(&world, &bob).await).await;
    assert!(refused.unwrap_err().to_string().contains("row-level security"));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_attempt_beyond_ones_role_is_noted_too(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let dan = person_at(&world, "Dan", "192.0.2.4").await;
    let team = world.team(&ada, "Crew", &[(&dan, Role::Viewer)]).await;
    let task = world.team_task(&ada, team, "in the team").await.id;
    let mut own = log(&world, &dan, None).await;
    let mut of_team = log(&world, &ada, Some(team)).await;
    // What a viewer may: see the task and the team, give back a share that there is not, and go.
    let may = |action: &str| matches!(action, "task.get" | "task.restore" | "team.get" | "task.list" | "team.leave");
    let mut tries = tries_on_task(&world, &dan, task).await;
    tries.remove(7).1.unwrap();
    tries.retain(|(action, _)| !may(action));
    assert_eq!(tries.len(), 6);
    own.extend(denied(&tries, "I", &format!("task:{task}"), " from 192.0.2.4"));
    of_team.extend(denied(&tries, "Dan", &format!("task:{task}"), " in Crew from 192.0.2.4"));
    let backend = &world.backend;
    let texts = TeamTexts::parse("Mine", "").unwrap();
    assert_eq!(refusal(backend.team_update(&dan, team, texts, None).await), Refusal::Forbidden);
    own.push(format!("I team.update.denied team:{team} from 192.0.2.4"));
    of_team.push(format!("Dan team.update.denied team:{team} in Crew from 192.0.2.4"));
    assert_eq!(log(&world, &dan, None).await, own);
    assert_eq!(log(&world, &ada, Some(team)).await, of_team);
    // What is refused for another reason is no attempt at a right.
    assert!(matches!(refusal(backend.team_leave(&ada, team).await), Refusal::Conflict(_)));
    let stale = TaskChange::parse(Some("late"), None, None, Some(7)).unwrap();
    assert_eq!(refusal(backend.task_update(&ada, task, stale).await), Refusal::Stale);
    assert_eq!(log(&world, &ada, Some(team)).await, of_team);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_attempt_on_a_teams_deleted_task_shows_in_the_teams_log(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Member)]).await;
    let task = world.team_task(&ada, team, "deleted").await.id;
    world.backend.task_delete(&ada, task, None).await.unwrap();
    assert_eq!(refusal(world.backend.task_restore(&bob, task).await), Refusal::NotFound);
    assert_eq!(log(&world, &bob, None).await.last().unwrap(), &format!("I task.restore.denied task:{task}"));
    let of_team = log(&world, &ada, Some(team)).await;
    assert_eq!(of_team.last().unwrap(), &format!("Bob task.restore.denied task:{task} in Crew"));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_log_can_only_be_added_to(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[]).await;
    world.backend.audit_seal().await.unwrap();
    let (me, him) = (ada.user_id, bob.user_id);
    let insert = |columns: &str, values: String| {
        format!("INSERT INTO audit_log (at, actor_id, action{columns}) VALUES (now(), {values})")
    };
    let mut as_ada = as_viewer(&world, &ada).await;
    let mine = insert(", account_id, team_id", format!("'{me}', 'x', '{me}', '{team}'"));
    assert_eq!(try_sql(&mut as_ada, &mine).await.unwrap(), 1);
    let mut nobody = as_app(&world).await;
    for sql in [
        "UPDATE audit_log SET action = 'x'".to_owned(),
        "UPDATE audit_log SET seal = NULL".into(),
        "UPDATE audit_log SET target = NULL WHERE actor_id = app_user_id()".into(),
        "DELETE FROM audit_log".into(),
        "DELETE FROM audit_log WHERE actor_id = app_user_id()".into(),
        "TRUNCATE audit_log".into(),
        "ALTER TABLE audit_log DISABLE ROW LEVEL SECURITY".into(),
        "DROP TABLE audit_log".into(),
        "INSERT INTO audit_log (at, actor_id, action) SELECT now(), app_user_id(), 'x' FROM audit_seals".into(),
        insert(", seal", format!("'{me}', 'x', 1")),
        insert(", id", format!("'{me}', 'x', 1")),
        insert("", format!("'{him}', 'x'")),
        insert("", "NULL, 'x'".into()),
        "SELECT count(*) FROM audit_seals".into(),
        "UPDATE audit_seals SET lines = 1".into(),
        "DELETE FROM audit_seals".into(),
        "INSERT INTO audit_seals VALUES (2, 1, sha256(''), now())".into(),
        "SELECT audit_faults()".into(),
        "SELECT setval('audit_log_id_seq', 1)".into(),
        "SET ROLE taskwire_owner; DELETE FROM audit_log".into(),
    ] {
        assert!(try_sql(&mut as_ada, &sql).await.is_err(), "{sql}");
        assert!(try_sql(&mut nobody, &sql).await.is_err(), "{sql}");
    }
    // The role behind the functions may seal, and nothing else; no policy and no function changes that.
    let granted: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT grantee || ' ' || privilege_type || ' ' || table_name || '.' || column_name
         FROM information_schema.column_privileges
         WHERE grantee IN ('taskwire_app', 'taskwire_owner', 'PUBLIC') AND privilege_type = 'UPDATE' AND table_name LIKE 'audit%'
         UNION SELECT grantee || ' ' || privilege_type || ' ' || table_name FROM information_schema.table_privileges
         WHERE grantee IN ('taskwire_app', 'taskwire_owner', 'PUBLIC') AND table_name LIKE 'audit%'
             AND privilege_type NOT IN ('SELECT', 'INSERT')",
    )
    .fetch_all(&mut world.owner().await)
    .await
    .unwrap();
    assert_eq!(granted, ["taskwire_owner UPDATE audit_log.seal"]);
}

/// So many lines of somebody's.
async fn write(world: &World, viewer: &Viewer, lines: usize) {
    for n in 0..lines {
        world.pass(TimeDelta::milliseconds(1));
        world.backend.account_update(viewer, Name::parse(&format!("Ada the {n}th")).unwrap()).await.unwrap();
    }
}

async fn verify(world: &World, known: Option<&Seal>) -> AuditReport {
    audit_verify(&world.options, known.map(|seal| (seal.no, seal.hash.as_str()))).await.unwrap()
}

async fn run(world: &World, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut world.owner().await).await.unwrap();
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_line_is_sealed_once_and_the_chain_holds(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    assert_eq!(world.backend.audit_seal().await.unwrap(), None, "there is nothing to seal");
    let nothing = AuditReport { head: None, sealed: 0, unsealed: 0, faults: vec![] };
    assert_eq!(verify(&world, None).await, nothing);

    let ada = person_at(&world, "Ada", "192.0.2.1").await;
    write(&world, &ada, 3).await;
    assert_eq!(verify(&world, None).await, AuditReport { unsealed: 5, ..nothing });
    let first = world.backend.audit_seal().await.unwrap().unwrap();
    assert_eq!((first.no, first.lines, first.hash.len()), (1, 5, 64));
    assert_eq!(world.backend.audit_seal().await.unwrap(), None, "and nothing more");
    write(&world, &ada, 2).await;
    let second = world.backend.audit_seal().await.unwrap().unwrap();
    assert_eq!((second.no, second.lines), (2, 2));
    assert_ne!(second.hash, first.hash);
    write(&world, &ada, 1).await;
    let report = AuditReport { head: Some(second.clone()), sealed: 7, unsealed: 1, faults: vec![] };
    assert_eq!(verify(&world, None).await, report);
    assert_eq!(verify(&world, Some(&first)).await, report);
    assert_eq!(verify(&world, Some(&Seal { hash: second.hash.to_uppercase(), ..second.clone() })).await, report);
    // A seal holds for whoever looks at it, whatever their settings.
    let elsewhere = world.options.clone().options([
        ("TimeZone", "Asia/Kathmandu"),
        ("DateStyle", "SQL, DMY"),
        ("IntervalStyle", "sql_standard"),
        ("bytea_output", "escape"),
        ("extra_float_digits", "0"),
    ]);
    assert_eq!(audit_verify(&elsewhere, None).await.unwrap(), report);
    // Whoever reads their log does not see what it is under.
    assert_eq!(world.backend.audit_list(&ada, AuditQuery::default()).await.unwrap().lines.len(), 8);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_long_log_is_sealed_in_batches_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    run(&world, "INSERT INTO audit_log (at, action) SELECT now(), 'x' FROM generate_series(1, 20001)").await;
    let last = world.backend.audit_seal().await.unwrap().unwrap();
    assert_eq!((last.no, last.lines), (3, 1));
    assert_eq!(
        verify(&world, None).await,
        AuditReport { head: Some(last), sealed: 20_001, unsealed: 0, faults: vec![] }
    );
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whatever_is_changed_under_a_seal_shows(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = person_at(&world, "Ada", "192.0.2.1").await;
    let team = world.team(&ada, "Crew", &[]).await;
    let mut seals = Vec::new();
    for _ in 0..4 {
        world.backend.team_get(&ada, TeamId(Uuid::nil())).await.unwrap_err();
        let texts = TeamTexts::parse("Crew", &format!("after {} seals", seals.len())).unwrap();
        world.backend.team_update(&ada, team, texts, None).await.unwrap();
        write(&world, &ada, 2).await;
        seals.push(world.backend.audit_seal().await.unwrap().unwrap());
    }
    let [_, second, _, head] = seals.as_slice() else { panic!("four seals") };
    assert_eq!(verify(&world, Some(head)).await.faults, Vec::<String>::new());
    run(&world, "CREATE TABLE kept_log AS TABLE audit_log; CREATE TABLE kept_seals AS TABLE audit_seals").await;
    let undo = "DELETE FROM audit_log; DELETE FROM audit_seals; INSERT INTO audit_seals TABLE kept_seals;
        INSERT INTO audit_log (id, at, actor_id, account_id, team_id, action, target, address, user_agent, seal)
        OVERRIDING SYSTEM VALUE
        SELECT id, at, actor_id, account_id, team_id, action, target, address, user_agent, seal FROM kept_log";
    let columns = "at, actor_id, account_id, team_id, action, target, address, user_agent";
    let changed = "seal 2: a line is not as it was sealed".to_owned();
    let missing = |n: i64| format!("seal {}: the seal {n} before it is missing", n + 1);
    let lines = |n: i64, sealed: i32, there: i32| format!("seal {n}: {sealed} lines were sealed and {there} are there");
    // With the first line of the second seal, the one of the team's.
    let one = "(SELECT min(id) FROM audit_log WHERE seal = 2 AND team_id IS NOT NULL)";
    let rehash = |no: i64| {
        format!(
            "UPDATE audit_seals SET hash = sha256((SELECT hash FROM audit_seals WHERE no = {no} - 1)
                 || (SELECT string_agg(audit_digest(line), '' ORDER BY id) FROM audit_log line WHERE seal = {no}))
             WHERE no = {no}"
        )
    };
    let mut tampering: Vec<(String, Vec<String>)> = [
        "at = at + interval '1 microsecond'",
        "actor_id = NULL",
        "account_id = NULL",
        "team_id = NULL",
        "action = 'team.update.denied'",
        "target = target || ' '",
        "address = '192.0.2.2'",
        "user_agent = NULL",
        // From one column into the next.
        "account_id = team_id, team_id = account_id",
    ]
    .map(|set| (format!("UPDATE audit_log SET {set} WHERE id = {one}"), vec![changed.clone()]))
    .into();
    let two = second.lines;
    tampering.extend([
        (format!("DELETE FROM audit_log WHERE id = {one}"), vec![lines(2, two, two - 1)]),
        ("DELETE FROM audit_log WHERE seal = 2".into(), vec![lines(2, two, 0)]),
        (format!("UPDATE audit_log SET seal = NULL WHERE id = {one}"), vec![lines(2, two, two - 1)]),
        (
            format!("INSERT INTO audit_log ({columns}, seal) SELECT {columns}, 2 FROM audit_log WHERE id = {one}"),
            vec![lines(2, two, two + 1)],
        ),
        (
            // The same line under another number.
            format!(
                "INSERT INTO audit_log ({columns}, seal) SELECT {columns}, 2 FROM audit_log WHERE id = {one};
                 DELETE FROM audit_log WHERE id = {one}"
            ),
            vec![changed.clone()],
        ),
        (
            format!("UPDATE audit_log SET seal = 3 WHERE id = {one}"),
            vec![lines(2, two, two - 1), lines(3, seals[2].lines, seals[2].lines + 1)],
        ),
        (
            "UPDATE audit_log SET seal = 5 - seal WHERE seal IN (2, 3)".into(),
            vec![changed.clone(), "seal 3: a line is not as it was sealed".into()],
        ),
        (
            "DELETE FROM audit_seals WHERE no = 2".into(),
            vec![format!("seal 2: there is no seal 2, but {two} lines are under it"), missing(2)],
        ),
        ("DELETE FROM audit_seals WHERE no = 2; DELETE FROM audit_log WHERE seal = 2".into(), vec![missing(2)]),
        ("DELETE FROM audit_seals WHERE no = 1; DELETE FROM audit_log WHERE seal = 1".into(), vec![missing(1)]),
        (
            "UPDATE audit_seals SET hash = sha256('x') WHERE no = 2".into(),
            vec![changed.clone(), "seal 3: a line is not as it was sealed".into()],
        ),
        ("UPDATE audit_seals SET lines = lines + 1 WHERE no = 2".into(), vec![lines(2, two + 1, two)]),
        // By somebody who knows how the hashes are made, and mends the one.
        (
            format!("UPDATE audit_log SET target = 'x' WHERE id = {one}; {}", rehash(2)),
            vec!["seal 3: a line is not as it was sealed".into()],
        ),
    ]);
    for (sql, faults) in tampering {
        run(&world, &sql).await;
        assert_eq!(verify(&world, Some(head)).await.faults, faults, "{sql}");
        run(&world, undo).await;
        assert_eq!(verify(&world, Some(head)).await.faults, Vec::<String>::new());
    }

    // Who mends them all gets past the chain, but not past a seal that was noted elsewhere.
    let all = [2, 3, 4].map(rehash).join(";");
    run(&world, &format!("UPDATE audit_log SET target = 'x' WHERE id = {one}; {all}")).await;
    assert_eq!(verify(&world, None).await.faults, Vec::<String>::new());
    let other_hash = |seal: &Seal| format!("seal {}: it has another hash than the one you know", seal.no);
    assert_eq!(verify(&world, Some(head)).await.faults, [other_hash(head)]);
    run(&world, undo).await;

    // So it is with an end that was cut off, also when the log has grown again since.
    run(&world, "DELETE FROM audit_log WHERE seal = 4; DELETE FROM audit_seals WHERE no = 4").await;
    let report = verify(&world, None).await;
    assert_eq!((report.faults.len(), report.head.as_ref()), (0, Some(&seals[2])));
    assert_eq!(verify(&world, Some(&seals[2])).await.faults, Vec::<String>::new());
    assert_eq!(verify(&world, Some(head)).await.faults, ["seal 4: it is missing"]);
    write(&world, &ada, 4).await;
    world.backend.audit_seal().await.unwrap().unwrap();
    assert_eq!(verify(&world, Some(head)).await.faults, [other_hash(head)]);
    run(&world, "DELETE FROM audit_log; DELETE FROM audit_seals").await;
    assert_eq!(verify(&world, None).await.faults, Vec::<String>::new());
    assert_eq!(verify(&world, Some(head)).await.faults, ["seal 4: it is missing"]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn many_write_and_several_seal_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    // A second server on the same database, whose sealing meets the first one's.
    let second = World::new(world.options.clone()).await;
    let ada = world.person("Ada").await;
    let mut people = Vec::new();
    for n in 0..8 {
        people.push(world.person(&format!("Writer{n}")).await);
    }
    let members: Vec<_> = people.iter().map(|person| (person, Role::Viewer)).collect();
    let team = world.team(&ada, "Crew", &members).await;
    let done = AtomicBool::new(false);
    let writers = people.iter().enumerate().map(|(n, person)| {
        let backend = if n % 2 == 0 { &world.backend } else { &second.backend };
        async move {
            for round in 0..25 {
                backend.account_update(person, Name::parse(&format!("Writer {round}")).unwrap()).await.unwrap();
                assert!(backend.team_delete(person, team).await.is_err());
            }
        }
    });
    let sealers = [&world, &second, &world].map(|world| {
        let done = &done;
        async move {
            let mut seals = 0;
            while !done.load(Ordering::Relaxed) {
                seals += i32::from(world.backend.audit_seal().await.unwrap().is_some());
            }
            seals
        }
    });
    let writing = async {
        join_all(writers).await;
        done.store(true, Ordering::Relaxed);
    };
    let ((), seals) = futures::future::join(writing, join_all(sealers)).await;
    assert!(seals.iter().sum::<i32>() > 10, "{seals:?} seals are too few to prove anything");
    world.backend.audit_seal().await.unwrap();
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM audit_log) AS written, (SELECT sum(lines) FROM audit_seals) AS sealed,
             (SELECT count(DISTINCT seal) FROM audit_log) AS used, (SELECT max(no) FROM audit_seals) AS last",
    )
    .fetch_one(&mut world.owner().await)
    .await
    .unwrap();
    let number = |column: &str| row.get::<i64, _>(column);
    assert!(number("written") >= 8 * 25 * 3);
    assert_eq!((number("sealed"), number("used")), (number("written"), number("last")));
    let report = verify(&world, None).await;
    assert_eq!((report.sealed, report.unsealed, report.faults), (number("written"), 0, vec![]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_line_that_is_committed_later_is_sealed_later(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let mut slow = as_viewer(&world, &ada).await;
    let slow_line = sqlx::query_scalar(
        "INSERT INTO audit_log (at, actor_id, account_id, action) VALUES (now(), $1, $1, 'slow') RETURNING id",
    );
    let slow_line: i64 = slow_line.bind(ada.user_id.0).fetch_one(&mut slow).await.unwrap();
    write(&world, &bob, 2).await;
    let first = world.backend.audit_seal().await.unwrap().unwrap();
    assert_eq!(first.lines, 6, "neither is the line sealed, nor is it waited for");
    sqlx::raw_sql("COMMIT").execute(&mut slow).await.unwrap();
    let report = verify(&world, None).await;
    assert_eq!((report.sealed, report.unsealed, report.faults), (6, 1, vec![]));
    write(&world, &bob, 1).await;
    assert_eq!(world.backend.audit_seal().await.unwrap().unwrap().lines, 2);
    let seal = sqlx::query_scalar("SELECT seal FROM audit_log WHERE id = $1").bind(slow_line);
    assert_eq!(seal.fetch_one(&mut world.owner().await).await.map_err(drop), Ok(2i64));
    let report = verify(&world, Some(&first)).await;
    assert_eq!((report.sealed, report.unsealed, report.faults), (8, 0, vec![]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn who_finds_another_at_the_sealing_does_not_wait(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let mut other = as_app(&world).await;
    let sealed = sqlx::query("SELECT * FROM audit_seal($1)").bind(world.now());
    assert_eq!(sealed.fetch_one(&mut other).await.unwrap().get::<i32, _>("lines"), 2);
    write(&world, &ada, 3).await;
    assert_eq!(world.backend.audit_seal().await.unwrap(), None);
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    let next = world.backend.audit_seal().await.unwrap().unwrap();
    assert_eq!((next.no, next.lines), (2, 3));
    assert_eq!(verify(&world, None).await.faults, Vec::<String>::new());
    // A sealer who is lost in the middle has sealed nothing.
    write(&world, &ada, 1).await;
    let mut lost = as_app(&world).await;
    sqlx::query("SELECT * FROM audit_seal($1)").bind(world.now()).fetch_one(&mut lost).await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut lost).await.unwrap();
    assert_eq!(world.backend.audit_seal().await.unwrap().unwrap().no, 3);
    assert_eq!(verify(&world, None).await.faults, Vec::<String>::new());
}
