//! SCRAM-SHA-256 as PostgreSQL uses it, from the server's side.
//!
//! RFC 5802 and RFC 7677, without channel binding. What is kept of a password proves that someone else knows it and does not let
//! one pretend to: the same text as PostgreSQL keeps in `pg_authid`. Without input or output; chance is an argument.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

/// How often a password is hashed: PostgreSQL's number, and the least that RFC 7677 allows.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("not zero");

/// Most that a verifier of another program may ask of clients.
const ITERATIONS_MAX: u32 = 10_000_000;

/// Octets of a salt: PostgreSQL's.
pub const SALT_BYTES: usize = 16;

/// Octets of chance in a nonce: PostgreSQL's.
pub(crate) const NONCE_BYTES: usize = 18;

const DIGEST_BYTES: usize = digest::SHA256_OUTPUT_LEN;

/// What is kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    iterations: NonZeroU32,
    salt: Vec<u8>,
    stored_key: [u8; DIGEST_BYTES],
    server_key: [u8; DIGEST_BYTES],
}

/// Not a verifier. Its text is not repeated: it may be a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "this is no SCRAM-SHA-256 verifier; `desserte sql password` makes one, as `SCRAM-SHA-256$4096:SALT$STORED:SERVER`"
)]
pub struct NotAVerifier;

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// A message is not as RFC 5802 has it.
    #[error("the client's message is no SCRAM message")]
    Malformed,
    /// The client asks for channel binding, which is not offered.
    #[error("channel binding is not offered here")]
    ChannelBinding,
    /// The password is another.
    #[error("the password is wrong")]
    WrongPassword,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier")
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [salt, stored, server] =
            [&self.salt[..], &self.stored_key, &self.server_key].map(|octets| STANDARD.encode(octets));
        write!(f, "SCRAM-SHA-256${}:{salt}${stored}:{server}", self.iterations)
    }
}

impl std::str::FromStr for Verifier {
    type Err = NotAVerifier;

    fn from_str(text: &str) -> Result<Self, NotAVerifier> {
        let parts = || {
            let (head, keys) = text.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
            let (iterations, salt) = head.split_once(':')?;
            let (stored, server) = keys.split_once(':')?;
            let key = |text: &str| STANDARD.decode(text).ok()?.try_into().ok();
            let iterations: NonZeroU32 = iterations.parse().ok()?;
            Some(Self {
                iterations: (iterations.get() <= ITERATIONS_MAX).then_some(iterations)?,
                salt: STANDARD.decode(salt).ok()?,
                stored_key: key(stored)?,
                server_key: key(server)?,
            })
        };
        parts().ok_or(NotAVerifier)
    }
}

impl Verifier {
    /// What to keep of `password`. Letters beyond ASCII are taken as they are; PostgreSQL's clients normalise some of them first.
    #[must_use]
    pub fn of(password: &str, salt: [u8; SALT_BYTES]) -> Self {
        let mut salted = [0; DIGEST_BYTES];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, &salt, password.as_bytes(), &mut salted);
        let key = |name: &[u8]| sign(&salted, name);
        Self {
            iterations: ITERATIONS,
            salt: salt.to_vec(),
            stored_key: sha256(&key(b"Client Key")),
            server_key: key(b"Server Key"),
        }
    }

    /// A verifier that no password fits, for names that nobody has: a stranger is told nothing else than a friend with a wrong
    /// password. The same name gets the same salt as long as `secret` is the same.
    #[must_use]
    pub fn of_nobody(name: &str, secret: &[u8; DIGEST_BYTES]) -> Self {
        let salt = sign(secret, name.as_bytes());
        Self {
            iterations: ITERATIONS,
            salt: salt[..SALT_BYTES].to_vec(),
            stored_key: sign(secret, &salt),
            server_key: sign(secret, &sign(secret, &salt)),
        }
    }
}

/// An exchange after the client's first message.
pub(crate) struct Exchange {
    verifier: Verifier,
    /// Base64 of the header of the client's first message, which its last one must repeat.
    header: String,
    nonce: String,
    /// The client's first message without its header, and our answer: the beginning of what is signed.
    signed: String,
}

impl Exchange {
    /// Reads the client's first message, and gives what to answer.
    ///
    /// # Errors
    /// When it is malformed or asks for what is not offered.
    pub(crate) fn begin(
        first: &[u8],
        verifier: Verifier,
        chance: [u8; NONCE_BYTES],
    ) -> Result<(Self, String), Refused> {
        let first = std::str::from_utf8(first).map_err(|_| Refused::Malformed)?;
        // gs2-header: a flag, and a name that PostgreSQL's clients leave empty.
        let mut parts = first.splitn(3, ',');
        let (Some(flag), Some(authzid), Some(bare)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Refused::Malformed);
        };
        match flag {
            "n" | "y" => {}
            _ if flag.starts_with("p=") => return Err(Refused::ChannelBinding),
            _ => return Err(Refused::Malformed),
        }
        let theirs = field(bare, 'r').filter(|nonce| !nonce.is_empty()).ok_or(Refused::Malformed)?;
        let nonce = format!("{theirs}{}", STANDARD.encode(chance));
        let answer = format!("r={nonce},s={},i={}", STANDARD.encode(&verifier.salt), verifier.iterations);
        let header = STANDARD.encode(format!("{flag},{authzid},"));
        let signed = format!("{bare},{answer}");
        Ok((Self { verifier, header, nonce, signed }, answer))
    }

    /// Reads the client's last message, and gives our proof to it.
    ///
    /// # Errors
    /// When it is malformed, or the password was another.
    pub(crate) fn finish(self, last: &[u8]) -> Result<String, Refused> {
        let last = std::str::from_utf8(last).map_err(|_| Refused::Malformed)?;
        let (without_proof, proof) = last.rsplit_once(",p=").ok_or(Refused::Malformed)?;
        if field(without_proof, 'c') != Some(&self.header) || field(without_proof, 'r') != Some(&self.nonce) {
            return Err(Refused::Malformed);
        }
        let proof: [u8; DIGEST_BYTES] =
            STANDARD.decode(proof).ok().and_then(|proof| proof.try_into().ok()).ok_or(Refused::Malformed)?;
        let signed = format!("{},{without_proof}", self.signed);
        let mask = sign(&self.verifier.stored_key, signed.as_bytes());
        let client_key: Vec<u8> = proof.iter().zip(mask).map(|(proof, mask)| proof ^ mask).collect();
        // Every octet is compared, so that the time taken tells nothing.
        let pairs = sha256(&client_key).into_iter().zip(self.verifier.stored_key);
        if pairs.fold(0, |differ, (theirs, ours)| differ | (theirs ^ ours)) != 0 {
            return Err(Refused::WrongPassword);
        }
        Ok(format!("v={}", STANDARD.encode(sign(&self.verifier.server_key, signed.as_bytes()))))
    }
}

/// The value of an attribute of a message.
fn field(message: &str, name: char) -> Option<&str> {
    message.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

fn sign(key: &[u8], message: &[u8]) -> [u8; DIGEST_BYTES] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    tag.as_ref().try_into().expect("a tag of SHA-256 has its length")
}

fn sha256(octets: &[u8]) -> [u8; DIGEST_BYTES] {
    let digest = digest::digest(&digest::SHA256, octets);
    digest.as_ref().try_into().expect("a digest of SHA-256 has its length")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3.
    const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";
    const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";

    fn example() -> Exchange {
        let salt = STANDARD.decode(SALT).unwrap().try_into().unwrap();
        // The example's server nonce is text; ours is base64 of chance. It is put in by hand.
        let (mut exchange, _) =
            Exchange::begin(FIRST.as_bytes(), Verifier::of("pencil", salt), [0; NONCE_BYTES]).unwrap();
        exchange.nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned();
        exchange.signed = format!("n=user,r=rOprNGfwEbeRWgbNEkqO,r={},s={SALT},i=4096", exchange.nonce);
        exchange
    }

    fn last(proof: &str) -> String {
        format!("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p={proof}")
    }

    #[test]
    fn the_example_of_the_rfc_is_let_in_and_gets_the_servers_proof() {
        let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let answer = example().finish(last(proof).as_bytes()).unwrap();
        assert_eq!(answer, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn another_proof_a_short_one_and_another_nonce_are_refused() {
        let wrong = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVA=";
        assert_eq!(example().finish(last(wrong).as_bytes()), Err(Refused::WrongPassword));
        assert_eq!(example().finish(last("AAAA").as_bytes()), Err(Refused::Malformed));
        let other = last(wrong).replace("hvYD", "hvYE");
        assert_eq!(example().finish(other.as_bytes()), Err(Refused::Malformed));
        let nobody = Verifier::of_nobody("x", &[7; 32]);
        let begin = |first: &str| Exchange::begin(first.as_bytes(), nobody.clone(), [0; NONCE_BYTES]).err();
        assert_eq!(begin("p=tls-server-end-point,,n=,r=a"), Some(Refused::ChannelBinding));
        assert_eq!(begin("n,,n="), Some(Refused::Malformed));
        assert_eq!(begin("n"), Some(Refused::Malformed));
    }

    #[test]
    fn a_verifier_is_written_and_read_as_postgresql_has_it_and_never_shown() {
        // Made by PostgreSQL's own form with the salt of the RFC's example.
        let verifier = Verifier::of("pencil", STANDARD.decode(SALT).unwrap().try_into().unwrap());
        let text = verifier.to_string();
        assert!(text.starts_with("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"), "{text}");
        assert_eq!(text.parse::<Verifier>().unwrap(), verifier);
        assert_eq!(format!("{verifier:?}"), "Verifier");
        for wrong in ["", "secret", "SCRAM-SHA-256$0:aa==$aa:aa", "md5abc", &text[..text.len() - 4]] {
            assert!(wrong.parse::<Verifier>().is_err(), "{wrong}");
        }
    }
}
