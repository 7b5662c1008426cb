//! Session tokens: JWTs signed with HS256 (requirement A2).

use crate::{Backend, Client, Credential, Error, Result, Viewer};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc, time::Duration};
use taskwire_domain::{Error as Refusal, SessionId, UserId};

/// Bytes of a signing secret at least: as many as HMAC-SHA-256 gives (RFC 7518, section 3.2).
pub const SECRET_MIN: usize = 32;

/// Ended sessions remembered at most. The tokens of others are refused by the database alone.
const ENDED_MAX: u64 = 10_000;

/// Verified tokens remembered at most. Those of others are verified each time.
const VERIFIED_MAX: u64 = 10_000;

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: UserId,
    email: String,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

/// What a genuine token stands for, as long as it has not expired.
#[derive(Debug, Clone, Copy)]
struct Verified {
    user_id: UserId,
    session_id: SessionId,
    expires_at: DateTime<Utc>,
}

/// Signs and verifies.
#[derive(Clone)]
pub(crate) struct Tokens {
    encoding: Arc<EncodingKey>,
    /// The key of today, then the one before, if its tokens are still taken.
    decoding: Arc<[DecodingKey]>,
    validation: Arc<Validation>,
    pub(crate) ttl: Duration,
    /// Tokens that were genuine, by their hash: those who poll send the same one again and again.
    verified: Cache<[u8; 32], Verified>,
    /// Sessions that the database has refused, until their tokens expire.
    ended: Cache<SessionId, ()>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

impl Tokens {
    pub(crate) fn new(secret: &SecretString, previous: Option<&SecretString>, ttl: Duration) -> Result<Self> {
        let secrets = std::iter::once(secret).chain(previous).map(|secret| secret.expose_secret().as_bytes());
        if secrets.clone().any(|secret| secret.len() < SECRET_MIN) {
            return Err(Error::Fault(format!("AUTH_SECRET must have at least {SECRET_MIN} bytes")));
        }
        // One algorithm, so that a token cannot choose another, or none.
        let mut validation = Validation::new(Algorithm::HS256);
        // Checked below, against the backend's clock.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["sub", "exp"]);
        Ok(Self {
            encoding: Arc::new(EncodingKey::from_secret(secret.expose_secret().as_bytes())),
            decoding: secrets.map(DecodingKey::from_secret).collect(),
            validation: Arc::new(validation),
            ttl,
            verified: Cache::new(VERIFIED_MAX),
            ended: Cache::builder().max_capacity(ENDED_MAX).time_to_live(ttl).build(),
        })
    }

    pub(crate) fn sign(
        &self,
        user_id: UserId,
        email: &str,
        session_id: SessionId,
        issued: DateTime<Utc>,
        expires: DateTime<Utc>,
    ) -> Result<SecretString> {
        let claims = Claims {
            sub: user_id,
            email: email.to_owned(),
            sid: session_id,
            iat: issued.timestamp(),
            exp: expires.timestamp(),
        };
        self.encode(&claims)
    }

    /// Signs with the key of today.
    pub(crate) fn encode(&self, claims: &impl Serialize) -> Result<SecretString> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .map(SecretString::from)
            .map_err(|e| Error::Fault(format!("signing a token failed: {e}")))
    }

    /// What a token says that one of the keys has signed.
    pub(crate) fn decode<C: DeserializeOwned>(&self, token: &str, validation: &Validation) -> Option<C> {
        self.decoding.iter().find_map(|key| Some(jsonwebtoken::decode(token, key, validation).ok()?.claims))
    }

    /// What a token says, whether it has expired or not.
    fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        let hash = Sha256::digest(token).into();
        if let Some(verified) = self.verified.get(&hash) {
            return Ok(verified);
        }
        let claims: Claims = self.decode(token, &self.validation).ok_or(Refusal::Unauthorized)?;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(Refusal::Unauthorized)?;
        let verified = Verified { user_id: claims.sub, session_id: claims.sid, expires_at };
        self.verified.insert(hash, verified);
        Ok(verified)
    }
}

impl Backend {
    /// Who holds this token. Verifies signature, algorithm and expiry without I/O; that the session still lives is
    /// checked by the database with every operation of the viewer. One that it has refused is nobody's here, either: a
    /// token that was left behind must not use up its owner's share of requests.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] for anything but a whole, genuine, unexpired token.
    pub fn viewer(&self, token: &str, client: Client) -> Result<Viewer> {
        let Verified { user_id, session_id, expires_at } = self.tokens.verify(token)?;
        if expires_at <= self.clock.now() || self.tokens.ended.contains_key(&session_id) {
            return Err(Refusal::Unauthorized.into());
        }
        Ok(Viewer::new(user_id, Credential::Session(session_id), client))
    }

    /// Remembers the session that the database has refused for good. To be told of every answer to its check.
    pub(crate) fn note_end<T>(&self, viewer: &Viewer, checked: Result<T>) -> Result<T> {
        if let (Credential::Session(id), Err(Error::Refused(Refusal::Unauthorized))) = (&viewer.credential, &checked) {
            self.tokens.ended.insert(*id, ());
        }
        checked
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use std::sync::LazyLock;
    use taskwire_fuzz::{check, produce, text};
    use uuid::Uuid;

    static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
        let secret = "0123456789abcdef0123456789abcdef".to_owned().into();
        Tokens::new(&secret, None, Duration::from_secs(60)).unwrap()
    });

    fn session(email: &str, ids: (u128, u128), seconds: u32) -> (SecretString, DateTime<Utc>) {
        let at = DateTime::from_timestamp(i64::from(seconds), 0).unwrap();
        let (user, session) = (UserId(Uuid::from_u128(ids.0)), SessionId(Uuid::from_u128(ids.1)));
        (TOKENS.sign(user, email, session, at, at).unwrap(), at)
    }

    #[test]
    fn a_token_says_whose_it_is_and_no_other_text_does() {
        let change = produce::<(u16, u8)>();
        let claims = (text(&["ada", "@example.org", "\""]), produce::<(u128, u128)>(), produce::<u32>(), change);
        check!().with_generator(claims).for_each(|(email, ids, seconds, (at, byte))| {
            let (token, end) = session(email, *ids, *seconds);
            let token = token.expose_secret();
            let verified = TOKENS.verify(token).unwrap();
            assert_eq!(
                (verified.user_id.0.as_u128(), verified.session_id.0.as_u128(), verified.expires_at),
                (ids.0, ids.1, end)
            );

            let (start, end) = token.split_at(usize::from(*at) % token.len());
            let other = format!("{start}{}{}", char::from(*byte), end.get(1..).unwrap_or_default());
            assert_eq!(TOKENS.verify(&other).is_ok(), other == token, "{other}");
            assert!(TOKENS.verify(start).is_err());
        });
    }

    #[test]
    fn what_nobody_has_signed_is_no_token() {
        const PIECES: &[&str] = &[
            ".",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJub25lIn0",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9",
            "e30",
            "=",
            "-",
            "_",
            "eyJzdWIiOiIwMTk5YTRkMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJleHAiOjk5OTk5OTk5OTl9",
        ];
        check!().with_generator((text(PIECES), text(&["ada@example.org", "a"]))).for_each(|(token, email)| {
            assert_eq!(TOKENS.verify(token).unwrap_err(), Refusal::Unauthorized);
            assert_eq!(TOKENS.device(&token.as_str().into(), email, DateTime::UNIX_EPOCH), None);
        });
    }

    #[test]
    fn a_browsers_token_and_a_sessions_do_not_pass_for_each_other() {
        let emails = (text(&["ada", "@example.org"]), text(&["ada", "@example.org"]));
        check!().with_generator((emails, produce::<(u128, u32)>())).for_each(|((email, other), (id, seconds))| {
            let (token, now) = session(email, (*id, *id), *seconds);
            assert_eq!(TOKENS.device(&token, email, now), None);
            let device = TOKENS.sign_device(email, Uuid::from_u128(*id), now).unwrap();
            assert!(TOKENS.verify(device.token.expose_secret()).is_err());
            let known = TOKENS.device(&device.token, other, now);
            assert_eq!(known, (email == other).then_some(Uuid::from_u128(*id)));
            assert_eq!(TOKENS.device(&device.token, email, device.expires_at), None, "it has expired by then");
        });
    }
}
