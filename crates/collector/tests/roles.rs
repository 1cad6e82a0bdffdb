//! The permission matrix, cell by cell, against every route of the published document.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Answer, Running, exchange, key, now, start_in};
use desserte_collector::{Config, DEFAULT_CONFIG, openapi_json, token_sha256};
use desserte_store::{COMMAND, NewInvitation, NewToken, Role, Store, StoreOptions};
use desserte_units::Timestamp;

fn generous() -> Running {
    let text = "[enrolment]\nrefused_per_address = 0\n";
    let config: Config = desserte_boot::config::parse(text, DEFAULT_CONFIG, "test").unwrap();
    start_in(&std::env::temp_dir(), config)
}

fn store(running: &Running) -> Store {
    Store::open(running.dir.path(), StoreOptions::default()).unwrap()
}

fn later(hours: i64) -> Timestamp {
    Timestamp::from_unix_secs(now().as_unix_secs() + hours * 3_600)
}

fn add(store: &Store, token: &str, role: Role, territory: Option<&str>, hours: i64) -> i64 {
    let new = NewToken {
        sha256: token_sha256(token),
        name: token.to_owned(),
        role,
        territory: territory.map(str::to_owned),
        created: now(),
        expires: later(hours),
    };
    store.add_token(new).unwrap()
}

fn invite(store: &Store, key: &str, commune: Option<&str>) -> i64 {
    let new = NewInvitation {
        public_key: key.to_owned(),
        name: format!("mairie {key}"),
        site: None,
        commune: commune.map(|code| code.parse().unwrap()),
        position: None,
        replaces: None,
        created: now(),
        expires: later(1),
    };
    store.invite(new, COMMAND).unwrap()
}

fn ask(running: &Running, method: &str, path: &str, token: Option<&str>) -> Answer {
    let head = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 0\r\n{head}\r\n"
    );
    exchange(running.address, request.as_bytes())
}

/// Every route of the published document, with something in the place of its parameters.
fn routes() -> Vec<(String, String)> {
    let document: serde_json::Value = serde_json::from_str(&openapi_json()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let filled =
            path.replace("{code}", "99018").replace("{number}", "999").replace("{day}", "2026-01-01");
        let filled = filled.replace("{name}", "nothing");
        routes.extend(
            methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), filled.clone())),
        );
    }
    routes
}

/// What the document of roles says (docs/spec/roles.md), written down a second time.
fn expected(path: &str, who: &str) -> bool {
    let allowed: &[&str] = match path {
        "/api/v1/admin/probes" => &["commune", "departement", "administrator"],
        "/api/v1/admin/invitations/999" => &["departement", "administrator"],
        "/api/v1/admin/audit" => &["administrator"],
        path if path.starts_with("/api/v1/admin/") => panic!("{path} is in no row"),
        _ => return true,
    };
    allowed.contains(&who)
}

#[test]
fn every_cell_of_the_matrix_is_what_it_says() {
    let running = generous();
    let store = store(&running);
    add(&store, "association", Role::Association, None, 1);
    add(&store, "commune", Role::Commune, Some("99018"), 1);
    add(&store, "departement", Role::Departement, Some("99"), 1);
    add(&store, "administrator", Role::Administrator, None, 1);
    add(&store, "expired", Role::Administrator, None, 0);
    let revoked = add(&store, "revoked", Role::Administrator, None, 1);
    assert!(store.revoke_token(revoked, now()).unwrap());
    let callers =
        ["public", "association", "commune", "departement", "administrator", "expired", "revoked", "garbage"];
    let mut cells = 0;
    for (method, path) in routes() {
        for who in callers {
            let token = (who != "public").then_some(who);
            let answer = ask(&running, &method, &path, token);
            // An unsigned batch or an enrolment without a body is refused for what it lacks, not for who asks.
            let turned = matches!(answer.status, 401 | 403)
                && ["no-token", "not-allowed"].contains(&answer.kind().as_str());
            assert_eq!(
                !turned,
                expected(&path, who),
                "{method} {path} by {who}: {} {}",
                answer.status,
                answer.body
            );
            if path.starts_with("/api/v1/admin/") && !turned {
                assert!(matches!(answer.status, 200 | 404), "{method} {path} by {who}: {}", answer.status);
            }
            cells += 1;
        }
    }
    assert_eq!(cells, routes().len() * callers.len());
    // Three routes, of which public, association and the three bad tokens get none, a commune one, a département two.
    let refused = store.audit_log(1_000).unwrap();
    let refused =
        refused.iter().filter(|e| ["no-token", "token-over", "not-allowed"].contains(&e.outcome.as_str()));
    assert_eq!(refused.count(), 3 * 5 + 2 + 1, "each refusal leaves one line");
}

#[test]
fn nobody_sees_or_changes_another_territory() {
    let running = generous();
    let store = store(&running);
    let (own, other, nowhere) =
        (invite(&store, "a", Some("99018")), invite(&store, "b", Some("98001")), invite(&store, "c", None));
    add(&store, "d99", Role::Departement, Some("99"), 1);
    add(&store, "admin", Role::Administrator, None, 1);
    let numbers = |token| -> Vec<i64> {
        let answer = ask(&running, "GET", "/api/v1/admin/probes", Some(token)).json();
        answer["invitations"].as_array().unwrap().iter().map(|one| one["number"].as_i64().unwrap()).collect()
    };
    assert_eq!(numbers("d99"), [own]);
    assert_eq!(numbers("admin"), [own, other, nowhere]);
    let withdraw = |number: i64, token| {
        ask(&running, "DELETE", &format!("/api/v1/admin/invitations/{number}"), Some(token)).status
    };
    assert_eq!((withdraw(other, "d99"), withdraw(nowhere, "d99")), (404, 404));
    assert_eq!((withdraw(own, "d99"), withdraw(own, "d99")), (204, 404));
    assert_eq!(withdraw(other, "admin"), 204);
    assert_eq!(numbers("admin"), [nowhere]);
    let log = store.audit_log(100).unwrap();
    assert!(
        log.iter().any(|e| e.actor.starts_with("token ") && e.action == "withdraw" && e.outcome == "done")
    );
    let audit = ask(&running, "GET", "/api/v1/admin/audit", Some("admin"));
    assert!(audit.json()["entries"].as_array().unwrap().len() >= 7, "{}", audit.body);
    // What names probes is not for caches between here and the reader, nor in what is kept of tokens.
    let kept = std::fs::read(running.dir.path().join(desserte_store::STORE_FILE)).unwrap();
    drop(kept);
    assert!(ask(&running, "GET", "/api/v1/admin/probes", Some("admin")).body.contains(key(1).id().as_str()));
}

#[test]
fn guessing_tokens_is_turned_away() {
    let running = start_in(&std::env::temp_dir(), Config::default());
    let store = store(&running);
    add(&store, "admin", Role::Administrator, None, 1);
    let statuses: Vec<u16> = (0..30)
        .map(|n| ask(&running, "GET", "/api/v1/admin/audit", Some(&format!("guess{n}"))).status)
        .collect();
    assert_eq!(statuses.iter().filter(|&&status| status == 401).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|&&status| status == 429).count(), 20);
    assert_eq!(ask(&running, "GET", "/api/v1/admin/audit", Some("admin")).status, 429);
}
