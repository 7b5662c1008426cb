//! The product's session token, signed and verified without the product.

use anyhow::Result;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// The user's id.
    pub sub: Uuid,
    /// The user's address.
    pub email: String,
    /// The session's id.
    pub sid: Uuid,
    /// When it was issued, in Unix seconds.
    pub iat: i64,
    /// When it ends, in Unix seconds.
    pub exp: i64,
}

impl Claims {
    /// The token that says this.
    pub fn sign(&self, secret: &str) -> Result<String> {
        Ok(encode(&Header::new(Algorithm::HS256), self, &EncodingKey::from_secret(secret.as_bytes()))?)
    }
}

/// Verifies tokens: signature, algorithm and end.
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    /// For tokens signed with `secret`.
    pub fn new(secret: &str) -> Self {
        Self { key: DecodingKey::from_secret(secret.as_bytes()), validation: Validation::new(Algorithm::HS256) }
    }

    /// What a genuine token says.
    pub fn verify(&self, token: &str) -> Option<Claims> {
        decode(token, &self.key, &self.validation).ok().map(|data| data.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_verifies() {
        let claims = Claims { sub: Uuid::nil(), email: "a@b".into(), sid: Uuid::max(), iat: 0, exp: 4_000_000_000 };
        let token = claims.sign("one secret").unwrap();
        assert_eq!(Verifier::new("one secret").verify(&token), Some(claims));
        assert_eq!(Verifier::new("another").verify(&token), None);
    }
}
