//! The audit log: what stands in whose, that nobody changes it, and that it shows when somebody does (requirement I4).

mod refusals;
mod seals;

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
    backend.team_delete(&bob, team, None).await.unwrap();
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
        // Everything twice: the second time nothing happens, and nothing is noted.
        let give = async |email: &str, permission: &str| {
            for _ in 0..2 {
                backend.share_give(&bob, task.id, NewShare::parse(email, permission).unwrap()).await.unwrap();
            }
        };
        let change = async |email: &str, permission: &str| {
            for _ in 0..2 {
                backend.share_change(&bob, task.id, NewShare::parse(email, permission).unwrap()).await.unwrap();
            }
        };
        give("eve@example.org", "view").await;
        give("eve@example.org", "edit").await;
        change("eve@example.org", "view").await;
        give("new@example.org", "view").await;
        change("new@example.org", "edit").await;
        backend.share_uninvite(&bob, task.id, new.clone()).await.unwrap();
        backend.share_revoke(&bob, task.id, eve.user_id).await.unwrap();
        give("eve@example.org", "view").await;
        backend.share_decline(&eve, task.id).await.unwrap();
        // Nothing happened, nothing is noted.
        backend.share_uninvite(&bob, task.id, new.clone()).await.unwrap();
        backend.share_revoke(&bob, task.id, eve.user_id).await.unwrap();
    }
    let of_bob = |title: &str, rest: &str, from: &str| {
        [
            format!("share.give {title} with eve@example.org to view{rest}{from}"),
            format!("share.give {title} with eve@example.org to edit{rest}{from}"),
            format!("share.change {title} with eve@example.org to view{rest}{from}"),
            format!("share.invite {title} with new@example.org to view{rest}{from}"),
            format!("share.change {title} with new@example.org to edit{rest}{from}"),
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
    backend.session_end(&ada, third.session().unwrap()).await.unwrap();
    backend.session_end_others(&ada).await.unwrap();
    assert_eq!(refusal(backend.session_end(&bob, ada.session().unwrap()).await), Refusal::NotFound);
    backend.session_end(&ada, ada.session().unwrap()).await.unwrap();

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
            &format!("I session.end session:{} from 192.0.2.1", third.session().unwrap()),
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

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_takes_up_the_log_of_a_team_that_is_gone(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob) = (world.person("Ada").await, world.person("Bob").await);
    let team = world.team(&ada, "Crew", &[(&bob, Role::Viewer)]).await;
    world.backend.team_delete(&ada, team, None).await.unwrap();
    let again = format!("INSERT INTO teams (id, name, created_at) VALUES ('{team}', 'Crew', now())");
    let refused = sqlx::raw_sql(AssertSqlSafe(again)).execute(&mut as_viewer(&world, &bob).await).await;
    assert!(refused.unwrap_err().to_string().contains("row-level security"));
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
