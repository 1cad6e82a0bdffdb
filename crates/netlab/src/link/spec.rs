//! Links as people write them: `20mbit,delay=50ms,jitter=5ms,loss=1%,queue=100ms`.

use std::time::Duration;

use desserte_units::BitRate;

use super::{
    Bucket, Capacity, Jitter, LinkConfig, Loss, Outage, OutageKind, TraceError, cooked, irish_5g, mahimahi,
};

/// Why a text describes no link.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// A word that is not understood.
    #[error("`{word}` is not understood: {expected}")]
    Word {
        /// The word.
        word: String,
        /// What can stand there.
        expected: &'static str,
    },
    /// Nothing says how fast the link is.
    #[error("no rate: write one like 20mbit, a trace like trace=FILE, or unlimited")]
    NoCapacity,
    /// A trace that cannot be opened.
    #[error("reading the trace {path}")]
    Open {
        /// Its path.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A trace that cannot be understood.
    #[error("understanding the trace {path}")]
    Trace {
        /// Its path.
        path: String,
        /// What is wrong with it.
        #[source]
        source: TraceError,
    },
}

/// What the words mean, for help texts.
pub const SPEC_HELP: &str = "\
words separated by commas:
  20mbit 500kbit 1gbit      rate, counted in octets of IP; or
  unlimited                 no limit; or
  trace=FILE                a trace (plain or gzip): Mahimahi, `seconds Mbit/s`, or the Irish 5G tables
  delay=50ms                one way; a round trip takes the delays of both directions
  jitter=5ms                up to this much more, wandering, order kept
  loss=1%                   each packet by itself
  loss=bursts:1%:25%        bursts: chance to fall into the lossy state, and to leave it, at each packet
  queue=100ms queue=64kB    drop-tail queue; 100 ms of the rate if not said
  burst=10MB@100mbit        that many octets at that rate first, then the rate of the line
  outage=3s-5s              lost from then to then, since the line began; may be said several times
  pause=3s-5s               held in the queue instead";

/// Reads a link from a text; `open` fetches the octets of a trace, `upload` says which column of a table is meant.
///
/// # Errors
/// When a word is not understood, no rate is given, or a trace is none.
pub fn parse(
    text: &str,
    upload: bool,
    open: &dyn Fn(&str) -> std::io::Result<Vec<u8>>,
) -> Result<LinkConfig, SpecError> {
    let mut capacity = None;
    let mut queue = None;
    let mut burst = None;
    let mut config = LinkConfig::over(Capacity::Unlimited);
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let wrong = |expected| SpecError::Word { word: word.to_owned(), expected };
        let time = |value: &str| duration(value).ok_or_else(|| wrong("a time like 50ms or 3s"));
        let share = |value: &str| percent(value).ok_or_else(|| wrong("a share like 1%"));
        match word.split_once('=') {
            None if word == "unlimited" => capacity = Some(Capacity::Unlimited),
            None => {
                let rate = rate(word).ok_or_else(|| wrong("a rate like 20mbit"))?;
                capacity = Some(Capacity::constant(rate));
            }
            Some(("trace", path)) => capacity = Some(trace(path, upload, open)?),
            Some(("delay", value)) => config.delay = time(value)?,
            Some(("jitter", value)) => config.jitter = Some(Jitter::of(time(value)?)),
            Some(("queue", value)) => {
                let size = duration(value).map(Queue::Time).or_else(|| octets(value).map(Queue::Octets));
                queue = Some(size.ok_or_else(|| wrong("a time like 100ms or a size like 64kB"))?);
            }
            Some(("loss", value)) => {
                config.loss = match value.strip_prefix("bursts:").and_then(|chances| chances.split_once(':'))
                {
                    Some((to_bad, to_good)) => Loss::GilbertElliott {
                        to_bad: share(to_bad)?,
                        to_good: share(to_good)?,
                        loss_good: 0.0,
                        loss_bad: 1.0,
                    },
                    None => Loss::Random(share(value)?),
                };
            }
            Some(("burst", value)) => {
                let parts = value.split_once('@').and_then(|(size, fast)| octets(size).zip(rate(fast)));
                burst = Some(parts.ok_or_else(|| wrong("a size and a rate like 10MB@100mbit"))?);
            }
            Some((kind @ ("outage" | "pause"), value)) => {
                let (from, until) = value.split_once('-').ok_or_else(|| wrong("two times like 3s-5s"))?;
                let kind = if kind == "outage" { OutageKind::Lose } else { OutageKind::Hold };
                config.outages.push(Outage { from: time(from)?, until: time(until)?, kind });
            }
            Some(_) => return Err(wrong("one of trace, delay, jitter, loss, queue, burst, outage, pause")),
        }
    }
    let capacity = capacity.ok_or(SpecError::NoCapacity)?;
    let mean = capacity.mean_rate();
    config.queue_octets = match (queue, mean) {
        (Some(Queue::Octets(size)), _) => size,
        (Some(Queue::Time(time)), Some(mean)) => LinkConfig::queue_for(mean, time),
        (None, Some(_)) => LinkConfig::over(capacity.clone()).queue_octets,
        (_, None) => u64::MAX,
    };
    config.capacity = capacity;
    if let (Some((burst_octets, fast)), Some(rate)) = (burst, mean) {
        config.bucket = Some(Bucket { rate, burst_octets });
        config.capacity = Capacity::constant(fast);
    }
    Ok(config)
}

enum Queue {
    Time(Duration),
    Octets(u64),
}

fn trace(
    path: &str,
    upload: bool,
    open: &dyn Fn(&str) -> std::io::Result<Vec<u8>>,
) -> Result<Capacity, SpecError> {
    let octets = open(path).map_err(|source| SpecError::Open { path: path.to_owned(), source })?;
    // What is no Mahimahi trace may be a table, and says what is wrong with it if it is none either.
    if let Ok(opportunities) = mahimahi(&octets) {
        return Ok(Capacity::Opportunities(opportunities));
    }
    cooked(&octets)
        .or_else(|error| irish_5g(&octets, upload).map_err(|_| error))
        .map(Capacity::Schedule)
        .map_err(|source| SpecError::Trace { path: path.to_owned(), source })
}

fn number(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let split = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (digits, unit) = text.split_at(split);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    digits.parse::<f64>().ok().map(|value| value * factor)
}

fn rate(text: &str) -> Option<BitRate> {
    let bits = number(text, &[("bit", 1.0), ("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9)])?;
    BitRate::from_bits_per_second(bits).filter(|rate| rate.as_bits_per_second() >= 1.0)
}

fn duration(text: &str) -> Option<Duration> {
    let seconds = number(text, &[("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0)])?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn percent(text: &str) -> Option<f64> {
    number(text, &[("%", 0.01)]).filter(|share| (0.0..=1.0).contains(share))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "digits are not negative, and `as` saturates"
)]
fn octets(text: &str) -> Option<u64> {
    number(text, &[("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9)]).map(|octets| octets as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }

    #[test]
    fn every_word_of_the_help_is_understood() {
        let text = "20mbit,delay=50ms,jitter=5ms,loss=bursts:1%:25%,queue=64kB,outage=3s-5s,pause=1min-2min";
        let config = parse(text, false, &nothing).unwrap();
        let expected = LinkConfig {
            delay: Duration::from_millis(50),
            jitter: Some(Jitter::of(Duration::from_millis(5))),
            loss: Loss::GilbertElliott { to_bad: 0.01, to_good: 0.25, loss_good: 0.0, loss_bad: 1.0 },
            queue_octets: 64_000,
            outages: vec![
                Outage::cut(Duration::from_secs(3), Duration::from_secs(5)),
                Outage {
                    from: Duration::from_secs(60),
                    until: Duration::from_secs(120),
                    kind: OutageKind::Hold,
                },
            ],
            ..LinkConfig::of(BitRate::from_mbit_per_s(20.0).unwrap())
        };
        assert_eq!(config, expected);
        let queued = parse("8mbit,queue=1s", false, &nothing).unwrap();
        assert_eq!(queued.queue_octets, 1_000_000);
        let burst = parse("8mbit,burst=10MB@100mbit", false, &nothing).unwrap();
        assert_eq!(burst.bucket.unwrap().rate, BitRate::from_mbit_per_s(8.0).unwrap());
        assert_eq!(burst.capacity.mean_rate(), BitRate::from_mbit_per_s(100.0));
        assert_eq!(parse("unlimited,loss=1%", false, &nothing).unwrap().loss, Loss::Random(0.01));
    }

    #[test]
    fn traces_are_told_apart_by_what_is_in_them() {
        let mean = |content: &'static [u8]| {
            let config = parse("trace=x", false, &|_| Ok(content.to_vec())).unwrap();
            config.capacity.mean_rate().unwrap().as_mbit_per_s()
        };
        assert!((mean(b"1\n2\n") - 12.0).abs() < 1e-9);
        assert!((mean(b"0 3\n1 5\n") - 4.0).abs() < 1e-9);
        assert!((mean(b"t,DL_bitrate\nx,3000\n") - 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, said) in [
            ("20", "`20` is not understood: a rate like 20mbit"),
            ("20mbit,delay=5", "`delay=5` is not understood: a time like 50ms or 3s"),
            ("20mbit,colour=red", "`colour=red` is not understood"),
            ("delay=5ms", "no rate"),
            ("trace=x", "reading the trace x"),
        ] {
            let error = parse(text, false, &nothing).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
