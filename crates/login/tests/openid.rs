//! Logins at a provider that does as it is told: what holds, and every way in which a token must not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desserte_login::openid::{Begun, Claim, OpenidError, Provider, Settings, comparable};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const CLIENT: &str = "desserte";
const RETURN: &str = "https://desserte.example/administration/connexion/retour";

/// What the provider answers: changed by each test.
struct Script {
    key: EcdsaKeyPair,
    header: Value,
    claims: Value,
    /// In the place of the token, as it stands.
    raw: Option<String>,
    user_info: Option<(String, String)>,
    metadata: Value,
    keys: Value,
    /// What was asked, whole.
    asked: Vec<String>,
}

struct Bench {
    script: Arc<Mutex<Script>>,
    provider: Provider,
    begun: Begun,
    address: url::Url,
}

fn b64(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap()
}

fn jwk(key: &EcdsaKeyPair, name: &str) -> Value {
    let point = key.public_key().as_ref();
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": name, "x": b64(&point[1..33]), "y": b64(&point[33..])})
}

fn signed(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    format!("{text}.{}", b64(signature))
}

fn in_seconds(after: i64) -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap() + after
}

async fn bench(claim: Claim) -> Bench {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let key = new_key();
    let keys = json!({"keys": [{"kty": "oct-of-the-future", "kid": "odd"}, jwk(&key, "one")]});
    let script = Arc::new(Mutex::new(Script {
        key,
        header: json!({"alg": "ES256", "kid": "one"}),
        claims: json!({}),
        raw: None,
        user_info: None,
        metadata: json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize?realm=a"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
        }),
        keys,
        asked: Vec::new(),
    }));
    let served = Arc::clone(&script);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&served)));
        }
    });
    let provider = Provider::new(Settings {
        issuer: issuer.clone(),
        client_id: CLIENT.to_owned(),
        client_secret: Some("se cret".to_owned()),
        redirect: RETURN.to_owned(),
        scopes: "openid email".to_owned(),
        claim,
    })
    .unwrap();
    let (address, begun) = provider.begin().await.unwrap();
    let address = url::Url::parse(&address).unwrap();
    let nonce = address.query_pairs().find(|(name, _)| name == "nonce").unwrap().1.into_owned();
    script.lock().unwrap().claims = json!({
        "iss": issuer, "aud": CLIENT, "sub": "jeanne", "nonce": nonce, "exp": in_seconds(300), "iat": in_seconds(0),
    });
    Bench { script, provider, begun, address }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut part).await {
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
        });
        if body.len() >= length.unwrap_or(0) {
            break;
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let (kind, body) = {
        let mut script = script.lock().unwrap();
        script.asked.push(text);
        let json_kind = || "application/json".to_owned();
        match path.as_str() {
            "/.well-known/openid-configuration" => (json_kind(), script.metadata.to_string()),
            "/keys" => (json_kind(), script.keys.to_string()),
            "/token" => {
                let token =
                    script.raw.clone().unwrap_or_else(|| signed(&script.key, &script.header, &script.claims));
                (
                    json_kind(),
                    json!({"id_token": token, "access_token": "at", "token_type": "Bearer"}).to_string(),
                )
            }
            "/userinfo" => script.user_info.clone().unwrap(),
            _ => panic!("{path}"),
        }
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

impl Bench {
    async fn finish(&self) -> Result<String, OpenidError> {
        self.provider.finish("co de", &self.begun).await
    }

    fn claim(&self, name: &str, value: Value) {
        self.script.lock().unwrap().claims[name] = value;
    }

    async fn refused(&self, what: &str) {
        match self.finish().await {
            Err(OpenidError::Token(_)) => {}
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_login_holds_and_gives_away_neither_verifier_nor_secret() {
    let bench = bench(Claim::Sub).await;
    let asked: Vec<(String, String)> = bench.address.query_pairs().into_owned().collect();
    let value = |name: &str| asked.iter().find(|(own, _)| own == name).unwrap().1.clone();
    assert_eq!(
        (value("realm").as_str(), value("response_type").as_str(), value("client_id").as_str()),
        ("a", "code", CLIENT)
    );
    assert_eq!((value("redirect_uri").as_str(), value("scope").as_str()), (RETURN, "openid email"));
    assert_eq!(
        (value("state"), value("code_challenge_method").as_str()),
        (bench.begun.state.clone(), "S256")
    );
    assert_eq!(bench.finish().await.unwrap(), "jeanne");
    let asked = bench.script.lock().unwrap().asked.clone();
    let exchange = asked.iter().find(|text| text.starts_with("POST /token ")).unwrap();
    assert!(exchange.contains("code=co+de&redirect_uri=https%3A%2F%2Fdesserte.example%2F"), "{exchange}");
    // RFC 6749, section 2.3.1: both halves are form-encoded first.
    let basic = base64::engine::general_purpose::STANDARD.encode("desserte:se+cret");
    assert!(exchange.contains(&format!("Basic {basic}")), "{exchange}");
    let verifier = exchange.split("code_verifier=").nth(1).unwrap();
    assert!(!bench.address.as_str().contains(verifier));
    let challenge = b64(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()));
    assert_eq!(value("code_challenge"), challenge);
    // One look at the documents serves both steps.
    assert_eq!(asked.iter().filter(|text| text.starts_with("GET /keys ")).count(), 1);
}

#[test]
fn addresses_of_mail_are_compared_in_lower_case_and_identifiers_as_they_are() {
    assert_eq!(comparable("Jeanne@Mairie.example"), "jeanne@mairie.example");
    assert_eq!(comparable("aB3-x"), "aB3-x");
}

#[tokio::test]
async fn what_was_begun_is_read_back_and_nothing_else_is() {
    let bench = bench(Claim::Sub).await;
    let text = bench.begun.to_text();
    assert!(Begun::from_text(&text).is_some_and(|read| read == bench.begun));
    for wrong in ["", "..", &text[1..], &format!("{text}."), &text.replace('.', "-"), "a.b.c"] {
        assert!(Begun::from_text(wrong).is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn a_token_that_is_of_others_over_or_unsigned_is_refused() {
    let bench = bench(Claim::Sub).await;
    assert_eq!(bench.finish().await.unwrap(), "jeanne");
    let good = bench.script.lock().unwrap().claims.clone();
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("iss", json!(null)),
        ("aud", json!("other")),
        ("aud", json!([])),
        ("aud", json!(null)),
        ("azp", json!("other")),
        ("nonce", json!("other")),
        ("nonce", json!(null)),
        ("exp", json!(in_seconds(-300))),
        ("exp", json!("in a year")),
        ("exp", json!(null)),
        ("nbf", json!(in_seconds(300))),
        ("nbf", json!("soon")),
        ("sub", json!(null)),
    ] {
        bench.claim(name, value.clone());
        bench.refused(&format!("{name} {value}")).await;
        bench.script.lock().unwrap().claims = good.clone();
    }
    bench.claim("aud", json!(["other", CLIENT]));
    assert_eq!(bench.finish().await.unwrap(), "jeanne");
    bench.script.lock().unwrap().claims = good.clone();

    let (body, header) = (b64(good.to_string()), |text: &str| b64(text));
    let whole = {
        let script = bench.script.lock().unwrap();
        signed(&script.key, &script.header, &good)
    };
    let signature = whole.rsplit('.').next().unwrap().to_owned();
    let changed = b64(good.to_string().replace("jeanne", "jeannot"));
    for (what, raw) in [
        ("no signature", format!("{}.{body}.", header(r#"{"alg":"none"}"#))),
        ("none, with one", format!("{}.{body}.{signature}", header(r#"{"alg":"none","kid":"one"}"#))),
        ("a shared secret", format!("{}.{body}.{signature}", header(r#"{"alg":"HS256","kid":"one"}"#))),
        ("another kind", format!("{}.{body}.{signature}", header(r#"{"alg":"RS256","kid":"one"}"#))),
        ("a changed body", format!("{}.{changed}.{signature}", header(r#"{"alg":"ES256","kid":"one"}"#))),
        ("a cut signature", whole[..whole.len() - 2].to_owned()),
        ("no token", "a.b".to_owned()),
        ("nothing", String::new()),
        ("a flood", "a".repeat(70_000)),
    ] {
        bench.script.lock().unwrap().raw = Some(raw);
        bench.refused(what).await;
    }
    // Another key under the name of ours.
    bench.script.lock().unwrap().raw =
        Some(signed(&new_key(), &json!({"alg": "ES256", "kid": "one"}), &good));
    bench.refused("another key").await;
    // A key that comes with the token.
    let stranger = new_key();
    let carried = json!({"alg": "ES256", "kid": "two", "jwk": jwk(&stranger, "two")});
    bench.script.lock().unwrap().raw = Some(signed(&stranger, &carried, &good));
    bench.refused("a key of its own").await;
}

#[tokio::test]
async fn keys_are_not_asked_for_as_often_as_strangers_name_unknown_ones() {
    let bench = bench(Claim::Sub).await;
    bench.script.lock().unwrap().header = json!({"alg": "ES256", "kid": "unknown"});
    for _ in 0..5 {
        bench.refused("an unknown key").await;
    }
    let asked = bench.script.lock().unwrap().asked.clone();
    assert_eq!(asked.iter().filter(|text| text.starts_with("GET /keys ")).count(), 1);
}

#[tokio::test]
async fn an_address_of_mail_has_to_be_verified_and_of_the_same_person() {
    let bench = bench(Claim::Email { trusted: false }).await;
    let told = |value: Value| {
        bench.script.lock().unwrap().user_info = Some(("application/json".to_owned(), value.to_string()))
    };
    bench.claim("email", json!("Jeanne@Mairie.example"));
    assert!(matches!(bench.finish().await, Err(OpenidError::NoClaim("verified email"))));
    bench.claim("email_verified", json!(true));
    assert_eq!(bench.finish().await.unwrap(), "jeanne@mairie.example");
    bench.claim("email_verified", json!(false));
    assert!(bench.finish().await.is_err());
    bench.claim("email", json!(null));
    told(json!({"sub": "jeanne", "email": "j@mairie.example", "email_verified": true}));
    assert_eq!(bench.finish().await.unwrap(), "j@mairie.example");
    let asked = bench.script.lock().unwrap().asked.join("\n").to_lowercase();
    assert!(asked.contains("authorization: bearer at"));
    told(json!({"sub": "somebody else", "email": "j@mairie.example", "email_verified": true}));
    bench.refused("of somebody else").await;
    told(json!({"sub": "jeanne"}));
    assert!(matches!(bench.finish().await, Err(OpenidError::NoClaim("email"))));
    // Signed, as some providers of administrations answer.
    let signed_info = |sub: &str, audience: &str| {
        let mut script = bench.script.lock().unwrap();
        let info = json!({
            "iss": script.claims["iss"], "aud": audience, "sub": sub, "email": "j@mairie.example", "email_verified": true,
        });
        let token = signed(&script.key, &script.header, &info);
        script.user_info = Some(("application/jwt; charset=utf-8".to_owned(), token));
    };
    signed_info("jeanne", CLIENT);
    // It has no end of its own; that of the login bounds it.
    assert_eq!(bench.finish().await.unwrap(), "j@mairie.example");
    signed_info("jeanne", "other");
    bench.refused("signed for another").await;
    signed_info("jeannot", CLIENT);
    bench.refused("signed of another").await;
}

#[tokio::test]
async fn a_provider_that_answers_wrongly_is_named_and_its_secrets_are_not() {
    let own = bench(Claim::Sub).await;
    for (name, value) in [
        ("issuer", json!("https://other.example")),
        ("token_endpoint", json!("http://other.example/token")),
        ("jwks_uri", json!(null)),
    ] {
        let fresh = bench(Claim::Sub).await;
        // What was read before is believed for an hour, so that a new provider is asked.
        let settings = Settings {
            issuer: fresh.provider.issuer().to_owned(),
            client_id: CLIENT.to_owned(),
            client_secret: None,
            redirect: RETURN.to_owned(),
            scopes: "openid".to_owned(),
            claim: Claim::Sub,
        };
        fresh.script.lock().unwrap().metadata[name] = value;
        let provider = Provider::new(settings).unwrap();
        assert!(matches!(provider.begin().await, Err(OpenidError::Answer { .. })), "{name}");
    }
    own.script.lock().unwrap().user_info = None;
    own.script.lock().unwrap().raw = Some("hush.hush.hush".to_owned());
    let error = own.finish().await.unwrap_err().to_string();
    assert!(!error.contains("hush"), "{error}");
    let settings = |issuer: &str, scopes: &str| Settings {
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: None,
        redirect: RETURN.to_owned(),
        scopes: scopes.to_owned(),
        claim: Claim::Sub,
    };
    assert!(Provider::new(settings("http://id.example", "openid")).is_err());
    assert!(Provider::new(settings("https://id.example", "email")).is_err());
    let gone = Provider::new(settings("http://127.0.0.1:9", "openid")).unwrap();
    assert!(matches!(gone.begin().await, Err(OpenidError::Unreachable { .. })));
    // Whoever comes next does not wait for it again.
    assert!(matches!(gone.begin().await, Err(OpenidError::Resting)));
}
