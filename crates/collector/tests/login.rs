//! The pages of the administration: who gets in, how far, and how nobody else does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Answer, Running, exchange, key, now, start_in};
use desserte_collector::{Config, DEFAULT_CONFIG, META_ADDRESS};
use desserte_login::password;
use desserte_store::{AccountKey, COMMAND, NewAccount, NewInvitation, Role, Store, StoreOptions};
use desserte_units::Timestamp;

const PASSWORD: &str = "la pluie tombe sur la mairie";

/// The pages, and who may have them (docs/spec/roles.md), written down a second time.
const PAGES: [(&str, &str, &[&str]); 5] = [
    ("GET", "/administration", &["commune", "departement", "administrator"]),
    ("GET", "/administration/journal", &["administrator"]),
    ("POST", "/administration/invitations", &["departement", "administrator"]),
    ("POST", "/administration/invitations/999/retrait", &["departement", "administrator"]),
    ("POST", "/administration/deconnexion", &["association", "commune", "departement", "administrator"]),
];

fn running(config: &str) -> (Running, Store) {
    let config: Config = desserte_boot::config::parse(config, DEFAULT_CONFIG, "test").unwrap();
    let running = start_in(&std::env::temp_dir(), config);
    let store = Store::open(running.dir.path(), StoreOptions::default()).unwrap();
    (running, store)
}

fn account(store: &Store, login: &str, role: Role, territory: Option<&str>) -> i64 {
    store
        .add_account(NewAccount {
            login: login.to_owned(),
            role,
            territory: territory.map(str::to_owned),
            password: Some(password::hash(PASSWORD, [1; 16]).unwrap()),
            openid: None,
            made: now(),
        })
        .unwrap()
}

fn ask(running: &Running, method: &str, path: &str, head: &str, body: &str) -> Answer {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{head}\r\n{body}",
        body.len()
    );
    exchange(running.address, request.as_bytes())
}

const FROM_HERE: &str = "Sec-Fetch-Site: same-origin\r\n";

fn try_in(running: &Running, login: &str, password: &str) -> Answer {
    let body = format!("compte={login}&mot_de_passe={}", password.replace(' ', "+"));
    ask(running, "POST", "/administration/connexion", FROM_HERE, &body)
}

/// The header of the session that a login gave.
fn session(answer: &Answer) -> String {
    let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.ends_with("; path=/; max-age=43200; secure; httponly; samesite=strict"), "{cookie}");
    // Heads are given in lower case here; the name is compared as it was sent.
    let value = cookie.split(';').next().unwrap().replace("__host-", "__Host-");
    format!("Cookie: a=b; {value}\r\n")
}

fn log_in(running: &Running, login: &str) -> String {
    let answer = try_in(running, login, PASSWORD);
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(answer.head.contains("location: /administration\r\n"), "{}", answer.head);
    session(&answer)
}

#[test]
fn every_page_is_for_whom_it_says() {
    let (running, store) = running("[enrolment]\nrefused_per_address = 0\n");
    account(&store, "association", Role::Association, None);
    account(&store, "commune", Role::Commune, Some("99018"));
    account(&store, "departement", Role::Departement, Some("99"));
    account(&store, "administrator", Role::Administrator, None);
    for who in ["association", "commune", "departement", "administrator"] {
        let head = log_in(&running, who);
        for (method, path, allowed) in PAGES {
            let answer = ask(&running, method, path, &format!("{FROM_HERE}{head}"), "nom=&commune=");
            let refused = answer.status == 403;
            assert_eq!(!refused, allowed.contains(&who), "{method} {path} by {who}: {}", answer.status);
            // Each may do it; that there is no such invitation, or no name, is another matter.
            assert!(
                refused || matches!(answer.status, 200 | 303 | 400 | 404),
                "{method} {path}: {}",
                answer.status
            );
            assert!(answer.head.contains("cache-control: no-store"), "{}", answer.head);
        }
    }
    for (method, path, _) in PAGES {
        for head in ["", "Cookie: __Host-desserte=0000\r\n", "Cookie: __Host-desserte=\r\n"] {
            let answer = ask(&running, method, path, &format!("{FROM_HERE}{head}"), "");
            assert_eq!(answer.status, 303, "{method} {path}");
            assert!(answer.head.contains("location: /administration/connexion\r\n"), "{}", answer.head);
        }
    }
    let refused = store.audit_log(1_000).unwrap();
    assert_eq!(refused.iter().filter(|line| line.outcome == "not-allowed").count(), 4 + 3 + 1);
    // A session opens pages; the interface wants a token.
    let head = log_in(&running, "administrator");
    assert_eq!(ask(&running, "GET", "/api/v1/admin/audit", &head, "").status, 401);
}

#[test]
fn wrong_passwords_are_told_apart_by_nobody_and_end_at_ten() {
    let (running, store) = running("");
    account(&store, "jeanne", Role::Administrator, None);
    let wrong = try_in(&running, "jeanne", "une autre phrase que la bonne");
    let nobody = try_in(&running, "personne", PASSWORD);
    assert_eq!((wrong.status, nobody.status), (401, 401));
    assert_eq!(wrong.body, nobody.body);
    // Capitals and spaces around a name are slips.
    let answer = try_in(&running, "+Jeanne+", PASSWORD);
    assert_eq!(answer.status, 303);
    let statuses: Vec<u16> = (0..12).map(|_| try_in(&running, "jeanne", "rien").status).collect();
    assert_eq!(statuses.iter().filter(|&&status| status == 401).count(), 8, "{statuses:?}");
    let late = try_in(&running, "jeanne", PASSWORD);
    assert_eq!(late.status, 429);
    assert!(late.head.contains("retry-after: "), "{}", late.head);
    let log = store.audit_log(100).unwrap();
    let of =
        |outcome: &str| log.iter().filter(|line| line.action == "login" && line.outcome == outcome).count();
    assert_eq!((of("no-account"), of("done"), of("turned-away")), (10, 1, 1));
    // Nobody's words stand in the log: people type passwords into the field above.
    assert!(log.iter().all(|line| !format!("{line:?}").contains("personne")));
}

#[test]
fn forms_of_other_sites_do_nothing() {
    let (running, store) = running("");
    account(&store, "jeanne", Role::Administrator, None);
    let head = log_in(&running, "jeanne");
    let invitation = NewInvitation {
        public_key: "k".to_owned(),
        name: "mairie".to_owned(),
        site: None,
        commune: Some("99018".parse().unwrap()),
        position: None,
        replaces: None,
        created: now(),
        expires: Timestamp::from_unix_secs(now().as_unix_secs() + 3_600),
    };
    let number = store.invite(invitation, COMMAND).unwrap();
    let path = format!("/administration/invitations/{number}/retrait");
    for from in
        ["Sec-Fetch-Site: cross-site\r\n", "Origin: https://other.example\r\n", "Origin: null\r\n", ""]
    {
        let answer = ask(&running, "POST", &path, &format!("{from}{head}"), "");
        assert_eq!(answer.status, 403, "{from}");
        let body = format!("compte=jeanne&mot_de_passe={}", PASSWORD.replace(' ', "+"));
        assert_eq!(ask(&running, "POST", "/administration/connexion", from, &body).status, 403, "{from}");
    }
    assert!(store.invitations().unwrap()[0].withdrawn.is_none());
    assert_eq!(ask(&running, "POST", &path, &format!("Origin: http://t\r\n{head}"), "").status, 303);
    assert!(store.invitations().unwrap()[0].withdrawn.is_some());
}

#[test]
fn a_session_ends_when_its_owner_or_the_administrator_wants() {
    let (running, store) = running("");
    account(&store, "jeanne", Role::Commune, Some("99018"));
    let page = |head: &str| ask(&running, "GET", "/administration", head, "").status;
    let (one, other) = (log_in(&running, "jeanne"), log_in(&running, "jeanne"));
    assert_eq!((page(&one), page(&other)), (200, 200));
    let left = ask(&running, "POST", "/administration/deconnexion", &format!("{FROM_HERE}{one}"), "");
    assert_eq!(left.status, 303);
    assert!(left.head.contains("max-age=0"), "{}", left.head);
    assert_eq!((page(&one), page(&other)), (303, 200));
    let hash = password::hash("une toute nouvelle phrase", [2; 16]).unwrap();
    assert!(store.set_password("jeanne", hash, now()).unwrap());
    assert_eq!(page(&other), 303);
    assert_eq!(try_in(&running, "jeanne", PASSWORD).status, 401);
    let third = session(&try_in(&running, "jeanne", "une toute nouvelle phrase"));
    assert_eq!(page(&third), 200);
    assert!(store.end_account("jeanne", now()).unwrap());
    assert_eq!((page(&third), try_in(&running, "jeanne", "une toute nouvelle phrase").status), (303, 401));
    // The name is free again, and the one before stays in the log.
    account(&store, "jeanne", Role::Association, None);
    assert_eq!(store.accounts().unwrap().len(), 2);
    assert!(store.account(AccountKey::Login("jeanne")).unwrap().is_some());
    // What browsers hold is nowhere in the store.
    let secret = other.split("desserte=").nth(1).unwrap().trim().to_owned();
    for entry in std::fs::read_dir(running.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let kept = std::fs::read(&path).unwrap();
            assert!(!kept.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", path.display());
        }
    }
}

#[test]
fn a_session_that_is_not_used_is_over() {
    let (running, store) = running("[login]\nidle_minutes = 0\n");
    account(&store, "jeanne", Role::Administrator, None);
    let head = log_in(&running, "jeanne");
    assert_eq!(ask(&running, "GET", "/administration", &head, "").status, 303);
}

#[test]
fn a_departement_makes_codes_for_its_own_communes_and_sees_no_others() {
    let (running, store) = running("[login]\naddress = \"https://desserte.example/\"\n");
    let number = account(&store, "operateur", Role::Departement, Some("99"));
    account(&store, "mairie", Role::Commune, Some("99018"));
    let head = format!("{FROM_HERE}{}", log_in(&running, "operateur"));
    let invite = |body: &str| ask(&running, "POST", "/administration/invitations", &head, body);
    for wrong in [
        "nom=&commune=99018",
        "nom=Mairie&commune=98001",
        "nom=Mairie&commune=",
        "nom=Mairie&commune=990",
        "nom=Mairie&commune=99018&position=1",
        "nom=Mairie&commune=99018&position=200%2C46",
        // The right way round, in another commune, and the wrong way round.
        "nom=Mairie&commune=99018&position=-4.9123%2C45.0786",
        "nom=Mairie&commune=99018&position=45.3199%2C-4.4072",
    ] {
        assert_eq!(invite(wrong).status, 400, "{wrong}");
    }
    assert_eq!(invite(&format!("nom={}&commune=99018", "a".repeat(129))).status, 400);
    assert!(store.invitations().unwrap().is_empty());
    let sheet = invite("nom=Mairie+%3Cb%3E&site=salle&commune=99018&position=-4.4072%2C+45.3199&lang=fr");
    assert_eq!(sheet.status, 200, "{}", sheet.body);
    assert!(sheet.body.contains("https://desserte.example/enroler#"), "{}", sheet.body);
    assert!(sheet.body.contains("<svg") && !sheet.body.contains("<?xml") && !sheet.body.contains("<b>"));
    let made = &store.invitations().unwrap()[0];
    assert_eq!(made.made.name, "Mairie <b>");
    assert_eq!(made.made.position.map(|at| (at.lon(), at.lat())), Some((-4.4072, 45.3199)));
    let line = store.audit_log(100).unwrap().into_iter().find(|line| line.action == "invite").unwrap();
    assert_eq!(line.actor, format!("account {number}"));
    // The code is on the sheet and nowhere after.
    let code = sheet.body.split("enroler#").nth(1).unwrap()[..14].to_owned();
    let board = ask(&running, "GET", "/administration", &head, "");
    assert!(board.body.contains("Mairie &#60;b&#62;") && !board.body.contains(&code), "{}", board.body);
    let commune = log_in(&running, "mairie");
    let board = ask(&running, "GET", "/administration?lang=en", &commune, "");
    assert!(board.body.contains("Invitations that can still be used") && !board.body.contains("Make a code"));
    // The probe of this collector has sent nothing: nobody knows its commune, so that it is an administrator's.
    assert!(!board.body.contains(key(1).id().as_str()));
}

#[test]
fn without_an_address_of_its_own_a_collector_makes_no_sheet() {
    let (running, store) = running("");
    account(&store, "operateur", Role::Departement, Some("99"));
    let head = format!("{FROM_HERE}{}", log_in(&running, "operateur"));
    let invite = || ask(&running, "POST", "/administration/invitations", &head, "nom=Mairie&commune=99018");
    assert_eq!(invite().status, 400);
    store.set_meta(META_ADDRESS, "https://given.example").unwrap();
    assert!(invite().body.contains("https://given.example/enroler#"));
}

#[test]
fn without_a_provider_there_is_none_to_log_in_with() {
    let (running, _store) = running("");
    let login = ask(&running, "GET", "/administration/connexion", "", "");
    assert!(login.status == 200 && !login.body.contains("/connexion/openid"));
    assert_eq!(ask(&running, "GET", "/administration/connexion/openid", "", "").status, 404);
    assert_eq!(ask(&running, "GET", "/administration/connexion/retour?code=a&state=b", "", "").status, 404);
}
