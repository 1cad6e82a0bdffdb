//! Runs one measurement and prints its record as JSON: `ndt7_client URL download|upload [SECONDS] [CA.pem] [CONGESTION] [MAX_BYTES]`.
#![allow(clippy::print_stdout, reason = "the record is the program's output")]

use std::time::Duration;

use desserte_model::{Direction, Software};
use desserte_net::{TlsTrust, ndt7};
use desserte_units::ByteCount;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |index: usize| words.get(index).map(String::as_str).filter(|word| !word.is_empty());
    let direction = match word(1) {
        Some("upload") => Direction::Upload,
        _ => Direction::Download,
    };
    let software = Software { name: "ndt7_client".into(), version: env!("CARGO_PKG_VERSION").into() };
    let mut config = ndt7::RunConfig::new(word(0).ok_or("no URL")?.parse()?, direction, software);
    if let Some(seconds) = word(2) {
        config.duration = Duration::from_secs_f64(seconds.parse()?);
    }
    if let Some(file) = word(3) {
        config.path.trust = Some(TlsTrust::with_private_ca(&std::fs::read(file)?)?);
    }
    if let Some(name) = word(4) {
        config.path.congestion_control = Some(name.parse()?);
    }
    if let Some(bytes) = word(5) {
        config.max_bytes = Some(ByteCount::from_bytes(bytes.parse()?));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let record = runtime.block_on(ndt7::run(&config));
    println!("{}", serde_json::to_string(&record)?);
    Ok(())
}
