//! Mapbox Vector Tile 2.1, as far as polygons with texts need it.
//!
//! Messages are protocol buffers; field numbers are those of `vector_tile.proto` in the specification.

use std::collections::HashMap;

use crate::EXTENT;
use crate::mercator::Point;
use crate::shape::Polygon;

/// Commands of a geometry: identifier in the lower three bits, count above.
const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// Types of protocol buffers' fields.
const VARINT: u32 = 0;
const BYTES: u32 = 2;

/// The type of a feature with surfaces.
const POLYGON: u64 = 3;

/// The version of the specification that a layer follows.
const VERSION: u64 = 2;

/// A layer being written.
pub(crate) struct Layer {
    name: &'static str,
    keys: &'static [&'static str],
    features: Vec<u8>,
    values: Vec<u8>,
    places: HashMap<String, u32>,
}

impl Layer {
    pub(crate) fn new(name: &'static str, keys: &'static [&'static str]) -> Self {
        Self { name, keys, features: Vec::new(), values: Vec::new(), places: HashMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Adds a feature; `texts` are the values of the keys, none where nothing is known.
    pub(crate) fn add(&mut self, id: u64, texts: &[Option<&str>], polygons: &[Polygon], origin: Point) {
        let mut tags = Vec::new();
        for (key, text) in (0_u32..).zip(texts) {
            if let Some(text) = text {
                let value = self.value(text);
                varint(&mut tags, key.into());
                varint(&mut tags, value.into());
            }
        }
        let mut feature = Vec::new();
        number(&mut feature, 1, id);
        octets(&mut feature, 2, &tags);
        number(&mut feature, 3, POLYGON);
        octets(&mut feature, 4, &geometry(polygons, origin));
        octets(&mut self.features, 2, &feature);
    }

    /// The place of a text in the layer's list, where it is put once.
    fn value(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.places.len()).expect("a tile has few texts");
        self.places.insert(text.to_owned(), place);
        let mut value = Vec::new();
        octets(&mut value, 1, text.as_bytes());
        octets(&mut self.values, 4, &value);
        place
    }

    /// Appends the layer to a tile.
    pub(crate) fn finish(self, tile: &mut Vec<u8>) {
        let mut layer = Vec::new();
        number(&mut layer, 15, VERSION);
        octets(&mut layer, 1, self.name.as_bytes());
        layer.extend(self.features);
        for key in self.keys {
            octets(&mut layer, 3, key.as_bytes());
        }
        layer.extend(self.values);
        number(&mut layer, 5, EXTENT.unsigned_abs().into());
        octets(tile, 3, &layer);
    }
}

/// Rings as steps from a cursor that starts at the tile's corner.
fn geometry(polygons: &[Polygon], origin: Point) -> Vec<u8> {
    let mut geometry = Vec::new();
    let mut cursor = origin;
    let command = |geometry: &mut Vec<u8>, identifier: u32, count: usize| {
        let count = u32::try_from(count).expect("a ring of a tile is short");
        varint(geometry, (count << 3 | identifier).into());
    };
    for ring in polygons.iter().flatten() {
        for (number, point) in ring.iter().enumerate() {
            match number {
                0 => command(&mut geometry, MOVE_TO, 1),
                1 => command(&mut geometry, LINE_TO, ring.len() - 1),
                _ => {}
            }
            for axis in 0..2 {
                varint(&mut geometry, zigzag(point[axis] - cursor[axis]).into());
            }
            cursor = *point;
        }
        command(&mut geometry, CLOSE_PATH, 1);
    }
    geometry
}

/// Small numbers of either sign as small numbers without one.
const fn zigzag(step: i32) -> u32 {
    ((step << 1) ^ (step >> 31)).cast_unsigned()
}

fn number(message: &mut Vec<u8>, field: u32, value: u64) {
    varint(message, (field << 3 | VARINT).into());
    varint(message, value);
}

fn octets(message: &mut Vec<u8>, field: u32, value: &[u8]) {
    varint(message, (field << 3 | BYTES).into());
    varint(message, value.len() as u64);
    message.extend(value);
}

/// Seven bits an octet, the lowest first; the highest bit says that more follow.
pub(crate) fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    message.push((value & 0x7f) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The polygon with a hole of the specification's section 4.3.5.6, "Example Multi Polygon".
    #[test]
    fn the_example_of_the_specification_is_encoded_as_it_says() {
        let first = vec![vec![[0, 0], [10, 0], [10, 10], [0, 10]]];
        let second =
            vec![vec![[11, 11], [20, 11], [20, 20], [11, 20]], vec![[13, 13], [13, 17], [17, 17], [17, 13]]];
        let expected: [u8; 33] = [
            9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4, 13, 26, 0, 8,
            8, 0, 0, 7, 15,
        ];
        assert_eq!(geometry(&[first, second], [0, 0]), expected);
    }

    #[test]
    fn a_text_is_kept_once_however_many_features_have_it() {
        let mut layer = Layer::new("communes", &["code", "nom"]);
        let square = vec![vec![vec![[0, 0], [9, 0], [9, 9]]]];
        layer.add(1, &[Some("01001"), Some("L'Abergement")], &square, [0, 0]);
        layer.add(2, &[Some("01002"), Some("L'Abergement")], &square, [0, 0]);
        layer.add(3, &[Some("01003"), None], &square, [0, 0]);
        assert_eq!(layer.places.len(), 4);
        let mut tile = Vec::new();
        layer.finish(&mut tile);
        assert_eq!(tile.windows(12).filter(|part| part == b"L'Abergement").count(), 1);
    }
}
