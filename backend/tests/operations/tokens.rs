//! Tokens that are not ours, not whole or not valid any more (requirement A2).

use crate::support::{SECRET, World, refusal, settings};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use taskwire_backend::{Client, Settings};
use taskwire_domain::Error as Refusal;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_token_says_who_and_until_when(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let signed_in = world.sign_in("ada@example.org").await;
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(signed_in.token.expose_secret()).unwrap().claims;
    assert_eq!(claims["sub"], json!(ada.user_id));
    assert_eq!(claims["email"], "ada@example.org");
    assert_eq!(claims["iat"], world.now().timestamp());
    assert_eq!(claims["exp"], world.now().timestamp() + 24 * 3600);
    assert!(claims["sid"].is_string());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn only_a_whole_genuine_unexpired_token_is_taken(_: PgPoolOptions, options: PgConnectOptions) {
    let world = World::new(options).await;
    let ada = world.person("Ada").await;
    let claims = json!({
        "sub": ada.user_id, "sid": ada.session().unwrap(), "email": "ada@example.org",
        "iat": world.now().timestamp(), "exp": world.now().timestamp() + 60,
    });
    let sign = |algorithm, claims: &Value, secret: &str| {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    let taken = |token: &str| world.backend.viewer(token, Client::default());
    let genuine = sign(Algorithm::HS256, &claims, SECRET);
    assert_eq!(taken(&genuine).unwrap().user_id, ada.user_id);

    let without = |claim: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(claim);
        sign(Algorithm::HS256, &claims, SECRET)
    };
    let mut expired = claims.clone();
    expired["exp"] = json!(world.now().timestamp());
    let body = genuine.split('.').nth(1).unwrap();
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
    let mut refused = vec![
        String::new(),
        "a.b.c".into(),
        "\0".into(),
        unsigned,
        sign(Algorithm::HS256, &claims, "another secret of thirty-two bytes"),
        sign(Algorithm::HS512, &claims, SECRET),
        sign(Algorithm::HS256, &expired, SECRET),
        without("sub"),
        without("sid"),
        without("exp"),
        format!("{genuine}x"),
    ];
    // Wherever it ends too early, it ends.
    refused.extend((1..genuine.len()).map(|length| genuine[..length].to_owned()));
    for token in refused {
        assert_eq!(refusal(taken(&token)), Refusal::Unauthorized, "{token}");
    }

    assert!(taken(&genuine).is_ok(), "a minute is not over");
    world.pass(TimeDelta::seconds(60));
    assert_eq!(refusal(taken(&genuine)), Refusal::Unauthorized, "it was genuine before");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_new_secret_signs_and_the_one_before_is_still_taken(_: PgPoolOptions, options: PgConnectOptions) {
    let new = "another secret of thirty-two bytes";
    let before = World::new(options.clone()).await;
    before.person("Ada").await;
    let old = before.sign_in("ada@example.org").await;
    let meanwhile = World::with(options.clone(), |settings| {
        settings.previous_secret = Some(std::mem::replace(&mut settings.secret, new.to_owned().into()));
    })
    .await;
    let after = World::with(options, |settings| settings.secret = new.to_owned().into()).await;

    let taken = |world: &World, token: &str| world.backend.viewer(token, Client::default());
    let token = old.token.expose_secret();
    let ada = taken(&meanwhile, token).unwrap();
    meanwhile.task(&ada, "Still signed in").await;
    assert_eq!(refusal(taken(&after, token)), Refusal::Unauthorized);

    let signed = meanwhile.sign_in("ada@example.org").await;
    let token = signed.token.expose_secret();
    assert!(taken(&meanwhile, token).is_ok() && taken(&after, token).is_ok());
    assert_eq!(refusal(taken(&before, token)), Refusal::Unauthorized, "nothing is signed by the old one");

    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims;
    let forged = |algorithm, secret: &str| {
        jsonwebtoken::encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    assert!(taken(&meanwhile, &forged(Algorithm::HS256, SECRET)).is_ok());
    for token in [forged(Algorithm::HS512, SECRET), forged(Algorithm::HS256, "a third secret of thirty-two bytes")] {
        assert_eq!(refusal(taken(&meanwhile, &token)), Refusal::Unauthorized);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_short_secret_is_refused_at_start(_: PgPoolOptions, options: PgConnectOptions) {
    let short = || "short".to_owned().into();
    for settings in [
        Settings { secret: short(), ..settings(options.clone()) },
        Settings { previous_secret: Some(short()), ..settings(options) },
    ] {
        let error = taskwire_backend::Backend::start(settings).await.unwrap_err().to_string();
        assert!(error.contains("AUTH_SECRET"), "{error}");
    }
}
