//! Many tiles in one file: PMTiles 3.
//!
//! A reader gets any tile with two or three requests for ranges of octets, so that the file needs no server but one that
//! serves files. Numbers and layout are those of the specification, version 3.

use std::io::Write as _;

use desserte_territory::{Exportable, Territory};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::COMMUNES_FROM;
use crate::level::TileAddress;
use crate::mvt::varint;

const HEADER: usize = 127;

/// The header and the root directory lie within the first request of a reader.
const FIRST_REQUEST: usize = 16_384;

/// Entries of a leaf directory, so that one takes a few kilobytes.
const LEAF: usize = 4_096;

/// In the header: compressed with gzip; Mapbox Vector Tiles.
const GZIP: u8 = 2;
const MVT: u8 = 1;

/// Degrees as whole numbers.
const PER_DEGREE: f64 = 1e7;

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Whom to credit, and that the territory is made up if it is.
    pub attribution: String,
    /// First and last zoom.
    pub zooms: (u8, u8),
    /// West, south, east and north of everything shown, in degrees.
    pub bounds: [f64; 4],
    /// What the territory is called in results, and its vintage.
    pub description: String,
}

impl About {
    /// What is to be said of tiles of a territory, of which tiles show nothing that an export may not hold.
    #[must_use]
    pub fn of(territory: &Territory, exportable: &Exportable<'_>, zooms: (u8, u8)) -> Self {
        let mut credits: Vec<String> = Vec::new();
        for source in &exportable.sources {
            let credit = source.publisher.as_deref().unwrap_or(&source.title).to_owned();
            if !credits.contains(&credit) {
                credits.push(credit);
            }
        }
        if territory.is_synthetic() {
            credits.push("TERRITOIRE FICTIF / MADE-UP TERRITORY".to_owned());
        }
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let borders = territory.borders();
        for [lon, lat] in (0..borders.len()).flat_map(|line| borders.positions(line, 0.0)) {
            bounds = [bounds[0].min(lon), bounds[1].min(lat), bounds[2].max(lon), bounds[3].max(lat)];
        }
        let (vintage, fingerprint) = (territory.vintage(), territory.fingerprint());
        Self {
            attribution: credits.join(", "),
            zooms,
            bounds,
            description: format!("communes, COG {vintage}, territory {fingerprint}"),
        }
    }

    fn metadata(&self) -> Value {
        let layer = |id: &str, fields: &[&str], first: u8| {
            let fields: serde_json::Map<String, Value> =
                fields.iter().map(|field| ((*field).to_owned(), json!("String"))).collect();
            let (minzoom, maxzoom) = (self.zooms.0.max(first), self.zooms.1);
            json!({ "id": id, "fields": fields, "minzoom": minzoom, "maxzoom": maxzoom })
        };
        json!({
            "name": "desserte",
            "description": self.description,
            "attribution": self.attribution,
            "type": "overlay",
            "version": env!("CARGO_PKG_VERSION"),
            "vector_layers": [
                layer("regions", &["code", "nom"], 0),
                layer("departements", &["code", "nom", "region"], 0),
                layer("communes", &["code", "nom", "departement"], COMMUNES_FROM),
            ],
        })
    }
}

/// Tiles on their way into a file.
#[derive(Debug, Default)]
pub struct Archive {
    /// The number of each tile along the curve, and where it is in `octets`.
    tiles: Vec<(u64, std::ops::Range<usize>)>,
    octets: Vec<u8>,
}

/// A line of a directory: first tile, tiles with the same octets, offset, length.
type Entry = (u64, u32, u64, u32);

impl Archive {
    /// Compresses a tile as it is kept. Apart from [`Archive::add`] so that several threads can.
    #[must_use]
    pub fn compressed(tile: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(tile).expect("writing into memory does not fail");
        encoder.finish().expect("writing into memory does not fail")
    }

    /// Adds a compressed tile. Each address is to be added once; the order does not matter.
    pub fn add(&mut self, address: TileAddress, compressed: &[u8]) {
        let begin = self.octets.len();
        self.octets.extend(compressed);
        self.tiles.push((number(address), begin..self.octets.len()));
    }

    /// Octets of the tiles added.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets.len()
    }

    /// The file.
    #[must_use]
    pub fn finish(mut self, about: &About) -> Vec<u8> {
        self.tiles.sort_unstable_by_key(|(number, _)| *number);
        let mut data = Vec::with_capacity(self.octets.len());
        let mut entries: Vec<Entry> = Vec::with_capacity(self.tiles.len());
        let mut contents = 0_u64;
        for (number, range) in &self.tiles {
            let tile = &self.octets[range.clone()];
            // Neighbours along the curve inside one large commune are the same tile.
            if let Some((first, run, offset, len)) = entries.last_mut() {
                let before = data.get(index(*offset)..index(*offset) + *len as usize);
                if *first + u64::from(*run) == *number && before == Some(tile) {
                    *run += 1;
                    continue;
                }
            }
            let len = u32::try_from(tile.len()).expect("a tile of less than 4 GiB");
            entries.push((*number, 1, data.len() as u64, len));
            data.extend(tile);
            contents += 1;
        }
        let (root, leaves) = directories(&entries);
        let metadata = Self::compressed(about.metadata().to_string().as_bytes());
        let mut file = Vec::with_capacity(HEADER + root.len() + metadata.len() + leaves.len() + data.len());
        file.extend(b"PMTiles\x03");
        let mut at = HEADER as u64;
        for part in [&root, &metadata, &leaves, &data] {
            file.extend(at.to_le_bytes());
            file.extend((part.len() as u64).to_le_bytes());
            at += part.len() as u64;
        }
        for count in [self.tiles.len() as u64, entries.len() as u64, contents] {
            file.extend(count.to_le_bytes());
        }
        // The one after "clustered": tiles lie in the order of their numbers.
        file.extend([1, GZIP, GZIP, MVT, about.zooms.0, about.zooms.1]);
        let [west, south, east, north] = about.bounds;
        file.extend([west, south, east, north].into_iter().flat_map(|degrees| whole(degrees).to_le_bytes()));
        file.push(about.zooms.0);
        let middle = [(west + east) / 2.0, (south + north) / 2.0];
        file.extend(middle.into_iter().flat_map(|degrees| whole(degrees).to_le_bytes()));
        assert!(file.len() == HEADER, "the header has its length");
        for part in [root, metadata, leaves, data] {
            file.extend(part);
        }
        file
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("offsets into memory")
}

#[expect(clippy::cast_possible_truncation, reason = "180 degrees are within 32 bits")]
fn whole(degrees: f64) -> i32 {
    (degrees * PER_DEGREE).round() as i32
}

/// The root directory, and the leaves it points to where it would be too long itself.
fn directories(entries: &[Entry]) -> (Vec<u8>, Vec<u8>) {
    let root = directory(entries);
    if HEADER + root.len() <= FIRST_REQUEST {
        return (root, Vec::new());
    }
    let mut leaves = Vec::new();
    let mut pointers: Vec<Entry> = Vec::new();
    for group in entries.chunks(LEAF) {
        let leaf = directory(group);
        let len = u32::try_from(leaf.len()).expect("a leaf of a few kilobytes");
        // No tiles with the same octets: that marks a pointer to a leaf.
        pointers.push((group[0].0, 0, leaves.len() as u64, len));
        leaves.extend(leaf);
    }
    (directory(&pointers), leaves)
}

fn directory(entries: &[Entry]) -> Vec<u8> {
    let mut octets = Vec::new();
    varint(&mut octets, entries.len() as u64);
    let mut last = 0;
    for (number, ..) in entries {
        varint(&mut octets, number - last);
        last = *number;
    }
    entries.iter().for_each(|(_, run, ..)| varint(&mut octets, (*run).into()));
    entries.iter().for_each(|(.., len)| varint(&mut octets, (*len).into()));
    let mut end = None;
    for (.., offset, len) in entries {
        // Zero: right after the one before.
        varint(&mut octets, if end == Some(*offset) { 0 } else { offset + 1 });
        end = Some(offset + u64::from(*len));
    }
    Archive::compressed(&octets)
}

/// The number of a tile: all tiles of the zooms before, then its place along the Hilbert curve of its zoom.
fn number(TileAddress { zoom, x, y }: TileAddress) -> u64 {
    let before = ((1_u64 << (2 * zoom)) - 1) / 3;
    let (mut x, mut y, mut place) = (x, y, 0);
    for bit in (0..zoom).rev() {
        let side = 1_u32 << bit;
        let (right, low) = (x & side != 0, y & side != 0);
        let quarter = (3 * u64::from(right)) ^ u64::from(low);
        place += quarter << (2 * bit);
        (x, y) = (x & (side - 1), y & (side - 1));
        if !low {
            if right {
                (x, y) = (side - 1 - x, side - 1 - y);
            }
            (x, y) = (y, x);
        }
    }
    before + place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_numbered_as_the_specification_says() {
        // The table of section 4.1.1, "Tile ID Encoding".
        let cases = [(0, 0, 0, 0), (1, 0, 0, 1), (1, 0, 1, 2), (1, 1, 1, 3), (1, 1, 0, 4), (2, 0, 0, 5)];
        for (zoom, x, y, expected) in cases {
            assert_eq!(number(TileAddress { zoom, x, y }), expected, "{zoom}/{x}/{y}");
        }
        assert_eq!(number(TileAddress { zoom: 12, x: 3_423, y: 1_763 }), 19_078_479);
    }
}
