//! A locator gives the answers of the whole territory, or none.

use std::num::NonZeroUsize;

use super::*;
use crate::Place;

/// Points all over the small territories of these tests, and outside.
fn some_points() -> (Vec<f64>, Vec<f64>) {
    (0..64).map(|n| (-5.2 + 0.031 * f64::from(n), 44.9 + f64::from(n * 37 % 64) * 0.019)).unzip()
}

/// Nine communes in five tiles, with cells small enough for records of several blocks.
fn file_of_blocks() -> Vec<u8> {
    let mut contents = synthetic::territory(1).contents();
    contents.communes.truncate(9);
    v2::encode(&contents, 20)
}

/// One answer after the other.
fn ask(locator: &Locator) -> Result<Vec<Place>, FormatError> {
    let (lon, lat) = some_points();
    lon.iter().zip(&lat).map(|(lon, lat)| locator.locate(LonLat::new(*lon, *lat).unwrap())).collect()
}

/// All answers at once.
fn ask_columns(locator: &Locator, repeat: usize) -> Result<Vec<Place>, FormatError> {
    let (lon, lat) = some_points();
    let (lon, lat) = (lon.repeat(repeat), lat.repeat(repeat));
    let mut places = vec![Place::default(); lon.len()];
    locator.locate_columns(&lon, &lat, &mut places, NonZeroUsize::MIN)?;
    Ok(places)
}

#[test]
fn answers_on_demand_are_those_of_the_whole_territory() {
    let territory = synthetic::territory(1);
    let locator = Locator::from_bytes(&territory.to_bytes()).unwrap();
    let (lon, lat) = some_points();
    let (mut places, mut expected) = (vec![Place::default(); 64], vec![Place::default(); 64]);
    let placed = territory.locate_columns(&lon, &lat, &mut expected, NonZeroUsize::MIN);
    assert_eq!(locator.locate_columns(&lon, &lat, &mut places, NonZeroUsize::MIN), Ok(placed));
    assert!(placed.inside > 5 && placed.outside > 5, "{placed:?}");
    assert_eq!(places, expected);
    assert_eq!(ask(&locator).unwrap(), expected);
    for row in 0..=territory.communes().len() {
        assert_eq!(locator.code_at(row), territory.code_at(row));
    }
    assert_eq!((locator.vintage(), locator.is_synthetic()), (territory.vintage(), true));
}

#[test]
fn a_tile_that_many_points_fall_into_is_checked_whole_and_answers_the_same() {
    let bytes = file_of_blocks();
    let few = ask_columns(&Locator::from_bytes(&bytes).unwrap(), 1).unwrap();
    let locator = Locator::from_bytes(&bytes).unwrap();
    let many = ask_columns(&locator, 1_000).unwrap();
    assert_eq!(few.repeat(1_000), many);
    assert_eq!(ask(&locator).unwrap(), few);
}

#[test]
fn what_is_no_position_is_marked_and_reads_nothing() {
    let locator = Locator::from_bytes(&file_of_blocks()).unwrap();
    let (lon, lat) = ([f64::NAN, f64::INFINITY, 181.0, 2.0], [45.0, 45.0, 45.0, 91.0]);
    let mut places = [Place::default(); 4];
    let placed = locator.locate_columns(&lon, &lat, &mut places, NonZeroUsize::MIN).unwrap();
    assert_eq!(placed.no_position, 4);
}

#[test]
fn no_answer_on_demand_comes_from_damage() {
    let mut random = Random(20_261_124);
    // A small file, of which every answer relies on nearly all, and one of many blocks.
    let (refused, met, _) = damage(&file_of_blocks(), &mut random, rounds(FORGERIES));
    assert!(refused > 0 && met > 0, "{refused} refused, {met} met");
    let (_, met, untouched) =
        damage(&synthetic::territory(1).to_bytes(), &mut random, rounds(FORGERIES) / 16);
    assert!(met > 0 && untouched > 0, "{met} met, {untouched} untouched");
}

/// Flips one bit at a time and asks: how many files were refused when opened, how many when asked, and how many answered
/// because no answer relied on the bit.
fn damage(bytes: &[u8], random: &mut Random, rounds: usize) -> (usize, usize, usize) {
    let expected = ask(&Locator::from_bytes(bytes).unwrap()).unwrap();
    let (mut refused, mut met, mut untouched) = (0, 0, 0);
    let mut file = bytes.to_vec();
    for round in 0..rounds {
        let at = random.below(bytes.len());
        file[at] ^= 1 << random.below(8);
        let repeat = if round % 64 == 0 { 300 } else { 1 };
        match Locator::from_bytes(&file).map(|locator| (ask(&locator), ask_columns(&locator, repeat))) {
            Err(_) => refused += 1,
            Ok((Err(_), Err(_))) => met += 1,
            Ok((Ok(places), columns)) => {
                assert_eq!(places, expected, "octet {at}");
                // What no point relies on may be damaged; a tile checked whole relies on more.
                if let Ok(columns) = columns {
                    assert_eq!(columns, expected.repeat(repeat), "octet {at}");
                }
                untouched += 1;
            }
            Ok((Err(_), Ok(_))) => panic!("octet {at}: damage was met and forgotten"),
        }
        file[at] = bytes[at];
    }
    (refused, met, untouched)
}

#[test]
fn every_flipped_bit_that_opening_relies_on_is_refused() {
    let bytes = small_file();
    let sections = sections_of(&bytes);
    let [meta, codes, ..] = sections[..] else { panic!("sections") };
    let sums = sections[sections.len() - 1];
    let head = (0, sections[0].0);
    let mut file = bytes.clone();
    for (begin, len) in [head, meta, codes, sums] {
        for at in begin..begin + len {
            for bit in 0..8 {
                file[at] ^= 1 << bit;
                let error = Locator::from_bytes(&file).expect_err("a flipped bit");
                assert!(!matches!(error, FormatError::Malformed(_)), "octet {at}: {error}");
                file[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn a_shortened_file_is_refused_when_it_is_opened() {
    let bytes = file_of_blocks();
    for len in (0..bytes.len()).step_by(977).chain([bytes.len() - 1]) {
        let error = Locator::from_bytes(&bytes[..len]).expect_err("a truncated file");
        assert!(
            matches!(error, FormatError::Truncated { .. } | FormatError::NotATerritoryFile),
            "{len}: {error}"
        );
    }
}

#[test]
fn a_forged_file_is_refused_or_answers_on_demand_without_a_crash() {
    let bytes = file_of_blocks();
    let sections = sections_of(&bytes);
    let mut random = Random(11);
    let (mut refused, mut met, mut answered) = (0, 0, 0);
    for round in 0..rounds(FORGERIES) {
        let mut file = bytes.clone();
        for _ in 0..=random.below(3) {
            let (begin, len) = sections[random.below(sections.len())];
            let word = (begin + random.below(len.max(1))) / 4 * 4;
            let value = [0, 1, 9, u32::MAX, 1 << 31, 1 << 30, 0xffff_0001, 0x1234_5678][random.below(8)];
            file[word..word + 4].copy_from_slice(&value.to_le_bytes());
        }
        set_right_checksums(&mut file);
        match Locator::from_bytes(&file) {
            Err(_) => refused += 1,
            Ok(locator) => match ask_columns(&locator, if round % 64 == 0 { 300 } else { 1 }) {
                Err(FormatError::Malformed(_)) => met += 1,
                Err(error) => panic!("a right checksum is told wrong: {error}"),
                Ok(places) => {
                    let communes = |row| locator.code_at(row).is_some();
                    assert!(places.iter().filter_map(|place| place.row()).all(communes));
                    answered += 1;
                }
            },
        }
    }
    assert!(refused > 0 && met > 0 && answered > 0, "{refused} refused, {met} met, {answered} answered");
}

#[test]
fn checksums_of_blocks_that_contradict_the_file_are_found_by_the_check() {
    let bytes = small_file();
    let (sums, _) = sections_of(&bytes).pop().unwrap();
    let mut file = bytes.clone();
    file[sums] ^= 1;
    // As a writer at fault would leave it: the list has the right checksum, and says something wrong.
    let list = crc32c::crc32c(&file[sums..]);
    let line = 64 + 32 * (sections_of(&bytes).len() - 1);
    file[line + 24..line + 28].copy_from_slice(&list.to_le_bytes());
    file[24..28].fill(0);
    let head = crc32c::crc32c(&file[..sections_of(&bytes)[0].0]);
    file[24..28].copy_from_slice(&head.to_le_bytes());
    let territory = Territory::from_bytes(&file).unwrap();
    assert_eq!(territory.check_blocks(), Err(FormatError::Damaged));
    assert_eq!(Territory::from_bytes(&bytes).unwrap().check_blocks(), Ok(()));
}

#[test]
fn threads_that_ask_at_once_get_the_same_answers() {
    let locator = Locator::from_bytes(&file_of_blocks()).unwrap();
    let expected = ask(&Locator::from_bytes(&file_of_blocks()).unwrap()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| assert_eq!(ask(&locator).unwrap(), expected)));
        }
    });
}
