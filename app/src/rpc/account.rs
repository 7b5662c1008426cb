//! Accounts: sign up, sign in, sign out, and what a person may change about theirs.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use taskwire_domain::account::Account;

/// Makes an account, signs in on this browser and goes to `next`.
#[server(prefix = "/rpc", endpoint = "account/sign_up")]
pub async fn sign_up(
    /// As typed.
    email: String,
    /// As typed.
    password: String,
    /// What others will see.
    name: String,
    /// A path of this site; the dashboard without one.
    #[server(default)]
    next: String,
) -> Result<(), RpcError> {
    use super::server::{backend, client, refuse, refused, remember};
    let new = taskwire_domain::account::NewAccount::parse(&email, &password, &name).map_err(refuse)?;
    remember(&backend()?.account_sign_up(&client(), new).await.map_err(refused)?);
    leptos_axum::redirect(crate::next::local_or_home(&next));
    Ok(())
}

/// Signs in on this browser and goes to `next`.
#[server(prefix = "/rpc", endpoint = "account/sign_in")]
pub async fn sign_in(
    /// In any spelling.
    email: String,
    /// As typed.
    password: String,
    /// A path of this site; the dashboard without one.
    #[server(default)]
    next: String,
) -> Result<(), RpcError> {
    use super::server::{backend, client, refused, remember};
    remember(&backend()?.account_sign_in(&client(), &email, &password).await.map_err(refused)?);
    leptos_axum::redirect(crate::next::local_or_home(&next));
    Ok(())
}

/// Ends this browser's session, also on the server, and goes to the sign-in page.
#[server(prefix = "/rpc", endpoint = "account/sign_out")]
pub async fn sign_out() -> Result<(), RpcError> {
    use super::server::{forget, refuse, signed_in};
    use taskwire_domain::Error;
    let ended = match signed_in() {
        Ok((backend, viewer)) => async { backend.session_end(&viewer, viewer.session()?).await }.await,
        Err(_) => Ok(()),
    };
    match ended.map_err(taskwire_backend::Error::into_public) {
        // Whoever is signed out already has what they want.
        Ok(()) | Err(Error::Unauthorized | Error::NotFound) => {
            forget();
            leptos_axum::redirect("/sign-in");
            Ok(())
        }
        Err(error) => Err(refuse(error)),
    }
}

/// The viewer's account.
#[server(prefix = "/rpc", endpoint = "account/get", input = GetUrl)]
pub async fn get() -> Result<Account, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.account_get(&viewer).await.map_err(refused)
}

/// Changes what others see of the viewer.
#[server(prefix = "/rpc", endpoint = "account/update")]
pub async fn update(
    /// One line.
    name: String,
) -> Result<Account, RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let name = taskwire_domain::account::Name::parse(&name).map_err(|error| refuse(error.into()))?;
    let account = backend.account_update(&viewer, name).await.map_err(refused)?;
    after_form("/settings?saved=profile");
    Ok(account)
}

/// Sets another password, and ends every other session.
#[server(prefix = "/rpc", endpoint = "account/change_password")]
pub async fn change_password(
    /// The old one, as typed.
    current_password: String,
    /// The new one, as typed.
    new_password: String,
) -> Result<(), RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let new = taskwire_domain::account::Password::parse_field("new_password", &new_password)
        .map_err(|error| refuse(error.into()))?;
    backend.account_change_password(&viewer, &current_password, new).await.map_err(refused)?;
    after_form("/settings?saved=password#password-title");
    Ok(())
}

/// Deletes the viewer's account and what is theirs alone, and goes to the sign-in page.
#[server(prefix = "/rpc", endpoint = "account/delete")]
pub async fn delete(
    /// As typed.
    password: String,
) -> Result<(), RpcError> {
    use super::server::{forget_account, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.account_delete(&viewer, &password).await.map_err(refused)?;
    forget_account();
    leptos_axum::redirect("/sign-in?done=account-deleted");
    Ok(())
}

/// Sets the zone that the viewer's days and weeks are reckoned in; empty to follow the browser.
#[server(prefix = "/rpc", endpoint = "account/set_time_zone")]
pub async fn set_time_zone(
    /// An IANA name, or empty.
    #[server(default)]
    time_zone: String,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let zone = Some(time_zone.as_str()).filter(|zone| !zone.is_empty());
    backend.account_set_time_zone(&viewer, zone).await.map_err(refused)?;
    after_form("/settings?saved=time-zone#zone");
    Ok(())
}

/// The IANA names to choose from.
#[server(prefix = "/rpc", endpoint = "account/time_zones", input = GetUrl)]
pub async fn time_zones() -> Result<Vec<String>, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.account_time_zones(&viewer).await.map_err(refused)
}
