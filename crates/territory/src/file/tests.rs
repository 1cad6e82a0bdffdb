use proptest::prelude::*;

use super::*;
use crate::synthetic;

#[test]
fn what_is_written_is_read_back_to_the_last_bit() {
    let territory = synthetic::territory(1);
    let bytes = territory.to_bytes();
    let read = Territory::from_bytes(&bytes).unwrap();
    assert_eq!(read.contents(), territory.contents());
    assert_eq!(read.fingerprint(), territory.fingerprint());
    assert_eq!(read.to_bytes(), bytes);
}

#[test]
fn the_same_seed_writes_the_same_octets_and_another_seed_does_not() {
    assert_eq!(synthetic::territory(5).to_bytes(), synthetic::territory(5).to_bytes());
    assert_ne!(synthetic::territory(5).fingerprint(), synthetic::territory(6).fingerprint());
}

/// A file of one commune, small enough to damage it in every place.
fn small_file() -> Vec<u8> {
    let mut contents = synthetic::territory(1).contents().clone();
    contents.communes.truncate(1);
    encode(&contents)
}

#[test]
fn every_flipped_bit_is_refused() {
    let bytes = small_file();
    assert!(Territory::from_bytes(&bytes).is_ok());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let error = Territory::from_bytes(&damaged).expect_err("a flipped bit");
            assert!(!matches!(error, FormatError::Malformed(_)), "octet {at}: {error}");
            assert!(error.to_string().contains("desserte-geodata import"), "{error}");
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let bytes = small_file();
    for len in 0..bytes.len() {
        let error = Territory::from_bytes(&bytes[..len]).expect_err("a truncated file");
        let told = matches!(error, FormatError::Truncated { .. })
            || (len == 0 && error == FormatError::NotATerritoryFile);
        assert!(told, "{len}: {error}");
    }
}

#[test]
fn the_reason_of_a_refusal_is_told() {
    let bytes = small_file();
    let refusal = |bytes: &[u8]| Territory::from_bytes(bytes).expect_err("a refusal");
    assert_eq!(refusal(b"{\"type\":\"FeatureCollection\"}"), FormatError::NotATerritoryFile);
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(refusal(&longer), FormatError::TrailingOctets { .. }));
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert_eq!(refusal(&newer), FormatError::OtherVersion { found: 2 });
    assert!(refusal(&newer).to_string().contains("version 2"));
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 0x10;
    assert_eq!(refusal(&damaged), FormatError::Damaged);
}

#[test]
fn a_payload_that_contradicts_itself_is_refused_even_with_a_right_checksum() {
    let mut contents = synthetic::territory(1).contents().clone();
    contents.communes.swap(0, 1);
    assert!(matches!(Territory::from_bytes(&encode(&contents)), Err(FormatError::Malformed(_))));
    let mut contents = synthetic::territory(1).contents().clone();
    contents.epcis.clear();
    assert!(matches!(Territory::from_bytes(&encode(&contents)), Err(FormatError::Malformed(_))));
}

/// A file around any payload, with a right header.
fn wrapped(payload: &[u8]) -> Vec<u8> {
    let mut file = small_file()[..16].to_vec();
    file.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    file.extend_from_slice(&Sha256::digest(payload));
    file.extend_from_slice(payload);
    file
}

proptest! {
    #[test]
    fn a_payload_of_anything_is_refused_without_a_crash(payload: Vec<u8>) {
        prop_assert!(matches!(Territory::from_bytes(&wrapped(&payload)), Err(FormatError::Malformed(_))));
    }

    #[test]
    fn a_changed_payload_with_a_right_checksum_is_read_or_refused_without_a_crash(
        at in 0_usize..2_000,
        octet: u8,
        cut in 0_usize..2_000,
    ) {
        let mut payload = small_file().split_off(HEADER_LEN);
        let at = at % payload.len();
        payload[at] = octet;
        payload.truncate(payload.len().saturating_sub(cut % 8));
        if let Ok(territory) = Territory::from_bytes(&wrapped(&payload)) {
            prop_assert!(territory.communes().len() == 1);
        }
    }

    #[test]
    fn octets_of_anything_are_refused_without_a_crash(octets: Vec<u8>) {
        prop_assert!(Territory::from_bytes(&octets).is_err());
    }
}
