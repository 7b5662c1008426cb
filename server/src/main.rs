//! The program `taskwire`: reads the settings and does what they say.

use mimalloc::MiMalloc;
use std::process::ExitCode;
use taskwire::{
    api, audit, backup,
    config::{AuditCommand, Cli, Command, PostgresCommand, SecretCommand},
    doctor, logging, secret, serve, standalone,
};

/// Requests allocate a lot of small things on several threads, and a password's hash 19 MiB on whichever is free: the
/// system's allocator is slower at the one, and keeps the other on each of them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("taskwire: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let cli = Cli::read()?;
    let _log = logging::start(&cli.settings.log, cli.settings.log_format, cli.settings.metrics_token.is_some())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Some(Command::Postgres(PostgresCommand::Start { for_tests })) => {
                standalone::run(&cli.settings, for_tests).await
            }
            Some(Command::Audit(AuditCommand::Verify { head })) => audit::verify(&cli.settings, head).await,
            Some(Command::Backup { command }) => backup::commands::backup(&cli.settings, command).await,
            Some(Command::Restore(args)) => backup::commands::bring_back(&cli.settings, args).await,
            Some(Command::Doctor) => doctor::run(&cli.settings).await,
            Some(Command::Secret(SecretCommand::Rotate)) => secret::rotate(&cli.settings),
            Some(Command::Openapi) => {
                println!("{}", api::document().to_pretty_json()?);
                Ok(())
            }
            None => serve::run(&cli.settings).await,
        }
    })
}
