//! Tokens that are not ours, not whole or not valid any more (requirement A2).

use crate::support::{PASSWORD, SECRET, World, refusal, settings};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use taskwire_backend::{Client, Settings};
use taskwire_domain::{
    Error as Refusal,
    account::{NewAccount, Password},
};

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

/// A world in which strangers have used up the tries of Ada's account: the one that she signed up with. And what her
/// browser keeps.
async fn besieged(options: PgConnectOptions) -> (World, SecretString) {
    let world = World::with(options, |settings| settings.sign_ins_by_account = "1:1".parse().unwrap()).await;
    let new = NewAccount::parse("ada@example.org", PASSWORD, "Ada").unwrap();
    let device = world.backend.account_sign_up(&Client::default(), new).await.unwrap().device;
    assert_eq!(device.expires_at, world.now() + TimeDelta::days(365));
    (world, device.token)
}

/// What comes of a try to sign in as Ada; what the browser keeps if it succeeds.
async fn tries(world: &World, device: Option<&SecretString>, password: &str) -> Result<SecretString, Refusal> {
    let client = Client { device: device.cloned(), ..Client::default() };
    let signed_in = world.backend.account_sign_in(&client, "ada@example.org", password).await;
    signed_in.map(|signed_in| signed_in.device.token).map_err(taskwire_backend::Error::into_public)
}

fn is_limited<T>(outcome: &Result<T, Refusal>) -> bool {
    matches!(outcome, Err(Refusal::RateLimited(_)))
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_browser_that_has_signed_in_before_is_not_kept_out_by_strangers(_: PgPoolOptions, options: PgConnectOptions) {
    let (world, device) = besieged(options).await;
    assert!(is_limited(&tries(&world, None, PASSWORD).await), "a browser that is not known");
    let device = tries(&world, Some(&device), PASSWORD).await.unwrap();
    let next = tries(&world, Some(&device), PASSWORD).await.unwrap();
    assert_ne!(device.expose_secret(), next.expose_secret());
    assert!(is_limited(&tries(&world, Some(&device), PASSWORD).await), "it has been used up");
    assert_eq!(tries(&world, Some(&next), "Wr0ngwrong").await.unwrap_err(), Refusal::WrongCredentials);
    assert!(is_limited(&tries(&world, Some(&next), PASSWORD).await), "it may be stolen");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn only_a_genuine_token_of_the_account_makes_a_browser_known(_: PgPoolOptions, options: PgConnectOptions) {
    let (world, device) = besieged(options).await;
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(device.expose_secret()).unwrap().claims;
    assert!(!claims.to_string().contains("ada"), "it tells nobody's address: {claims}");
    let sign = |claims: &Value, secret: &str, algorithm| {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        sign(&claims, SECRET, Algorithm::HS256)
    };
    let new = NewAccount::parse("bob@example.org", PASSWORD, "Bob").unwrap();
    let bob = world.backend.account_sign_up(&Client::default(), new).await.unwrap();
    let body = device.expose_secret().split('.').nth(1).unwrap();
    let forged = [
        ("empty", String::new()),
        ("of another account", bob.device.token.expose_secret().to_owned()),
        ("a session's", bob.token.expose_secret().to_owned()),
        ("another's signature", sign(&claims, "another secret of thirty-two bytes", Algorithm::HS256)),
        ("another algorithm", sign(&claims, SECRET, Algorithm::HS512)),
        ("without signature", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.")),
        ("for another audience", with("aud", json!("taskwire-session"))),
        ("for no audience", with("aud", Value::Null)),
        ("expired", with("exp", json!(world.now().timestamp()))),
    ];
    for (what, token) in forged {
        assert!(is_limited(&tries(&world, Some(&token.into()), PASSWORD).await), "{what}");
    }
    let again = with("jti", json!(uuid::Uuid::new_v4()));
    assert!(tries(&world, Some(&again.into()), PASSWORD).await.is_ok(), "the same claims, signed as they should be");

    // It opens nothing, by either door.
    for token in [device.expose_secret(), bob.device.token.expose_secret()] {
        assert_eq!(refusal(world.backend.viewer(token, Client::default())), Refusal::Unauthorized);
        assert_eq!(refusal(world.backend.authenticate(token, Client::default()).await), Refusal::Unauthorized);
    }
    // Nor one with everything that a session's token says.
    let mut both = claims.clone();
    let session = jsonwebtoken::dangerous::insecure_decode::<Value>(bob.token.expose_secret()).unwrap().claims;
    both.as_object_mut().unwrap().extend(session.as_object().unwrap().clone());
    let both = sign(&both, SECRET, Algorithm::HS256);
    assert_eq!(refusal(world.backend.viewer(&both, Client::default())), Refusal::Unauthorized);

    world.pass(TimeDelta::days(365));
    assert!(is_limited(&tries(&world, Some(&device), PASSWORD).await), "known for a year");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_session_is_not_kept_from_its_password_by_strangers(_: PgPoolOptions, options: PgConnectOptions) {
    let (world, device) = besieged(options).await;
    let client = Client { device: Some(device), ..Client::default() };
    let ada = world.viewer(&world.backend.account_sign_in(&client, "ada@example.org", PASSWORD).await.unwrap());
    let change = async || {
        let new = Password::parse("An0therone").unwrap();
        world.backend.account_change_password(&ada, PASSWORD, new).await
    };
    change().await.unwrap();
    assert!(matches!(refusal(change().await), Refusal::RateLimited(_)), "a found browser does not guess for long");
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
