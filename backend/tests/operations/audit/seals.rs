//! The chain of seals, and what shows when somebody changes what is under it.

use super::*;

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
                assert!(backend.team_delete(person, team, None).await.is_err());
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
