//! Files that earlier releases wrote must stay readable as long as their version is supported.

use desserte_model::LonLat;

use super::{Territory, v2};
use crate::synthetic;

/// What the first release wrote: the made-up département, seed 1.
const VERSION_1: &[u8] = include_bytes!("../../../../geodata/fixtures/released/territory-v1.dst");

/// The same in version 2, with large cells so that the file stays small.
const VERSION_2: &[u8] = include_bytes!("../../../../geodata/fixtures/released/territory-v2.dst");

/// Cells for each degree in the file of version 2.
const CELLS: u32 = 10;

fn is_the_made_up_departement(territory: &Territory) {
    assert!(territory.is_synthetic());
    assert_eq!(territory.vintage().as_year(), 2026);
    assert_eq!(territory.communes().len(), 42);
    let found = territory.locate(LonLat::new(-4.4, 45.4).unwrap());
    assert_eq!(found.commune().map(|commune| commune.code.as_str()), Some("99018"));
    assert_eq!(territory.contents().communes, synthetic::territory(1).contents().communes);
}

#[test]
fn the_file_of_version_1_is_still_read() {
    is_the_made_up_departement(&Territory::from_bytes(VERSION_1).unwrap());
}

#[test]
fn the_file_of_version_2_is_still_read_and_written() {
    is_the_made_up_departement(&Territory::from_bytes(VERSION_2).unwrap());
    let written = v2::encode(&synthetic::territory(1).contents(), CELLS);
    assert!(written == VERSION_2, "the writer of version 2 has changed");
}
