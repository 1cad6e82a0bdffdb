//! The register of several collectors on a real PostgreSQL: what is decided once, what is seen, who gets in.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desserte_e2e::{Postgres, certificate};
use desserte_model::{ProbeId, SharedInvitation, SharedProbe};
use desserte_registry::{Edit, REGISTRY_FILE, Registry, RegistryError, Take, TakeRefusal, grants, tables};
use desserte_units::Timestamp;

/// As many invitations as the tests ever have open.
const MANY: i64 = 1_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_secs(1_767_225_600 + seconds)
}

fn id(number: u64) -> ProbeId {
    format!("{number:032x}").parse().unwrap()
}

fn probe(number: u64) -> SharedProbe {
    SharedProbe {
        id: id(number),
        public_key: format!("key {number}"),
        name: format!("mairie {number}"),
        site: Some("salle du conseil".to_owned()),
        host: None,
        created: at(0),
        retired: None,
        home: 1,
        change: None,
    }
}

fn invitation(key: &str, replaces: Option<ProbeId>) -> SharedInvitation {
    SharedInvitation {
        public_key: key.to_owned(),
        name: "Mairie de Guéret".to_owned(),
        site: None,
        commune: Some("23096".parse().unwrap()),
        position: Some(desserte_model::LonLat::new(1.87, 46.16).unwrap()),
        replaces,
        created: at(0),
        expires: at(86_400),
        withdrawn: None,
        used: None,
        change: None,
    }
}

/// The register as a collector reaches it.
fn reached(connection: &str, number: u8) -> Registry {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(REGISTRY_FILE), format!("connection = \"{connection}\"\n")).unwrap();
    Registry::of_data(folder.path(), number).unwrap().unwrap()
}

async fn take(registry: &Registry, key: &str, number: u64) -> Result<(), TakeRefusal> {
    let (probe, public_key) = (id(number), format!("key {number}"));
    let take = Take { invitation: key, probe: &probe, public_key: &public_key, at: at(60) };
    registry.take(&take).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_happen_once_happens_once_whichever_collectors_are_asked_at_the_same_moment() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Postgres::start(folder.path(), &[]) else { return };
    let connection = server.connection("postgres");
    let collectors: Vec<_> = (1..=8).map(|number| Arc::new(reached(&connection, number))).collect();
    assert!(matches!(collectors[0].look(0).await, Err(RegistryError::NotMade)));
    let made = collectors.iter().map(|registry| {
        let registry = Arc::clone(registry);
        tokio::spawn(async move { registry.make().await.unwrap() })
    });
    let mut times_made = 0;
    for one in made.collect::<Vec<_>>() {
        times_made += u32::from(one.await.unwrap());
    }
    assert_eq!(times_made, 1);

    for round in 0..10 {
        let key = format!("code {round}");
        collectors[0].invite(&invitation(&key, None), MANY).await.unwrap();
        let asked: Vec<_> = (0..)
            .zip(&collectors)
            .map(|(number, registry)| {
                let (registry, key) = (Arc::clone(registry), key.clone());
                tokio::spawn(async move { take(&registry, &key, round * 100 + number).await })
            })
            .collect();
        let mut taken = Vec::new();
        for (number, one) in (0..).zip(asked) {
            match one.await.unwrap() {
                Ok(()) => taken.push(number),
                Err(refusal) => assert_eq!(refusal, TakeRefusal::Used),
            }
        }
        let [winner] = taken[..] else { panic!("{taken:?} took one code") };
        // Its answer was lost: it asks again, and another collector.
        assert_eq!(take(&collectors[7], &key, round * 100 + winner).await, Ok(()));
    }
    assert_eq!(collectors[0].look(0).await.unwrap().probes.len(), 10);

    // What a single collector refuses is refused here.
    let (one, two) = (&collectors[0], &collectors[1]);
    assert_eq!(take(one, "no such", 1_000).await, Err(TakeRefusal::UnknownCode));
    for key in ["back", "late", "known", "replacing"] {
        let replaces = (key == "replacing").then(|| id(2_000));
        if key == "replacing" {
            one.add(&probe(2_000)).await.unwrap();
            assert!(two.edit(&id(2_000), Edit::Host("public")).await.unwrap());
        }
        let mut made = invitation(key, replaces);
        if key == "late" {
            made.expires = at(60);
        }
        one.invite(&made, MANY).await.unwrap();
    }
    assert!(two.withdraw("back", at(30)).await.unwrap());
    assert!(!one.withdraw("back", at(31)).await.unwrap());
    assert_eq!(take(one, "back", 1_000).await, Err(TakeRefusal::Withdrawn));
    assert_eq!(take(one, "late", 1_000).await, Err(TakeRefusal::Expired));
    assert_eq!(take(one, "known", 2_000).await, Err(TakeRefusal::InService));
    let known = two.add(&probe(2_000)).await.unwrap_err();
    assert!(matches!(known, RegistryError::Known { home: 1, retired: false, .. }), "{known}");
    assert_eq!(take(two, "replacing", 2_001).await, Ok(()));
    let look = one.look(0).await.unwrap();
    let of = |number| look.probes.iter().find(|probe| probe.id == id(number)).unwrap();
    assert_eq!(of(2_000).retired, Some(at(60)));
    assert_eq!((of(2_001).home, of(2_001).host.as_deref()), (2, Some("public")));
    assert_eq!(take(one, "known", 2_000).await, Err(TakeRefusal::Retired));
    let full = one.invite(&invitation("one more", None), 1).await.unwrap_err();
    assert!(matches!(full, RegistryError::TooManyInvitations(_)), "{full}");
    let unknown = one.invite(&invitation("for nobody", Some(id(9_999))), MANY).await.unwrap_err();
    assert!(matches!(unknown, RegistryError::UnknownProbe(_)), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_from_change_to_change_misses_none_however_many_are_made_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Postgres::start(folder.path(), &[]) else { return };
    let connection = server.connection("postgres");
    let reader = reached(&connection, 32);
    reader.make().await.unwrap();
    let writers: Vec<_> = (1..=6)
        .map(|number| {
            let registry = reached(&connection, number);
            tokio::spawn(async move {
                for one in 0..40 {
                    registry.add(&probe(u64::from(number) * 1_000 + one)).await.unwrap();
                }
            })
        })
        .collect();
    let (mut seen, mut since, begun) = (BTreeSet::new(), 0, Instant::now());
    while seen.len() < 240 {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{} of 240 seen, up to change {since}",
            seen.len()
        );
        let look = reader.look(since).await.unwrap();
        assert!(
            look.probes.iter().all(|probe| probe.change > Some(since) && probe.change <= Some(look.change))
        );
        seen.extend(look.probes.into_iter().map(|probe| probe.id));
        since = look.change;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(since, 240);
    assert!(reader.look(since).await.unwrap().probes.is_empty());
    // Set back from a copy: everything is given again.
    assert_eq!(reader.look(since + 7).await.unwrap().probes.len(), 240);

    // A collector that has just looked is not lost; one that never did may be.
    assert!(matches!(reader.is_lost(32).await, Err(RegistryError::Alive { collector: 32, .. })));
    reader.is_lost(3).await.unwrap();
    assert_eq!(reader.take_over(3).await.unwrap(), 40);
    let own = reader.collectors().await.unwrap().into_iter().find(|seen| seen.number == 32).unwrap();
    assert_eq!(own.probes, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_the_printed_rights_does_all_that_a_collector_does_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Postgres::start(folder.path(), &[]) else { return };
    server.run("CREATE ROLE desserte LOGIN");
    let registry = reached(&server.connection("desserte"), 1);
    let refused = registry.make().await.unwrap_err();
    assert!(
        matches!(&refused, RegistryError::Refused(said) if said.contains("permission denied")),
        "{refused}"
    );
    server.run(tables());
    server.run(&grants("desserte"));
    assert!(!registry.make().await.unwrap());
    registry.add(&probe(1)).await.unwrap();
    registry.invite(&invitation("k", None), MANY).await.unwrap();
    assert_eq!(take(&registry, "k", 2).await, Ok(()));
    assert!(registry.edit(&id(1), Edit::Retired(at(5))).await.unwrap());
    assert!(!registry.edit(&id(1), Edit::Site("ailleurs")).await.unwrap(), "it is out of service");
    let before = registry.look(0).await.unwrap();
    // Published once more, nothing is lost or undone: what is over stays over, and who is not its collector changes nothing.
    let mut other = probe(2);
    (other.home, other.retired) = (2, Some(at(9)));
    registry.publish(&[probe(1), other], &before.invitations).await.unwrap();
    let after = registry.look(0).await.unwrap();
    let plain = |probes: &[SharedProbe]| -> BTreeSet<_> {
        probes.iter().map(|probe| (probe.id.clone(), probe.retired, probe.home)).collect()
    };
    assert_eq!(plain(&before.probes), plain(&after.probes));
    assert_eq!(after.invitations[0].used, before.invitations[0].used);

    // Away and back: the one says so, the other is as if nothing had been.
    server.kill();
    let down = registry.look(0).await.unwrap_err();
    assert!(matches!(down, RegistryError::Unavailable(_)), "{down}");
    assert!(down.to_string().contains("desserte registry status"), "{down}");
    server.begin();
    assert_eq!(registry.look(0).await.unwrap(), after);
    server.run("UPDATE desserte.register SET version = 2");
    let newer = registry.add(&probe(3)).await.unwrap_err();
    assert!(matches!(newer, RegistryError::Version { found: 2, known: 1 }), "{newer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_network_the_server_proves_itself_and_the_password_stays_unsaid() {
    let folder = tempfile::tempdir().unwrap();
    let files = certificate(folder.path(), "127.0.0.1");
    let Some(server) = Postgres::start(folder.path(), &["-c", "listen_addresses=127.0.0.1"]) else { return };
    let port = server.port;
    server.run("CREATE ROLE desserte LOGIN SUPERUSER PASSWORD 'mot-de-passe'");
    let setup = |to: &Path, from: &str| {
        std::fs::copy(from, to).unwrap();
        server.own(to);
    };
    setup(&server.data("server.crt"), &files.server);
    setup(&server.data("server.key"), &files.key);
    std::fs::write(
        server.data("pg_hba.conf"),
        "local all postgres trust\nhostssl all all all scram-sha-256\n",
    )
    .unwrap();
    server.run("ALTER SYSTEM SET ssl = on");
    server.run("SELECT pg_reload_conf()");

    let data = folder.path().join("collector");
    std::fs::create_dir(&data).unwrap();
    let name = |password: &str, ca: &str| {
        std::fs::write(data.join("password"), password).unwrap();
        let connection = format!("host=127.0.0.1 port={port} user=desserte dbname=postgres sslmode=require");
        let text =
            format!("connection = \"{connection}\"\npassword_file = \"password\"\nca_file = \"{ca}\"\n");
        std::fs::write(data.join(REGISTRY_FILE), text).unwrap();
        Registry::of_data(&data, 1).unwrap().unwrap()
    };
    let begun = Instant::now();
    while let Err(error) = name("mot-de-passe\n", &files.authority).make().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "{error}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    name("mot-de-passe", &files.authority).look(0).await.unwrap();
    let wrong = name("un-autre-mot", &files.authority).look(0).await.unwrap_err().to_string();
    assert!(wrong.contains("password authentication failed") && !wrong.contains("un-autre-mot"), "{wrong}");
    // A certificate that nobody whom we know has signed.
    let stranger = folder.path().join("stranger");
    std::fs::create_dir(&stranger).unwrap();
    let unproved =
        name("mot-de-passe", &certificate(&stranger, "127.0.0.1").authority).look(0).await.unwrap_err();
    assert!(unproved.to_string().contains("certificate"), "{unproved}");
}
