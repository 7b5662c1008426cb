//! A database like that of a busy company.
//!
//! 1,000 people with 50 tasks each, one with 100, one with a million, and one in the midst of 20 teams and 1,000 shared
//! tasks (`crowded.sql`), each signed in once. Everybody's
//! tasks are spread evenly over the last 30 days and two of three are done, so that whoever has many of them has
//! something in every quarter of an hour of the week: the most that the statistics ever have to add up.

use crate::{claims::Claims, policies};
use anyhow::Result;
use argon2::{Argon2, password_hash::PasswordHasher};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{fs, path::Path, time::Instant};
use taskwire_backend::{Clock, MIGRATOR};
use uuid::Uuid;

/// Tasks that one statement inserts.
const BATCH: i32 = 50_000;

/// Those with 50 tasks each, who are numbered from one.
pub const PEOPLE: u32 = 1_000;

/// Everybody's.
const PASSWORD: &str = "Correct-horse-1";

/// In SQL, the id of the person with this number.
pub fn user_id(number: &str) -> String {
    format!("('00000000-0000-7000-8000-' || lpad({number}, 12, '0'))::uuid")
}

/// In SQL, the id of the session of the person with this number.
pub fn session_id(number: &str) -> String {
    format!("('00000000-0000-7000-9000-' || lpad({number}, 12, '0'))::uuid")
}

struct Person {
    user: Uuid,
    session: Uuid,
    email: String,
}

/// Fills the database and writes `users`, `hundred`, `million` and `crowded` into `folder`: their tokens, one a line; and
/// `sign-ins`: the bodies with which the first of them sign in.
pub async fn run(connect: &PgConnectOptions, secret: &str, folder: &Path, most: i32) -> Result<()> {
    let start = Instant::now();
    let mut connection = connect.connect().await?;
    MIGRATOR.run(&mut connection).await?;
    let (clock, now) = (Clock::system(), Clock::system().now());
    let hash = Argon2::default().hash_password(PASSWORD.as_bytes())?.to_string();
    for (group, people, tasks) in [("users", PEOPLE, 50), ("hundred", 1, 100), ("million", 1, most), ("crowded", 1, 0)]
    {
        let people: Vec<Person> = (1..=people)
            .map(|n| Person { user: clock.id(), session: clock.id(), email: format!("{group}-{n}@bench.test") })
            .collect();
        let people = match group {
            "users" => numbered(&mut connection, people).await?,
            _ => people,
        };
        sign_up(&mut connection, &people, &hash, now).await?;
        add_tasks(&mut connection, &people, tasks, now).await?;
        let tokens: Result<Vec<_>> = people.iter().map(|person| token(person, secret, now)).collect();
        fs::write(folder.join(group), tokens?.join("\n") + "\n")?;
        if group == "users" {
            let sign_in = |person: &Person| json!({ "email": person.email, "password": PASSWORD }).to_string();
            fs::write(folder.join("sign-ins"), people.iter().map(sign_in).collect::<Vec<_>>().join("\n") + "\n")?;
        }
    }
    let crowd = format!(
        "SET crowded.viewer = '{}'; {}",
        policies::crowded(&mut connection).await?,
        include_str!("crowded.sql")
    );
    sqlx::raw_sql(AssertSqlSafe(crowd)).execute(&mut connection).await?;
    // What autovacuum would do in its own time, in the middle of a measurement.
    sqlx::query("VACUUM ANALYZE").execute(&mut connection).await?;
    sqlx::query("CHECKPOINT").execute(&mut connection).await?;
    connection.close().await?;
    println!("1,003 people and {} tasks in {} s", 100_100 + most, start.elapsed().as_secs());
    Ok(())
}

/// The same people, with the ids that their numbers give them.
async fn numbered(connection: &mut PgConnection, people: Vec<Person>) -> Result<Vec<Person>> {
    let ids = format!("SELECT {}, {} FROM generate_series(1, $1) n", user_id("n::text"), session_id("n::text"));
    let ids: Vec<(Uuid, Uuid)> =
        sqlx::query_as(AssertSqlSafe(ids)).bind(i32::try_from(people.len())?).fetch_all(connection).await?;
    let renamed = people.into_iter().zip(ids).map(|(person, (user, session))| Person { user, session, ..person });
    Ok(renamed.collect())
}

/// People and sessions as they are after a sign-in.
async fn sign_up(connection: &mut PgConnection, people: &[Person], hash: &str, now: DateTime<Utc>) -> Result<()> {
    let users: Vec<Uuid> = people.iter().map(|person| person.user).collect();
    let sessions: Vec<Uuid> = people.iter().map(|person| person.session).collect();
    let emails: Vec<&str> = people.iter().map(|person| person.email.as_str()).collect();
    sqlx::query(
        "INSERT INTO users (id, email, name, password_hash, created_at)
         SELECT id, email, 'A person', $4, $3 FROM unnest($1::uuid[], $2::text[]) person (id, email)",
    )
    .bind(&users)
    .bind(&emails)
    .bind(now)
    .bind(hash)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at)
         SELECT id, user_id, $3, $3, $4 FROM unnest($1::uuid[], $2::uuid[]) session (id, user_id)",
    )
    .bind(&sessions)
    .bind(&users)
    .bind(now)
    .bind(now + Duration::days(1))
    .execute(connection)
    .await?;
    Ok(())
}

/// The triggers count them, as they count every task.
async fn add_tasks(connection: &mut PgConnection, people: &[Person], tasks: i32, now: DateTime<Utc>) -> Result<()> {
    let users: Vec<Uuid> = people.iter().map(|person| person.user).collect();
    for first in (1..=tasks).step_by(BATCH.unsigned_abs() as usize) {
        sqlx::query(
            "INSERT INTO tasks (user_id, title, description, status, created_at, updated_at, completed_at)
             SELECT user_id,
                 (ARRAY['Order new laptops', 'Draft the quarterly report', 'Plan the offsite', 'Call the plumber',
                     'Renew the certificate', 'Read what Ada sent', 'Pay the invoice'])[1 + n % 7] || ' ' || n,
                 'What was said last time, and by whom.',
                 CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'completed' END, at, at + interval '1 minute',
                 CASE WHEN n % 3 = 0 THEN NULL ELSE at + interval '1 minute' END
             FROM unnest($1::uuid[]) user_id
             CROSS JOIN generate_series($2::int, $3::int) n
             CROSS JOIN LATERAL (SELECT $5 - n * (interval '30 days' / $4::int) - interval '1 minute' AS at) time",
        )
        .bind(&users)
        .bind(first)
        .bind((first + BATCH - 1).min(tasks))
        .bind(tasks)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn token(person: &Person, secret: &str, now: DateTime<Utc>) -> Result<String> {
    let (sub, sid, email) = (person.user, person.session, person.email.clone());
    Claims { sub, email, sid, iat: now.timestamp(), exp: (now + Duration::days(1)).timestamp() }.sign(secret)
}
