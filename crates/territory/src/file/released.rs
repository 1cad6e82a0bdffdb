//! Files that earlier releases wrote must stay readable as long as their version is supported.

use desserte_model::LonLat;

use super::Territory;

/// What the first release wrote: the made-up département, seed 1.
const VERSION_1: &[u8] = include_bytes!("../../../../geodata/fixtures/released/territory-v1.dst");

#[test]
fn the_file_of_version_1_is_still_read() {
    let territory = Territory::from_bytes(VERSION_1).unwrap();
    assert!(territory.is_synthetic());
    assert_eq!(territory.vintage().as_year(), 2026);
    assert_eq!(territory.communes().len(), 42);
    let found = territory.locate(LonLat::new(-4.4, 45.4).unwrap());
    assert_eq!(found.commune().map(|commune| commune.code.as_str()), Some("99018"));
    assert_eq!(territory.contents().communes, crate::synthetic::territory(1).contents().communes);
}
