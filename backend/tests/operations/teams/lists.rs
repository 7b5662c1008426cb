//! The lists of people in teams, compared with what SQL says past row-level security.

use super::*;

/// A task in a list as its viewer is to see it: id, access, owner's name, team and its name.
type Seen = (i64, String, Option<String>, Option<Uuid>, Option<String>);

fn seen(task: &Task) -> Seen {
    let Task { id, access, owner, team_id, team, .. } = task;
    (id.0, access.to_string(), owner.clone(), team_id.map(|id| id.0), team.clone())
}

/// What a list must contain and in what order, said once more in SQL, past row-level security.
async fn expected(world: &World, viewer: &Viewer, query: &TaskQuery) -> Vec<Seen> {
    let order = match query.sort {
        Sort::Updated => "task.updated_at DESC, task.id DESC",
        Sort::Newest => "task.created_at DESC, task.id DESC",
        Sort::Oldest => "task.created_at, task.id",
        Sort::Title => "task.title_key, task.id",
    };
    let (source, wanted) = match query.source {
        Source::All => ("$2::uuid IS NULL", None),
        Source::Own => ("$2::uuid IS NULL AND task.user_id = $1", None),
        Source::Shared => ("$2::uuid IS NULL AND share.permission IS NOT NULL", None),
        Source::Team(team) => ("task.team_id = $2", Some(team.0)),
    };
    let sql = format!(
        "SELECT task.id,
             CASE
                 WHEN task.user_id = $1 AND task.team_id IS NULL THEN 'owner'
                 WHEN mine.role IN ('owner', 'admin') THEN mine.role
                 WHEN mine.role = 'member' AND task.user_id = $1 THEN 'member'
                 WHEN share.permission = 'edit' THEN 'edit'
                 ELSE coalesce(mine.role, share.permission)
             END,
             CASE WHEN task.user_id <> $1 THEN owner.name END,
             CASE WHEN mine.role IS NOT NULL THEN team.id END,
             CASE WHEN mine.role IS NOT NULL THEN team.name END
         FROM tasks task
         JOIN users owner ON owner.id = task.user_id
         LEFT JOIN teams team ON team.id = task.team_id
         LEFT JOIN team_members mine ON mine.team_id = task.team_id AND mine.user_id = $1
         LEFT JOIN task_shares share ON share.task_id = task.id AND share.user_id = $1
         WHERE (task.user_id = $1 OR mine.role IS NOT NULL OR share.permission IS NOT NULL)
             AND ({source}) AND ($3::text IS NULL OR task.status = $3)
         ORDER BY {order}"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(viewer.user_id.0)
        .bind(wanted)
        .bind(query.status.map(Status::as_str))
        .fetch_all(&mut world.owner().await)
        .await
        .unwrap()
}

/// People with teams, tasks and shares as chance has it, also shares of people who came into the team later.
async fn random_society(world: &World, random: &mut StdRng) -> (Vec<Viewer>, Vec<TeamId>) {
    let mut people = Vec::new();
    for name in ["Ada", "Bob", "Cleo", "Dan", "Eve", "Fay"] {
        people.push(world.person(name).await);
    }
    let mut teams = Vec::new();
    let mut tasks = Vec::new();
    for n in 0..3 {
        let owner = random.random_range(0..people.len());
        let mut members = Vec::new();
        for (at, person) in people.iter().enumerate() {
            if at != owner && random.random_ratio(1, 2) {
                members.push((person, Role::ALL[random.random_range(1..Role::ALL.len())]));
            }
        }
        let team = world.team(&people[owner], &format!("Team {n}"), &members).await;
        teams.push((team, owner));
    }
    let titles = ["a", "B", "b", "Ä", "ä", "Straße", "strasse", "10", "9", "İzmir"];
    for person in &people {
        let mut places = vec![None];
        for team in world.backend.team_list(person).await.unwrap() {
            if team.role.may(TeamAction::CreateTask) {
                places.push(Some(team.id));
            }
        }
        for place in places {
            for _ in 0..random.random_range(0..5) {
                // Some at the same instant and with the same title, so that the id has to break ties.
                world.pass(TimeDelta::seconds(random.random_range(0..2)));
                let title = titles[random.random_range(0..titles.len())];
                let new = NewTask::parse(title, "", None).unwrap().in_team(place);
                let task = world.backend.task_create(person, new).await.unwrap();
                match random.random_range(0..6) {
                    0..2 => {
                        let change = TaskChange::status(Status::Completed);
                        world.backend.task_update(person, task.id, change).await.unwrap();
                    }
                    2 => drop(world.backend.task_delete(person, task.id, None).await.unwrap()),
                    _ => {}
                }
                tasks.push((person, task));
            }
        }
    }
    for (owner, task) in &tasks {
        for person in &people {
            if random.random_ratio(1, 3) {
                let email = world.backend.account_get(person).await.unwrap().email;
                let permission = if random.random() { "view" } else { "edit" };
                let new = NewShare::parse(&email, permission).unwrap();
                // Refused to oneself, to team-mates, and of what is deleted.
                let _ = world.backend.share_give(owner, task.id, new).await;
            }
        }
    }
    for (team, owner) in &teams {
        for person in &people {
            let owner = &people[*owner];
            let role = Role::ALL[random.random_range(1..Role::ALL.len())];
            match random.random_range(0..4) {
                0 => {
                    let email = world.backend.account_get(person).await.unwrap().email;
                    let _ = world.backend.team_member_add(owner, *team, somebody(&email, role)).await;
                }
                1 => drop(world.backend.team_member_change(owner, *team, person.user_id, role).await),
                2 if random.random_ratio(1, 2) => drop(world.backend.team_leave(person, *team).await),
                _ => {}
            }
        }
    }
    (people, teams.into_iter().map(|(team, _)| team).collect())
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_list_has_each_visible_task_once_with_its_access(_: PgPoolOptions, options: PgConnectOptions) {
    let mut accesses = BTreeSet::new();
    let mut pages = 0;
    let world = World::new(options).await;
    for seed in 0..3 {
        let mut owner = world.owner().await;
        sqlx::raw_sql("DELETE FROM teams; DELETE FROM users").execute(&mut owner).await.unwrap();
        let random = &mut StdRng::seed_from_u64(seed);
        let (people, teams) = random_society(&world, random).await;
        for viewer in &people {
            let of_teams = teams.iter().copied().map(Source::Team);
            for source in [Source::All, Source::Own, Source::Shared].into_iter().chain(of_teams) {
                for sort in Sort::ALL.iter().copied() {
                    let status =
                        [None, None, Some(Status::Pending), Some(Status::Completed)][random.random_range(0..4)];
                    let limit: u32 = random.random_range(1..8);
                    let mut query = TaskQuery { source, sort, status, limit: Some(limit), ..TaskQuery::default() };
                    let expected = expected(&world, viewer, &query).await;
                    if let Source::Team(team) = source
                        && world.backend.team_get(viewer, team).await.is_err()
                    {
                        assert_eq!(refusal(world.backend.task_list(viewer, &query).await), Refusal::NotFound);
                        continue;
                    }
                    let mut listed = Vec::new();
                    loop {
                        let page = world.backend.task_list(viewer, &query).await.unwrap();
                        assert!(page.tasks.len() <= limit as usize);
                        assert!(page.next.is_none() || page.tasks.len() == limit as usize);
                        listed.extend(page.tasks);
                        pages += 1;
                        query.cursor = page.next;
                        if query.cursor.is_none() {
                            break;
                        }
                    }
                    let found: Vec<Seen> = listed.iter().map(seen).collect();
                    assert_eq!(found, expected, "seed {seed}, {source:?}, {sort}");
                    for task in &listed {
                        accesses.insert(task.access.as_str());
                        assert_eq!(task.is_own(), task.user_id == viewer.user_id);
                    }
                }
            }
            for task in expected(&world, viewer, &TaskQuery::default()).await {
                assert_eq!(seen(&world.backend.task_get(viewer, TaskId(task.0)).await.unwrap()), task);
            }
        }
        assert_counted(&world).await;
    }
    assert_eq!(accesses.len(), Access::ALL.len(), "only {accesses:?} was seen");
    assert!(pages > 500, "{pages} pages are too few to prove anything");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_list_tells_counts_only_of_what_is_known_without_counting(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let (ada, bob, cleo) = (world.person("Ada").await, world.person("Bob").await, world.person("Cleo").await);
    let counts = async |viewer: &Viewer, source: Source| {
        world.backend.task_list(viewer, &TaskQuery { source, ..TaskQuery::default() }).await.unwrap().counts
    };
    let task = world.task(&ada, "alone").await;
    world.task(&cleo, "Cleo's").await;
    let one = Some(Counts { pending: 1, completed: 0 });
    for viewer in [&ada, &cleo] {
        assert_eq!((counts(viewer, Source::All).await, counts(viewer, Source::Own).await), (one, one));
        assert_eq!(counts(viewer, Source::Shared).await, None);
    }
    // What one gives to others changes nothing for oneself; what one is given does.
    world.share(&ada, task.id, &bob, Permission::View).await;
    assert_eq!(counts(&ada, Source::All).await, one);
    assert_eq!((counts(&bob, Source::All).await, counts(&bob, Source::Own).await), (None, Some(Counts::default())));
    world.backend.share_decline(&bob, task.id).await.unwrap();
    assert_eq!(counts(&bob, Source::All).await, Some(Counts::default()));

    let team = world.team(&ada, "Crew", &[(&cleo, Role::Member)]).await;
    let of_cleo = world.team_task(&cleo, team, "in the team").await;
    world.backend.task_update(&ada, of_cleo.id, TaskChange::status(Status::Completed)).await.unwrap();
    assert_eq!((counts(&ada, Source::All).await, counts(&ada, Source::Own).await), (None, one));
    let two = Some(Counts { pending: 1, completed: 1 });
    assert_eq!((counts(&cleo, Source::All).await, counts(&cleo, Source::Own).await), (None, two));
    assert_eq!(counts(&cleo, Source::Team(team)).await, None);
    world.backend.team_leave(&cleo, team).await.unwrap();
    assert_eq!(counts(&cleo, Source::All).await, one);
    assert_eq!(counts(&ada, Source::Own).await, two);
}
