//! Numbers as people read them. Mbit/s is 10^6 bits per second.

use std::time::Duration;

use desserte_units::{BitRate, Timestamp};

use super::lang::Lang;
use crate::figures::{OutageNumbers, Window};

/// A no-break space.
const NB: char = '\u{a0}';

/// A narrow no-break space, which French puts between groups of three digits.
const NNB: char = '\u{202f}';

/// A rate with as many digits as it deserves.
pub(super) fn rate(rate: BitRate, lang: Lang) -> String {
    megabits(rate.as_mbit_per_s(), lang)
}

/// The same without its unit.
pub(super) fn rate_number(rate: BitRate, lang: Lang) -> String {
    megabits_number(rate.as_mbit_per_s(), lang)
}

/// A rate in Mbit/s with as many digits as it deserves.
pub(super) fn megabits(megabits: f64, lang: Lang) -> String {
    format!("{}{NB}Mbit/s", megabits_number(megabits, lang))
}

/// The same without its unit.
pub(super) fn megabits_number(megabits: f64, lang: Lang) -> String {
    let digits = match megabits {
        m if m < 0.995 => 2,
        m if m < 99.95 => 1,
        _ => 0,
    };
    decimal(megabits, digits, lang)
}

/// A number with a fixed number of decimals.
pub(super) fn decimal(value: f64, digits: usize, lang: Lang) -> String {
    let text = format!("{value:.digits$}");
    match lang {
        Lang::Fr => text.replace('.', ","),
        Lang::En => text,
    }
}

/// A number without decimals that say nothing.
pub(super) fn short(value: f64, lang: Lang) -> String {
    let text = value.to_string();
    lang.t(&text.replace('.', ","), &text).to_owned()
}

/// A share in per cent; something is never printed as nothing, nor a part as the whole.
pub(super) fn percent(share: f64, lang: Lang) -> String {
    let sign = lang.t("\u{a0}%", "%");
    match share {
        s if s > 0.0 && s < 0.000_5 => format!("<{NB}{}{sign}", decimal(0.1, 1, lang)),
        s if (0.999..1.0).contains(&s) => format!("{}{sign}", decimal(99.9, 1, lang)),
        s if s <= 0.0 || s >= 1.0 => format!("{}{sign}", decimal(s * 100.0, 0, lang)),
        s if (0.0995..0.99).contains(&s) => format!("{}{sign}", decimal(s * 100.0, 0, lang)),
        s => format!("{}{sign}", decimal(s * 100.0, 1, lang)),
    }
}

/// Availability with as many decimals as the known time behind it supports, rounded down: 99.99 must not read as 100.
///
/// One minute is 0.03 % of two days and 0.002 % of thirty.
pub(super) fn availability(share: f64, known: Duration, lang: Lang) -> String {
    const DAY: Duration = Duration::from_secs(86_400);
    let (digits, steps) = match known {
        known if known > DAY * 30 => (2, 100.0),
        known if known >= DAY * 2 => (1, 10.0),
        _ => (0, 1.0),
    };
    let number = decimal((share * 100.0 * steps).floor() / steps, digits, lang);
    lang.t(&format!("{number}{NB}%"), &format!("{number}%")).to_owned()
}

/// Time in outage, mean over the probes; without any, how much of the time somebody looked.
pub(super) fn outage(numbers: &OutageNumbers, lang: Lang) -> String {
    if !numbers.mean.is_zero() {
        return hours(numbers.mean);
    }
    let known = percent(numbers.known_ratio, lang);
    match lang {
        Lang::Fr => format!("aucune vue (état connu {known} du temps)"),
        Lang::En => format!("none seen (state known {known} of the time)"),
    }
}

/// A whole number with groups of three digits.
pub(super) fn count(number: u64, lang: Lang) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(if lang == Lang::Fr { NNB } else { ',' });
        }
        text.push(digit);
    }
    text
}

/// A count with the noun it counts; French takes the singular for none, too.
pub(super) fn counted(number: u64, french: (&str, &str), english: (&str, &str), lang: Lang) -> String {
    let noun = match lang {
        Lang::Fr if number < 2 => french.0,
        Lang::Fr => french.1,
        Lang::En if number == 1 => english.0,
        Lang::En => english.1,
    };
    format!("{}{NB}{noun}", count(number, lang))
}

/// A number of days.
pub(super) fn days(number: u64, lang: Lang) -> String {
    counted(number, ("jour", "jours"), ("day", "days"), lang)
}

/// A number of probes.
pub(super) fn probes(number: u64, lang: Lang) -> String {
    counted(number, ("sonde", "sondes"), ("probe", "probes"), lang)
}

/// A length of time in hours and minutes; below an hour, in minutes; nothing as `0 h`.
pub(super) fn hours(duration: Duration) -> String {
    let minutes = (duration.as_secs() + 30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) if duration.is_zero() => format!("0{NB}h"),
        (0, 0) => format!("<{NB}1{NB}min"),
        (0, minutes) => format!("{minutes}{NB}min"),
        (hours, 0) => format!("{hours}{NB}h"),
        (hours, minutes) => format!("{hours}{NB}h{NB}{minutes:02}"),
    }
}

/// A length of time that may be short: in seconds below two minutes, else as [`hours`] has it.
pub(super) fn length(duration: Duration) -> String {
    match duration.as_secs() {
        0 if !duration.is_zero() => format!("<{NB}1{NB}s"),
        seconds @ ..120 => format!("{seconds}{NB}s"),
        _ => hours(duration),
    }
}

/// A round-trip time.
pub(super) fn milliseconds(duration: Duration, lang: Lang) -> String {
    let millis = duration.as_secs_f64() * 1e3;
    let digits = usize::from(millis < 9.95);
    format!("{}{NB}ms", decimal(millis, digits, lang))
}

/// From when to when, both days inclusive.
pub(super) fn period(window: &Window, lang: Lang) -> String {
    let (from, to) = (day(window.period.start, lang), day(window.period.end.saturating_add_micros(-1), lang));
    match lang {
        Lang::Fr => format!("du {from} au {to}"),
        Lang::En => format!("{from} to {to}"),
    }
}

/// A day, as `31/10/2026` or `2026-10-31`.
pub(super) fn day(moment: Timestamp, lang: Lang) -> String {
    let Ok(time) = jiff::Timestamp::from_second(moment.as_unix_secs()) else { return "?".to_owned() };
    let date = jiff::tz::Offset::UTC.to_datetime(time).date();
    match lang {
        Lang::Fr => format!("{:02}/{:02}/{}", date.day(), date.month(), date.year()),
        Lang::En => date.to_string(),
    }
}

/// A month that is written `2026-10`, in words; as it stands where it is none.
pub(super) fn month(written: &str, lang: Lang) -> String {
    const FRENCH: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    const ENGLISH: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let names = match lang {
        Lang::Fr => &FRENCH,
        Lang::En => &ENGLISH,
    };
    let parts = written.split_once('-');
    let name = parts.and_then(|(_, month)| names.get(month.parse::<usize>().ok()?.checked_sub(1)?));
    match (parts, name) {
        (Some((year, _)), Some(name)) => format!("{name} {year}"),
        _ => written.to_owned(),
    }
}

/// Octets of a file, with three digits at the most.
pub(super) fn octets(octets: u64, lang: Lang) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let octets = octets as f64;
    let (number, unit) = match octets {
        few if few < 1e3 => (few, lang.t("octets", "bytes")),
        some if some < 999.5e3 => (some / 1e3, lang.t("ko", "kB")),
        many => (many / 1e6, lang.t("Mo", "MB")),
    };
    let digits = usize::from(number < 9.95 && octets >= 1e3);
    format!("{}{NB}{unit}", decimal(number, digits, lang))
}

/// The order of names in a French list: accents, case, hyphens and apostrophes do not count.
pub(super) fn sort_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'á' | 'â' | 'ä' => key.push('a'),
            'ç' => key.push('c'),
            'è' | 'é' | 'ê' | 'ë' => key.push('e'),
            'ì' | 'í' | 'î' | 'ï' => key.push('i'),
            'ñ' => key.push('n'),
            'ò' | 'ó' | 'ô' | 'ö' => key.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => key.push('u'),
            'ÿ' => key.push('y'),
            'œ' => key.push_str("oe"),
            'æ' => key.push_str("ae"),
            '-' | '\'' | '’' => key.push(' '),
            other => key.push(other),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_the_digits_they_deserve() {
        let fr = |megabits| rate(BitRate::from_mbit_per_s(megabits).unwrap(), Lang::Fr).replace(NB, " ");
        assert_eq!(fr(0.0), "0,00 Mbit/s");
        assert_eq!(fr(0.456), "0,46 Mbit/s");
        assert_eq!(fr(12.34), "12,3 Mbit/s");
        assert_eq!(fr(234.6), "235 Mbit/s");
        assert_eq!(rate(BitRate::from_mbit_per_s(1.25).unwrap(), Lang::En).replace(NB, " "), "1.2 Mbit/s");
    }

    #[test]
    fn times_read_as_hours_and_minutes() {
        let text = |seconds| hours(Duration::from_secs(seconds)).replace(NB, " ");
        assert_eq!(text(0), "0 h");
        assert_eq!(text(20), "< 1 min");
        assert_eq!(text(120), "2 min");
        assert_eq!(text(32_400), "9 h");
        assert_eq!(text(3_900), "1 h 05");
    }

    #[test]
    fn months_and_octets_read_as_words() {
        assert_eq!(month("2026-08", Lang::Fr), "août 2026");
        assert_eq!(month("2026-12", Lang::En), "December 2026");
        assert_eq!(month("2026-13", Lang::Fr), "2026-13");
        let size = |of| octets(of, Lang::Fr).replace(NB, " ");
        assert_eq!([size(0), size(812), size(1_234)], ["0 octets", "812 octets", "1,2 ko"]);
        assert_eq!([size(56_400), size(999_700), size(31_000_000)], ["56 ko", "1,0 Mo", "31 Mo"]);
    }

    #[test]
    fn nearly_always_is_not_always() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        assert_eq!(availability(0.999_99, days(31), Lang::En), "99.99%");
        assert_eq!(availability(1.0, days(31), Lang::En), "100.00%");
        assert_eq!(availability(0.999_99, days(30), Lang::En), "99.9%");
        assert_eq!(availability(0.999_99, days(1), Lang::En), "99%");
        assert_eq!(percent(0.999_9, Lang::En), "99.9%");
        assert_eq!(percent(0.000_1, Lang::En), "<\u{a0}0.1%");
        assert_eq!((percent(0.0, Lang::En), percent(1.0, Lang::En)), ("0%".to_owned(), "100%".to_owned()));
        assert_eq!(count(1_234_567, Lang::En), "1,234,567");
        assert_eq!(count(12, Lang::Fr), "12");
    }

    #[test]
    fn names_stand_where_a_french_reader_looks_for_them() {
        let mut names =
            ["Évaux", "Zérables", "Écurey", "Eymoutiers", "Ébreuil", "Saint-Yrieix", "Saint Agnant"];
        names.sort_by_key(|name| sort_key(name));
        let expected =
            ["Ébreuil", "Écurey", "Évaux", "Eymoutiers", "Saint Agnant", "Saint-Yrieix", "Zérables"];
        assert_eq!(names, expected);
    }
}
