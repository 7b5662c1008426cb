//! The program `taskwire`: reads the settings and does what they say.

use mimalloc::MiMalloc;
use std::process::ExitCode;
use taskwire::{
    administrators, api, audit, backup,
    commands::{AuditCommand, Command, PostgresCommand, SecretCommand},
    config::Cli,
    doctor, logging, mcp, secret, serve, standalone,
    telemetry::Telemetry,
};
use taskwire_backend::performance::Recent;

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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let collector = cli.settings.collector.as_ref().filter(|_| cli.command.is_none());
    let telemetry = collector.map(|collector| Telemetry::start(collector, runtime.handle())).transpose()?;
    let recent = Recent::default();
    let measured = cli.command.is_none().then(|| recent.clone());
    let _log = logging::start(&cli.settings.log, cli.settings.log_format, measured, telemetry.as_ref())?;
    runtime.block_on(async {
        match cli.command {
            Some(Command::Postgres(PostgresCommand::Start { for_tests })) => {
                standalone::run(&cli.settings, for_tests).await
            }
            Some(Command::Audit(AuditCommand::Verify { head })) => audit::verify(&cli.settings, head).await,
            Some(Command::Backup { command }) => backup::commands::backup(&cli.settings, command).await,
            Some(Command::Restore(args)) => backup::commands::bring_back(&cli.settings, args).await,
            Some(Command::Admin(command)) => administrators::run(&cli.settings, command).await,
            Some(Command::Doctor) => doctor::run(&cli.settings).await,
            Some(Command::Mcp(args)) => mcp::stdio::run(args).await,
            Some(Command::Secret(SecretCommand::Rotate)) => secret::rotate(&cli.settings),
            Some(Command::Openapi) => {
                println!("{}", api::document().to_pretty_json()?);
                Ok(())
            }
            None => {
                let served = serve::run(&cli.settings, recent).await;
                if let Some(telemetry) = telemetry {
                    telemetry.stop().await;
                }
                served
            }
        }
    })
}
