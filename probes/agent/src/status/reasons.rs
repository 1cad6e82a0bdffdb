//! What the system says in English, put into the reader's words.
//!
//! The raw text stays in `--json` and in the log; a reader who is no expert gets the class, or nothing.

use super::Language;

/// A part of the raw text, its class in French and in English.
const CLASSES: [(&str, &str, &str); 14] = [
    ("causedasendentity", "certificat auto-signé refusé", "self-signed certificate refused"),
    ("certificate", "certificat refusé", "certificate refused"),
    ("connection refused", "connexion refusée", "connection refused"),
    ("failed to lookup", "nom introuvable", "name not found"),
    ("name or service not known", "nom introuvable", "name not found"),
    ("name resolution", "nom introuvable", "name not found"),
    ("no address", "nom introuvable", "name not found"),
    ("timed out", "délai dépassé", "timed out"),
    ("deadline", "délai dépassé", "timed out"),
    ("unreachable", "réseau injoignable", "network unreachable"),
    ("reset by peer", "connexion coupée", "connection cut"),
    ("no space left", "disque plein", "disk full"),
    ("read-only", "disque en lecture seule", "disk is read-only"),
    ("permitted", "droit manquant", "right missing"),
];

/// The class of a raw text, when it is a known one.
pub(crate) fn in_words(raw: &str, language: Language) -> Option<&'static str> {
    let raw = raw.to_lowercase();
    if raw.contains("permission denied") {
        return Some(language.choose("droit manquant", "right missing"));
    }
    let class = CLASSES.iter().find(|(part, ..)| raw.contains(part));
    class.map(|(_, french, english)| language.choose(*french, *english))
}

/// The class in parentheses after a space, or nothing.
pub(crate) fn parenthesis(raw: &str, language: Language) -> String {
    in_words(raw, language).map_or(String::new(), |class| format!(" ({class})"))
}

/// What to do about a cause that waiting does not heal.
pub(crate) fn remedy(raw: &str, language: Language) -> Option<String> {
    let advice = if raw.contains("CaUsedAsEndEntity") {
        language.choose(
            "Un certificat auto-signé est refusé : émettez-le par une autorité et nommez-la dans « ca_file ».",
            "A self-signed certificate is refused: have an authority issue it and name that one in `ca_file`.",
        )
    } else if raw.contains("UnknownIssuer") {
        language.choose(
            "L’autorité qui a émis le certificat n’est pas connue : nommez-la dans « ca_file ».",
            "The authority that issued the certificate is not known: name it in `ca_file`.",
        )
    } else {
        return None;
    };
    Some(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_put_into_words() {
        let french = |raw| in_words(raw, Language::Fr);
        assert_eq!(french("Connection refused (os error 111)"), Some("connexion refusée"));
        assert_eq!(
            french("failed to lookup address information: Name or service not known"),
            Some("nom introuvable")
        );
        assert_eq!(french("invalid peer certificate: UnknownIssuer"), Some("certificat refusé"));
        assert_eq!(
            french("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))"),
            Some("certificat auto-signé refusé")
        );
        assert_eq!(french("operation timed out"), Some("délai dépassé"));
        assert_eq!(french("something unheard of"), None);
        assert!(remedy("CaUsedAsEndEntity", Language::Fr).is_some_and(|text| text.contains("ca_file")));
    }
}
