//! Browsers that have signed in to an account before (OWASP, Slow Down Online Guessing Attacks with Device Cookies).
//!
//! Such a browser keeps a token that names the account and a number of its own. It proves nobody's identity; it only has
//! the browser's tries to sign in counted apart from those of strangers, who therefore keep nobody out by failing.

use crate::{Result, token::Tokens};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whom the token is for: by this it and a session's token never pass for each other.
const AUDIENCE: &str = "taskwire-device";

/// How long a browser is known without signing in again. None keeps a cookie for much longer.
const KNOWN_FOR: TimeDelta = TimeDelta::days(365);

/// What the token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    /// The account.
    sub: Uuid,
    /// The browser.
    jti: Uuid,
    exp: i64,
}

/// What a browser keeps.
#[derive(Debug)]
pub struct Device {
    /// To be sent with each try to sign in.
    pub token: SecretString,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// An account by its address, in a form that does not tell it: the browser keeps it when somebody signs out.
fn account(email: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, email.as_bytes())
}

impl Tokens {
    /// Makes this browser known to the account of a normalised address.
    pub(crate) fn sign_device(&self, email: &str, browser: Uuid, now: DateTime<Utc>) -> Result<Device> {
        let expires_at = now + KNOWN_FOR;
        let claims =
            Claims { aud: AUDIENCE.to_owned(), sub: account(email), jti: browser, exp: expires_at.timestamp() };
        Ok(Device { token: self.encode(&claims)?, expires_at })
    }

    /// Which browser sends this token, if it is known to the account of a normalised address.
    pub(crate) fn device(&self, token: &SecretString, email: &str, now: DateTime<Utc>) -> Option<Uuid> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Checked below, against the backend's clock.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["aud", "sub", "exp"]);
        validation.set_audience(&[AUDIENCE]);
        let claims: Claims = self.decode(token.expose_secret(), &validation)?;
        (claims.sub == account(email) && now.timestamp() < claims.exp).then_some(claims.jti)
    }
}
