//! `taskwire backup` and `taskwire restore`.

use super::{
    cluster::{Cluster, Purpose},
    make::make,
    restore::{must_be_known, restore, undo},
    store::{Backup, Store},
    verify::verify,
};
use crate::{
    commands::{BackupCommand, RestoreArgs},
    config::Settings,
    database::Database,
    shutdown,
};
use anyhow::{Context, Result, ensure};
use std::io::{IsTerminal, Write, stdin, stdout};
use tokio_util::sync::CancellationToken;

/// `taskwire backup`: makes one, or what the command behind it says.
///
/// # Errors
/// What keeps it from doing so.
pub async fn backup(settings: &Settings, command: Option<BackupCommand>) -> Result<()> {
    let store = Store::of(settings)?;
    match command {
        Some(BackupCommand::List) => list(&store),
        Some(BackupCommand::Verify { backup }) => {
            let mut backup = store.find(backup.as_deref())?;
            with_cluster(settings, async |cluster| verify(cluster, &mut backup).await).await?;
            say(&format!("{} can be restored, and has in it what was in the database.", backup.name))
        }
        None => {
            let backup = with_cluster(settings, async |cluster| make(cluster, &store).await).await?;
            say(&format!("Made and verified: {} in {}.", described(&backup), store.dir().display()))
        }
    }
}

/// `taskwire restore`: asks, and brings a backup back.
///
/// # Errors
/// What keeps it from doing so; the live database is as it was then.
pub async fn bring_back(settings: &Settings, args: RestoreArgs) -> Result<()> {
    if args.undo {
        let question = "This makes the database live again that was live before the last restore.";
        ask(question, args.yes)?;
        let kept = with_cluster(settings, undo).await?;
        return say(&format!("Undone. What was live until now is kept as the database {kept}."));
    }
    if args.drop_old {
        ask("This drops every database that is kept from before a restore, for good.", args.yes)?;
        let dropped = with_cluster(settings, drop_old).await?;
        return say(&match dropped.as_slice() {
            [] => "None is kept.".to_owned(),
            names => format!("Dropped: {}.", names.join(", ")),
        });
    }
    let backup = Store::of(settings)?.find(args.backup.as_deref())?;
    must_be_known(&backup)?;
    ask(&format!("This replaces everything in Taskwire by {}.", described(&backup)), args.yes)?;
    let kept = with_cluster(settings, async |cluster| restore(cluster, &backup).await).await?;
    say(&format!(
        "Restored {}. What was there until now is kept as the database {kept}: `taskwire restore --undo` brings it back, \
         `taskwire restore --drop-old` drops it.",
        backup.name
    ))
}

async fn drop_old(cluster: &mut Cluster) -> Result<Vec<String>> {
    let kept = cluster.beside(Purpose::Kept).await?;
    for database in &kept {
        cluster.drop(database).await?;
    }
    Ok(kept)
}

/// Does something with the database, whether a server runs or not, until Ctrl-C.
async fn with_cluster<T>(settings: &Settings, work: impl AsyncFnOnce(&mut Cluster) -> Result<T>) -> Result<T> {
    let interrupt = shutdown::on_signal()?;
    let database = Database::reach(settings, &interrupt).await?;
    let done = until(&interrupt, async {
        let mut cluster = Cluster::lock(&database.connect, settings.postgres_bin.as_deref()).await?;
        let done = work(&mut cluster).await?;
        cluster.unlock().await?;
        Ok(done)
    });
    let done = done.await;
    database.stop().await;
    done
}

async fn until<T>(interrupt: &CancellationToken, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = work => done,
        () = interrupt.cancelled() => anyhow::bail!("interrupted"),
    }
}

fn list(store: &Store) -> Result<()> {
    let backups = store.list()?;
    if backups.is_empty() {
        return say(&format!("There is no backup in {} yet.", store.dir().display()));
    }
    for backup in backups {
        let verified = match backup.verified_at {
            Some(at) => format!("verified {}", at.format("%Y-%m-%d %H:%M UTC")),
            None => "not verified".to_owned(),
        };
        say(&format!("{}, {verified}", described(&backup)))?;
    }
    Ok(())
}

/// Its name, age and size, and who and how much is in it.
fn described(backup: &Backup) -> String {
    let manifest = &backup.manifest;
    let rows = |table: &str| manifest.contents.tables.get(table).map_or(0, |table| table.rows);
    format!(
        "{} (of {}, {} KiB, {} people, {} tasks, by Taskwire {})",
        backup.name,
        manifest.created_at.format("%Y-%m-%d %H:%M:%S UTC"),
        manifest.size.div_ceil(1024),
        rows("users"),
        rows("tasks"),
        manifest.taskwire,
    )
}

/// Goes on when the person says yes, or has said so beforehand.
fn ask(question: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    ensure!(stdin().is_terminal(), "{question} Nobody is here to be asked: say --yes if that is what you want.");
    print!("{question} Go on? Type yes: ");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).context("cannot read the answer")?;
    ensure!(answer.trim() == "yes", "Nothing was changed.");
    Ok(())
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(stdout(), "{text}")?)
}
