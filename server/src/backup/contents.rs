//! What is in a database: rows and a checksum of each table, by which two databases are compared.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::BTreeMap;
use taskwire_backend::MIGRATOR;

/// The same for the same rows, in whatever order, under whatever settings of the session, by any version of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The newest migration.
    pub migration: i64,
    /// By table.
    pub tables: BTreeMap<String, Table>,
}

/// A table's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Table {
    /// How many rows it has.
    pub rows: i64,
    /// The sum of the first 64 bits of each row's MD5: against accidents, not against forgers.
    pub checksum: String,
}

/// How rows look as texts. And rather no answer than one that row-level security has thinned out.
const SETTINGS: &str =
    "/* contents_settings */ SET row_security = off; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD';
    SET intervalstyle = 'iso_8601'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET statement_timeout = 0";

impl Contents {
    /// Reads all of a database, in the transaction that the connection is in.
    ///
    /// # Errors
    /// There is nothing of Taskwire's in it, or the login does not see every row.
    pub async fn read(connection: &mut PgConnection) -> Result<Self> {
        sqlx::raw_sql(SETTINGS).execute(&mut *connection).await?;
        let migration = newest_migration(&mut *connection).await?.context("there is nothing in this database yet")?;
        let names: Vec<String> = sqlx::query_scalar(
            "/* contents_tables */ SELECT quote_ident(relname) FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut tables = BTreeMap::new();
        for name in names {
            let sums = format!(
                "/* contents_table */ SELECT count(*) AS rows,
                        coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text AS checksum
                 FROM {name} t"
            );
            let table = sqlx::query_as(AssertSqlSafe(sums)).fetch_one(&mut *connection).await;
            let table = table.with_context(|| format!("cannot read all of the table {name}"))?;
            tables.insert(name, table);
        }
        Ok(Self { migration, tables })
    }

    /// Whether a restored database has the same in it.
    ///
    /// # Errors
    /// The first table that is different.
    pub fn must_be(&self, wanted: &Self) -> Result<()> {
        ensure!(self.migration == wanted.migration, "it has other migrations than the backup");
        for (name, table) in &wanted.tables {
            let found = self.tables.get(name).with_context(|| format!("the table {name} is missing"))?;
            ensure!(
                found == table,
                "the table {name} is not as it was: {} rows with the checksum {}, and not {} with {}",
                found.rows,
                found.checksum,
                table.rows,
                table.checksum
            );
        }
        ensure!(self.tables.len() == wanted.tables.len(), "it has tables that the backup does not have");
        Ok(())
    }
}

/// The newest migration of a database; `None` where Taskwire has never been.
pub async fn newest_migration(connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    let exists = "/* migrations_exist */ SELECT to_regclass('public._sqlx_migrations') IS NOT NULL";
    match sqlx::query_scalar(exists).fetch_one(&mut *connection).await? {
        true => {
            let newest = "/* migration_newest */ SELECT max(version) FROM _sqlx_migrations";
            sqlx::query_scalar(newest).fetch_one(connection).await
        }
        false => Ok(None),
    }
}

/// The newest migration that this program knows.
pub fn known_migration() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}
