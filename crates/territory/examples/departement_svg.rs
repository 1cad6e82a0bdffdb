//! Draws a département as SVG on standard output: `departement_svg FILE.dst 23`, or without arguments the made-up one.

use std::io::Write;

use desserte_territory::{Territory, drawing, synthetic};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (territory, departement) = match arguments.as_slice() {
        [file, departement] => (Territory::open(file)?, departement.as_str()),
        _ => (synthetic::territory(1), synthetic::DEPARTEMENT),
    };
    let map = drawing::departement_map(&territory, departement, 800).ok_or("no such département here")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" viewBox=\"{}\">", map.view_box())?;
    for (number, path) in map.communes.iter().enumerate() {
        let hue = number * 137 % 360;
        writeln!(
            out,
            "<path fill=\"hsl({hue},45%,75%)\" stroke=\"#555\" fill-rule=\"evenodd\" d=\"{}\"/>",
            path.d
        )?;
    }
    writeln!(out, "</svg>")?;
    Ok(())
}
