//! Writes the made-up département as a territory file: `write_synthetic FILE.dst [SEED]`.

use desserte_territory::synthetic;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("say which file to write")?;
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    std::fs::write(file, synthetic::territory(seed).to_bytes())?;
    Ok(())
}
