//! Where the style sheet and the scripts are, and what Leptos needs to know about them.

use crate::config::Settings;
use anyhow::{Context, Result};
use leptos::config::{Env, LeptosOptions};
use std::path::{Path, PathBuf};

/// The name cargo-leptos gives the compiled files.
const OUTPUT_NAME: &str = "taskwire";
/// The folder of the compiled files inside the site, and the path they are served under.
pub const PKG: &str = "pkg";

/// Leptos' own options, made from the settings: a copied folder needs no `Cargo.toml` and none of
/// cargo-leptos' variables.
///
/// # Errors
/// A site folder whose name is not UTF-8.
pub fn leptos_options(settings: &Settings) -> Result<LeptosOptions> {
    let beside =
        std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned())).unwrap_or_default();
    let site = settings.site_dir.clone().unwrap_or_else(|| default_site(&beside));
    if !site.join(PKG).is_dir() {
        tracing::warn!(
            folder = %site.display(),
            "there is no site folder, so pages come without style and scripts; TASKWIRE_SITE_DIR says where it is"
        );
    }
    // `cargo leptos watch` says where its page listens for changes, and may leave the names without hashes. Leptos
    // reads the hashes beside the program for every page, and panics when they are missing.
    let variable = |name: &str| std::env::var(name).ok();
    let hash_files = beside.join("hash.txt").is_file() && variable("LEPTOS_HASH_FILES").is_none_or(|on| on == "true");
    let reload_port = variable("LEPTOS_RELOAD_PORT").and_then(|port| port.parse().ok()).unwrap_or(3001);
    Ok(LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        .site_root(site.to_str().context("TASKWIRE_SITE_DIR is not UTF-8")?)
        .site_pkg_dir(PKG)
        .site_addr(settings.addr)
        .env(if variable("LEPTOS_WATCH").is_some() { Env::DEV } else { Env::PROD })
        .reload_port(reload_port)
        .hash_files(hash_files)
        .build())
}

fn default_site(beside: &Path) -> PathBuf {
    let copied = beside.join("site");
    if copied.is_dir() { copied } else { "target/site".into() }
}
