//! Backup and restore (requirement O4).
//!
//! * [`store`] is the folder of backups, [`manifest`] what is known of each.
//! * [`cluster`] is the PostgreSQL that the live database is in: it makes databases beside that, and drops and swaps them.
//! * [`contents`] counts and sums a database, table by table.
//! * [`tools`] runs pg_dump and pg_restore.
//! * [`make`] makes a backup, and [`verify`] tries one, [`restore`] brings one back, [`schedule`] does it every night.
//! * [`commands`] is the command line.
//!
//! Nothing here touches the live database's rows. A restore fills a database beside it, and one transaction swaps the two
//! names: whatever breaks off before leaves the live data as they were.

pub mod cluster;
pub mod commands;
pub mod contents;
mod make;
pub mod manifest;
mod restore;
pub mod schedule;
pub mod store;
pub mod tools;
mod verify;
