//! Whether the schema is what the migrations make of an empty database: tables, columns, indexes, row-level security, policies, functions,
//! triggers, constraints, and who may do what.

use super::Finding;
use crate::backup::{
    cluster::{Cluster, Purpose},
    contents::{known_migration, newest_migration},
};
use anyhow::Result;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeSet;
use taskwire_backend::MIGRATOR;

/// Everything that decides what the database does, each thing as a text that begins with what it is.
const RULES: &str = "/* schema_rules */
    SELECT concat_ws(' ', 'policy', policyname, 'on', tablename, permissive, roles, cmd, qual, with_check) FROM pg_policies
    WHERE schemaname = 'public'
    UNION ALL SELECT concat_ws(' ', CASE relkind WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' ELSE 'relation' END, relname,
        'row-level security', relrowsecurity, 'forced', relforcerowsecurity, relacl)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'
    UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attacl,
        pg_get_expr(adbin, adrelid))
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN 'invalid' END)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'function', proname, proowner::regrole, proacl, pg_get_functiondef(oid)) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', 'constraint', conname, 'on', conrelid::regclass, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace";

/// Differences shown at most.
const SHOWN: usize = 10;

/// Compares with a database that is made for it, and dropped again.
///
/// # Errors
/// The connection is lost.
pub async fn check(cluster: &mut Cluster, live: &mut PgConnection) -> Result<Finding> {
    let known = known_migration();
    match newest_migration(live).await? {
        Some(newest) if newest > known => {
            let what = format!("The schema is at migration {newest}, and this Taskwire knows {known}");
            return Ok(Finding::wrong(what, "Install the newer version that has used this database."));
        }
        Some(newest) if newest == known => {}
        older => {
            let what = format!("The schema is at migration {} of {known}", older.unwrap_or_default());
            return Ok(Finding::mind(what, "The next start of the server brings it up to date."));
        }
    }
    let scratch = match cluster.make(Purpose::Verify).await {
        Ok(scratch) => scratch,
        Err(error) => {
            let what = format!("The schema was not looked at: {error:#}");
            return Ok(Finding::mind(what, "ALTER ROLE … CREATEDB lets the login make a database to compare it with."));
        }
    };
    let wanted = async {
        let mut connection = cluster.open(&scratch).await?;
        MIGRATOR.run(&mut connection).await?;
        let rules = rules(&mut connection).await?;
        connection.close().await?;
        anyhow::Ok(rules)
    };
    let wanted = wanted.await;
    cluster.drop(&scratch).await?;
    let (wanted, found) = (wanted?, rules(live).await?);
    let differences: Vec<String> = wanted
        .difference(&found)
        .map(|rule| format!("missing: {}", shortened(rule)))
        .chain(found.difference(&wanted).map(|rule| format!("not ours: {}", shortened(rule))))
        .take(SHOWN)
        .collect();
    if differences.is_empty() {
        let rules = found.len();
        return Ok(Finding::well(format!(
            "The schema, its policies and indexes are what the {known} migrations make ({rules} parts)"
        )));
    }
    let advice = "Somebody has changed it by hand. Undo that, or restore a backup from before; a change to what is here shows twice.";
    Ok(Finding::wrong(format!("The schema is not what the migrations make\n  {}", differences.join("\n  ")), advice))
}

async fn rules(connection: &mut PgConnection) -> Result<BTreeSet<String>> {
    let rules: Vec<String> = sqlx::query_scalar(RULES).fetch_all(connection).await?;
    // Of a chain of comparisons PostgreSQL remembers less once it has written it out, as in a dump.
    Ok(rules.into_iter().map(|rule| rule.replace(['(', ')'], "")).collect())
}

/// One line of it.
fn shortened(rule: &str) -> String {
    rule.split_whitespace().take(12).collect::<Vec<_>>().join(" ")
}
