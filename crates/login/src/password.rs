//! Passwords, kept as Argon2id hashes (RFC 9106) in the PHC string format.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

/// Fewest characters of a password, where it is all that one needs to log in.
///
/// # Source
/// NIST SP 800-63B-4 (2025), section 3.1.1.2: fifteen for a password that is the only factor; composition rules are not to be set. Dated
/// 2026-11-23.
pub const CHARS_MIN: usize = 15;

/// Most octets of a password: more than any passphrase, and too few to keep a processor busy.
pub const OCTETS_MAX: usize = 256;

/// Memory of one hash in KiB, passes over it, lanes.
///
/// # Source
/// OWASP Password Storage Cheat Sheet, the first of its choices of equal strength for Argon2id (19 MiB, 2, 1). Dated 2026-11-23. A hash says
/// what it was made with, so that old ones stay readable when this changes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// A hash of nobody's password: whoever names an account that is not there waits as long as for one that is.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5MQ$5m4yC0VPs0o2ZgvNR5Pvm3q0kZ4Z0VZ2m1Wq7oZ8yJY";

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It can be guessed.
    #[error("a password is to have {CHARS_MIN} characters or more; a sentence is easy to remember")]
    TooShort,
    /// It is longer than any passphrase.
    #[error("a password is to have {OCTETS_MAX} octets at the most")]
    TooLong,
    /// The hash could not be made.
    #[error("the password could not be hashed")]
    Hash,
}

/// What is kept of a password.
///
/// # Errors
/// When the password is too short or too long.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, PasswordError> {
    if password.chars().count() < CHARS_MIN {
        return Err(PasswordError::TooShort);
    }
    if password.len() > OCTETS_MAX {
        return Err(PasswordError::TooLong);
    }
    let hash = argon2()
        .and_then(|argon2| argon2.hash_password_with_salt(password.as_bytes(), &salt).ok())
        .ok_or(PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Whether it is the password that `kept` was made of. `None`, nobody's, takes as long to refuse. Takes some tens of milliseconds and 19 MiB.
#[must_use]
pub fn verify(password: &str, kept: Option<&str>) -> bool {
    // Longer ones are of nobody, and hashing them is work for whoever sends many.
    let within = password.len() <= OCTETS_MAX;
    let typed = if within { password.as_bytes() } else { b"" };
    let right = argon2().is_some_and(|argon2| argon2.verify_password(typed, kept.unwrap_or(NOBODY)).is_ok());
    right && within && kept.is_some()
}

fn argon2() -> Option<Argon2<'static>> {
    let (memory_kib, passes, lanes) = COST;
    let params = Params::new(memory_kib, passes, lanes, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "la pluie tombe sur Guéret";

    #[test]
    fn a_password_opens_what_it_closed_and_nothing_else() {
        let kept = hash(GOOD, [7; 16]).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify(GOOD, Some(&kept)));
        assert!(!verify("la pluie tombe sur Gueret", Some(&kept)));
        assert!(!verify("", Some(&kept)));
        assert!(!verify(GOOD, None) && !verify(GOOD, Some("")) && !verify(GOOD, Some("$argon2id$nonsense")));
        assert_ne!(kept, hash(GOOD, [8; 16]).unwrap());
    }

    #[test]
    fn what_nobody_has_is_a_hash_like_any_other() {
        // As long to refuse only if it can be read.
        assert!(argon2::PasswordHash::new(NOBODY).is_ok());
        assert!(NOBODY.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert_eq!(hash("quatorze signe", [0; 16]), Err(PasswordError::TooShort));
        // Characters, not octets.
        assert_eq!(hash("éééééééééééééé", [0; 16]), Err(PasswordError::TooShort));
        assert_eq!(hash(&"é".repeat(200), [0; 16]), Err(PasswordError::TooLong));
        let kept = hash(&"é".repeat(128), [0; 16]).unwrap();
        assert!(verify(&"é".repeat(128), Some(&kept)) && !verify(&"é".repeat(129), Some(&kept)));
    }
}
