//! Services of this machine: none, refusing, portals, wrong certificates, resolvers that know and do not know.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, PacketFlag, RCODE, ResourceRecord};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use super::*;
use crate::tls::{CertificateClock, client_config};

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nBienvenue !";

/// Answers every connection with `answer`, in clear.
async fn in_clear(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// The same behind TLS with a certificate for `name`; also gives its authority in PEM.
async fn behind_tls(name: &str, answer: Vec<u8>) -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let pem = made.cert.pem();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key.into())
            .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, pem)
}

/// A resolver that knows one name.
async fn resolver(known: &'static str) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            let answer = answer_to(&question[..length], known);
            let _ = socket.send_to(&answer, from).await;
        }
    });
    address
}

fn answer_to(question: &[u8], known: &str) -> Vec<u8> {
    let question = Packet::parse(question).unwrap();
    let name = question.questions[0].qname.clone();
    let mut answer = Packet::new_reply(question.id());
    answer.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if name.to_string() == known {
        let address = RData::A(A { address: u32::from(Ipv4Addr::LOCALHOST) });
        answer.answers.push(ResourceRecord::new(name, CLASS::IN, 60, address));
    } else {
        *answer.rcode_mut() = RCODE::NameError;
    }
    answer.build_bytes_vec().unwrap()
}

fn tls(authority: Option<&str>) -> Arc<ClientConfig> {
    let clock = Arc::new(CertificateClock::default());
    let ca = authority.map(|pem| (std::path::Path::new("ca.pem"), pem.as_bytes()));
    Arc::new(client_config(ca, &clock).unwrap())
}

fn service(url: &str, expect: Option<&str>) -> Service {
    Service { url: url.parse().unwrap(), expect: expect.map(str::to_owned) }
}

#[tokio::test]
async fn a_page_that_comes_is_timed_in_every_step() {
    let known = resolver("mairie.test").await;
    let (server, authority) = behind_tls("mairie.test", PAGE.as_bytes().to_vec()).await;
    let url = format!("https://mairie.test:{}/accueil?p=1", server.port());
    let seen = attempt(&service(&url, Some("Bienvenue")), None, Some(known), &tls(Some(&authority))).await;
    assert_eq!(seen.failure(), None, "{seen:?}");
    let page = seen.page.as_ref().unwrap();
    assert_eq!((page.status, page.body_bytes), (Some(200), 11));
    assert!(page.first_byte_us.unwrap() <= page.total_us);
    assert!(
        [seen.dns, seen.connect, seen.tls].iter().all(|step| step.is_some_and(|step| step.failure.is_none()))
    );
    assert!((3000..20_000).contains(&seen.bytes_charged), "{}", seen.bytes_charged);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_from_a_resolver_that_is_not_there() {
    let known = resolver("mairie.test").await;
    let unknown = attempt(&service("https://prefecture.test/", None), None, Some(known), &tls(None)).await;
    assert_eq!(unknown.failure(), Some(ReachFailure::NameUnknown));
    assert_eq!(unknown.connect, None, "what was not tried is absent");
    let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let silent = attempt(&service("https://mairie.test/", None), None, Some(nobody), &tls(None)).await;
    assert_eq!(silent.failure(), Some(ReachFailure::Refused));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_no_answer_of_the_service() {
    let known = resolver("mairie.test").await;
    let (server, authority) = behind_tls("portail.test", PAGE.as_bytes().to_vec()).await;
    let url = format!("https://mairie.test:{}/", server.port());
    for trusted in [Some(authority.as_str()), None] {
        let seen = attempt(&service(&url, None), None, Some(known), &tls(trusted)).await;
        assert_eq!(seen.failure(), Some(ReachFailure::Certificate), "{seen:?}");
        assert_eq!(seen.page, None);
    }
}

#[tokio::test]
async fn portals_errors_refusals_and_silence_are_told_apart() {
    let cases = [
        ("HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 0\r\n\r\n", ReachFailure::Portal),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nConnexion", ReachFailure::Portal),
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", ReachFailure::Status),
        ("SSH-2.0-OpenSSH\r\n", ReachFailure::Nonsense),
    ];
    for (answer, expected) in cases {
        let url = format!("http://{}/", in_clear(answer).await);
        let seen = attempt(&service(&url, Some("Bienvenue")), None, None, &tls(None)).await;
        assert_eq!(seen.failure(), Some(expected), "{seen:?}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let seen = attempt(&service(&format!("http://{closed}/"), None), None, None, &tls(None)).await;
    assert_eq!(seen.failure(), Some(ReachFailure::Refused));
}

#[tokio::test]
async fn a_resolver_over_https_leads_to_the_page_when_the_other_fails() {
    let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let question = dns::question("localhost.test", 0).unwrap();
    let answer = answer_to(&question, "localhost.test");
    let mut http = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len()).into_bytes();
    http.extend(answer);
    let (doh, authority) = behind_tls("localhost", http).await;
    let page = in_clear(PAGE).await;
    let doh: Url = format!("https://localhost:{}/dns-query", doh.port()).parse().unwrap();
    let service = service(&format!("http://localhost.test:{}/", page.port()), None);
    let seen = attempt(&service, Some(&doh), Some(nobody), &tls(Some(&authority))).await;
    assert_eq!(seen.dns.unwrap().failure, Some(ReachFailure::Refused));
    assert_eq!(seen.dns_https.unwrap().failure, None, "{seen:?}");
    assert_eq!(seen.failure(), None, "{seen:?}");
}

#[test]
fn one_address_of_each_family_is_tried_in_the_order_given() {
    let addresses = ["::1", "2001:db8::1", "127.0.0.1", "192.0.2.1"].map(|text| text.parse().unwrap());
    let tried: Vec<String> = one_of_each_family(&addresses).map(|address| address.to_string()).collect();
    assert_eq!(tried, ["::1", "127.0.0.1"]);
    assert_eq!(one_of_each_family(&addresses[..2]).count(), 1);
    assert_eq!(one_of_each_family(&[]).count(), 0);
}
