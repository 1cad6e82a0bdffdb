//! The lines of the suite: seeded, each of a class.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use desserte_netlab::flow::{Algorithm, BulkConfig, CrossTraffic};
use desserte_netlab::link::{self, Bucket, Capacity, Jitter, LinkConfig, Loss, Schedule, Step};
use desserte_units::BitRate;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Which half of the seeds: rules are tuned on one and reported on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Tuning,
    HeldOut,
}

impl Half {
    pub(crate) fn salt(self) -> u64 {
        match self {
            Self::Tuning => 0x7E57,
            Self::HeldOut => 0x5EA1ED,
        }
    }
}

/// One line of the suite.
pub(crate) struct Case {
    pub(crate) class: &'static str,
    pub(crate) name: String,
    pub(crate) config: BulkConfig,
    pub(crate) seed: u64,
}

impl Case {
    /// Rate of a drawn line, which its name begins with.
    pub(crate) fn mbit_per_s(&self) -> Option<f64> {
        self.name.split(' ').next()?.parse().ok()
    }
}

/// Rates of the drawn lines, in Mbit/s of IP.
const RATES: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
/// Round trips of the drawn lines without load.
const RTTS_MS: [u64; 4] = [5, 20, 40, 100];
/// Up to here one connection fills most lines at once; beyond, it may take CUBIC seconds.
const NEAR_MS: u64 = 20;
/// The receiver's window is made never to bind: what it does is another question.
const WINDOW_OCTETS: u64 = 64 << 20;
/// Sender's counters, for the rules that look closer than our readings.
const COUNTERS: Duration = Duration::from_millis(10);
/// Parts of each recorded line that are used.
const PARTS_OF_TRACE: u64 = 2;

pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(half: Half, number: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(half.salt());
        generator.set_stream(number);
        Self(generator)
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * f64::from(self.0.next_u32()) / f64::from(u32::MAX)
    }

    /// Evenly on a logarithmic scale.
    fn scaled(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    fn coin(&mut self) -> bool {
        self.between(0.0, 1.0) < 0.5
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0
    }
}

fn rate(mbit_per_s: f64) -> BitRate {
    BitRate::from_mbit_per_s(mbit_per_s.max(0.01)).unwrap_or_default()
}

const fn seconds(value: f64) -> Duration {
    Duration::from_micros((value * 1e6) as u64)
}

/// A line of a mean rate, its delay halved between the ways, with the given time of queue.
pub(crate) fn with_delay(capacity: Capacity, mbit_per_s: f64, rtt_ms: u64, queue: Duration) -> LinkConfig {
    LinkConfig {
        delay: Duration::from_millis(rtt_ms) / 2,
        queue_octets: LinkConfig::queue_for(rate(mbit_per_s), queue),
        framing_octets: 0,
        ..LinkConfig::over(capacity)
    }
}

/// The transfer over a line: download or upload, CUBIC or BBR, as the dice fall.
pub(crate) fn transfer(dice: &mut Dice, forward: LinkConfig, rtt_ms: u64) -> BulkConfig {
    let back = LinkConfig { delay: Duration::from_millis(rtt_ms) / 2, ..LinkConfig::of(rate(1000.0)) };
    let config =
        if dice.coin() { BulkConfig::download(forward, back) } else { BulkConfig::upload(forward, back) };
    let algorithm = if dice.coin() { Algorithm::Cubic } else { Algorithm::Bbr };
    BulkConfig { algorithm, window_octets: WINDOW_OCTETS, counters_interval: COUNTERS, ..config }
}

/// Classes of drawn lines whose rate, as one connection gets it, is the same at the end as at the beginning or wavers around
/// one mean; in the others something happens in mid-run, or later than any early stop.
pub(crate) const KEEPING: [&str; 5] =
    ["steady, 5 and 20 ms", "steady, 40 and 100 ms", "loss", "wavering like Wi-Fi", "satellite, 600 ms"];

/// All drawn lines of a half.
pub(crate) fn drawn(half: Half) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut number = 0;
    let mut add = |class: &'static str, mbit: f64, rtt: u64, make: &dyn Fn(&mut Dice) -> LinkConfig| {
        number += 1;
        let mut dice = Dice::new(half, number);
        let line = make(&mut dice);
        let config = transfer(&mut dice, line, rtt);
        let name = format!("{mbit} Mbit/s, {rtt} ms, {:?}, {:?}", config.algorithm, config.direction);
        cases.push(Case { class, name, config, seed: number ^ half.salt() });
    };
    for mbit in RATES {
        for rtt in RTTS_MS {
            for _ in 0..4 {
                let class = if rtt <= NEAR_MS { "steady, 5 and 20 ms" } else { "steady, 40 and 100 ms" };
                add(class, mbit, rtt, &|dice| {
                    with_delay(Capacity::constant(rate(mbit)), mbit, rtt, seconds(dice.scaled(0.02, 0.4)))
                });
            }
            for _ in 0..2 {
                add("loss", mbit, rtt, &|dice| {
                    let ratio = dice.scaled(1e-5, 3e-3);
                    let loss = if dice.coin() {
                        Loss::Random(ratio)
                    } else {
                        Loss::GilbertElliott {
                            to_bad: ratio / 5.0,
                            to_good: 0.2,
                            loss_good: 0.0,
                            loss_bad: 0.5,
                        }
                    };
                    let line = with_delay(
                        Capacity::constant(rate(mbit)),
                        mbit,
                        rtt,
                        seconds(dice.scaled(0.02, 0.4)),
                    );
                    LinkConfig { loss, jitter: Some(Jitter::of(seconds(dice.between(0.0, 0.003)))), ..line }
                });
                add("burst, then throttled", mbit, rtt, &|dice| {
                    let fast = mbit * dice.between(1.3, 4.0);
                    let lasts = dice.scaled(0.2, 5.0);
                    let line = with_delay(
                        Capacity::constant(rate(fast)),
                        mbit,
                        rtt,
                        seconds(dice.scaled(0.05, 0.4)),
                    );
                    let burst_octets = rate(fast - mbit).bytes_in(seconds(lasts)).as_bytes();
                    LinkConfig { bucket: Some(Bucket { rate: rate(mbit), burst_octets }), ..line }
                });
                add("wavering like Wi-Fi", mbit, rtt, &|dice| wavering(dice, mbit, rtt));
                add("rising", mbit, rtt, &|dice| rising(dice, mbit, rtt));
            }
        }
    }
    for mbit in RATES {
        for rtt in RTTS_MS {
            for _ in 0..2 {
                let mut dice = Dice::new(half, 10_000 + cases.len() as u64);
                let queue = seconds(dice.scaled(0.05, 0.4));
                let line = with_delay(Capacity::constant(rate(mbit)), mbit, rtt, queue);
                let mut config = transfer(&mut dice, line, rtt);
                let from = dice.between(-4.0, 9.0);
                config.cross_traffic.push(CrossTraffic {
                    from: seconds(from.max(0.0)),
                    until: seconds((from + dice.scaled(1.0, 10.0)).max(0.1)),
                    rate: rate(mbit * dice.between(0.05, 0.5)),
                });
                let name = format!("{mbit} Mbit/s, {rtt} ms, {:?}, {:?}", config.algorithm, config.direction);
                cases.push(Case {
                    class: "cross traffic",
                    name,
                    config,
                    seed: cases.len() as u64 ^ half.salt(),
                });
            }
        }
    }
    for mbit in [2.0, 20.0, 100.0] {
        for _ in 0..4 {
            let mut dice = Dice::new(half, 20_000 + cases.len() as u64);
            let queue = seconds(dice.scaled(0.1, 0.6));
            let line = with_delay(Capacity::constant(rate(mbit)), mbit, 600, queue);
            let config = transfer(&mut dice, line, 600);
            let name = format!("{mbit} Mbit/s, 600 ms, {:?}, {:?}", config.algorithm, config.direction);
            cases.push(Case {
                class: "satellite, 600 ms",
                name,
                config,
                seed: cases.len() as u64 ^ half.salt(),
            });
        }
    }
    cases
}

/// A rate that wanders around its mean, with short stops as retries make them.
fn wavering(dice: &mut Dice, mbit: f64, rtt: u64) -> LinkConfig {
    const STEP_S: f64 = 0.02;
    let (spread, memory) = (dice.scaled(0.03, 0.4), dice.scaled(0.05, 1.0));
    let stops_per_s = dice.between(0.0, 1.0);
    let kept = (-STEP_S / memory).exp();
    let mut state = dice.normal();
    let mut stop_left = 0.0;
    let steps = (0..700_u32)
        .map(|index| {
            state = state * kept + dice.normal() * (1.0 - kept * kept).sqrt();
            if stop_left <= 0.0 && dice.between(0.0, 1.0) < stops_per_s * STEP_S {
                stop_left = dice.scaled(0.02, 0.15);
            }
            stop_left -= STEP_S;
            let now = if stop_left > 0.0 { 0.05 } else { (1.0 + spread * state).clamp(0.1, 2.0) };
            Step { at: seconds(f64::from(index) * STEP_S), rate: rate(mbit * now) }
        })
        .collect();
    let capacity = Schedule::steps(steps).map_or(Capacity::constant(rate(mbit)), Capacity::Schedule);
    let line = with_delay(capacity, mbit, rtt, seconds(dice.scaled(0.05, 0.4)));
    LinkConfig { jitter: Some(Jitter::of(seconds(dice.between(0.0, 0.005)))), ..line }
}

/// A rate that rises to its full height in the course of the run.
fn rising(dice: &mut Dice, mbit: f64, rtt: u64) -> LinkConfig {
    let (start, reached) = (dice.between(0.1, 0.7), dice.between(1.0, 8.0));
    let points = [
        Step { at: Duration::ZERO, rate: rate(mbit * start) },
        Step { at: seconds(reached), rate: rate(mbit) },
    ];
    let capacity = Schedule::ramps(&points).map_or(Capacity::constant(rate(mbit)), Capacity::Schedule);
    with_delay(capacity, mbit, rtt, seconds(dice.scaled(0.05, 0.4)))
}

/// Folders of recorded lines: the class, the folder, the round trip in milliseconds.
pub(crate) const FOLDERS: [(&str, &str, u64); 6] = [
    ("trace: LTE, UMTS, EVDO (mahimahi)", "mahimahi", 40),
    ("trace: LTE New York 2019", "nyc-2019", 20),
    ("trace: 5G Ireland, driving", "irish-5g/driving", 40),
    ("trace: 5G Ireland, static", "irish-5g/static", 40),
    ("trace: 3G Norway", "norway-hsdpa", 80),
    ("trace: fixed FCC 2016", "fcc-fixed-2016", 30),
];

/// Recorded lines: some parts of each file in a folder, begun at drawn moments.
pub(crate) fn recorded(half: Half, folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (class, under, rtt) in FOLDERS {
        for path in files(&folder.join(under))? {
            let octets = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            for part in 0..PARTS_OF_TRACE {
                let number = 30_000 + cases.len() as u64;
                let mut dice = Dice::new(half, number);
                let from = dice.between(0.0, 1.0);
                let capacity =
                    part_of(under, &octets, from).with_context(|| format!("in {}", path.display()))?;
                let mean = capacity.mean_rate().map_or(1.0, BitRate::as_mbit_per_s);
                let line = with_delay(capacity, mean, rtt, seconds(0.3));
                let name = path.file_name().map(|name| format!("{} {part}", name.to_string_lossy()));
                cases.push(Case {
                    class,
                    name: name.unwrap_or_default(),
                    config: transfer(&mut dice, line, rtt),
                    seed: number ^ half.salt(),
                });
            }
        }
    }
    Ok(cases)
}

pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with("README") && name != "trace-info"
    });
    paths.sort();
    Ok(paths)
}

/// The recorded line from a share of its length on.
pub(crate) fn part_of(format: &str, octets: &[u8], from: f64) -> Result<Capacity> {
    let text = plain(octets)?;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let header = usize::from(format.starts_with("irish"));
    let first = header + ((lines.len() - header) as f64 * from * 0.9) as usize;
    Ok(if matches!(format, "mahimahi" | "nyc-2019") {
        let origin: u64 = lines[first].parse().context("a number of milliseconds")?;
        let shifted = lines[first..].iter().filter_map(|line| line.parse::<u64>().ok());
        let text: Vec<String> = shifted.map(|at| (at - origin).to_string()).collect();
        Capacity::Opportunities(link::mahimahi(text.join("\n").as_bytes())?)
    } else if header == 1 {
        let text = [&lines[..1], &lines[first..]].concat().join("\n");
        Capacity::Schedule(link::irish_5g(text.as_bytes(), false)?)
    } else {
        let at = |line: &str| line.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
        let origin = at(lines[first]).context("a time in seconds")?;
        let text: Vec<String> = lines[first..]
            .iter()
            .filter_map(|line| Some(format!("{} {}", at(line)? - origin, line.split_whitespace().nth(1)?)))
            .collect();
        Capacity::Schedule(link::cooked(text.join("\n").as_bytes())?)
    })
}

fn plain(octets: &[u8]) -> Result<String> {
    use std::io::Read as _;
    if !octets.starts_with(&[0x1F, 0x8B]) {
        return Ok(String::from_utf8_lossy(octets).into_owned());
    }
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(octets).read_to_string(&mut text).context("unpacking")?;
    Ok(text)
}
