//! What `make bench` needs besides the product and a load generator.
//!
//! * [`seed`] fills a database with people, their sessions and their tasks, and signs their tokens.
//! * [`floor`] is the bare server that the product is compared with, [`creation`] the bare statements.
//! * [`policies`] measures what row-level security costs.
//! * [`report`] makes a table of what was measured.
//!
//! `scripts/bench` puts them together; `docs/performance.md` says what came out.

mod claims;
mod creation;
mod floor;
mod policies;
mod report;
mod seed;
mod statements;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use sqlx::postgres::PgConnectOptions;
use std::{net::SocketAddr, path::PathBuf};

/// Parts of `make bench`.
#[derive(Debug, Parser)]
#[command(name = "taskwire-bench")]
struct Cli {
    /// Where the compiler has recorded the product's statements.
    #[arg(long, default_value = ".sqlx")]
    record: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fills a fresh database, and writes into a folder the people's tokens, and what they sign in with, one a line.
    Seed {
        #[command(flatten)]
        surroundings: Surroundings,
        /// Where they go.
        folder: PathBuf,
        /// Tasks of the person who has the most.
        #[arg(long, default_value_t = 1_000_000)]
        most: i32,
    },
    /// Serves the same work done bare, and prints its address.
    Floor {
        #[command(flatten)]
        surroundings: Surroundings,
        /// Where to serve.
        #[arg(long, default_value = "127.0.0.1:0")]
        addr: SocketAddr,
        /// Connections to the database at most; the product's default.
        #[arg(long, default_value_t = 10)]
        db_connections: u32,
    },
    /// Prints a script for pgbench that makes tasks with the product's statements.
    Creation,
    /// Measures what row-level security costs, and prints it.
    Policies {
        #[command(flatten)]
        surroundings: Surroundings,
        /// The file with the token of the person in the midst of teams and shares.
        token: PathBuf,
    },
    /// Prints a table of the results in a file.
    Report {
        /// Lines that `bench/load.lua` has written.
        results: PathBuf,
    },
}

/// The same settings as the product's.
#[derive(Debug, Args)]
struct Surroundings {
    /// The database, as its owner.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: PgConnectOptions,
    /// Signs the tokens.
    #[arg(long, env = "AUTH_SECRET", hide_env_values = true)]
    auth_secret: String,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    // The runtime that the product has.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Seed { surroundings: at, folder, most } => {
                seed::run(&at.database_url, &at.auth_secret, &folder, most).await
            }
            Command::Floor { surroundings: at, addr, db_connections } => {
                floor::run(at.database_url, &at.auth_secret, addr, db_connections, &cli.record).await
            }
            Command::Creation => {
                print!("{}", creation::script(&cli.record)?);
                Ok(())
            }
            Command::Policies { surroundings: at, token } => {
                let token = std::fs::read_to_string(token)?;
                policies::run(at.database_url, &at.auth_secret, token.trim(), &cli.record).await
            }
            Command::Report { results } => {
                print!("{}", report::table(&std::fs::read_to_string(results)?)?);
                Ok(())
            }
        }
    })
}
