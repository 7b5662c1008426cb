//! What this browser, rather than an account, remembers.

use super::RpcError;
use crate::theme::Theme;
use leptos::prelude::*;

/// Chooses the colours; works without being signed in.
#[server(prefix = "/rpc", endpoint = "preferences/theme")]
pub async fn set_theme(
    /// Light, dark or as the system says.
    theme: Theme,
    /// The page to go back to, a path of this site.
    #[server(default)]
    next: String,
) -> Result<(), RpcError> {
    use super::server::{after_form, set_cookie};
    use cookie::{Cookie, SameSite, time::Duration};
    let cookie = Cookie::build(("theme", theme.as_str())).path("/").same_site(SameSite::Lax);
    let kept = if theme == Theme::System { Duration::ZERO } else { Duration::days(365) };
    set_cookie(&cookie.max_age(kept).build());
    after_form(crate::next::local_or_home(&next));
    Ok(())
}
