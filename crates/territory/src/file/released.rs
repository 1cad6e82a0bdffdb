//! Files that earlier releases wrote must stay readable as long as their version is supported.

use desserte_model::LonLat;

use super::{Locator, Territory, v2};
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
fn the_file_of_version_2_is_still_read() {
    let territory = Territory::from_bytes(VERSION_2).unwrap();
    is_the_made_up_departement(&territory);
    assert_eq!(territory.check_fingerprint(), Ok(()));
}

#[test]
fn points_are_located_in_files_from_before_there_were_checksums_of_blocks() {
    for file in [VERSION_1, VERSION_2] {
        let locator = Locator::from_bytes(file).unwrap();
        let place = locator.locate(LonLat::new(-4.4, 45.4).unwrap()).unwrap();
        let code = locator.code_at(place.row().unwrap()).unwrap();
        assert_eq!((code.as_str(), locator.vintage().as_year()), ("99018", 2026));
    }
}

#[test]
fn the_writer_of_version_2_has_not_changed_but_for_the_checksums_of_blocks() {
    let written = v2::encode(&synthetic::territory(1).contents(), CELLS);
    // The octet at 12 counts the sections.
    let begin = |file: &[u8]| (64 + 32 * usize::from(file[12])).next_multiple_of(64);
    let (before, now) = (begin(VERSION_2), begin(&written));
    let len = VERSION_2.len() - before;
    assert!(written[now..now + len] == VERSION_2[before..], "the writer of version 2 has changed");
    assert_eq!(written.len() - now - len, 64, "five checksums, filled up");
}
