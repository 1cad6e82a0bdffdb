use desserte_model::LonLat;
use proptest::prelude::*;

use super::*;
use crate::synthetic;

mod on_demand;

#[test]
fn what_is_written_is_read_back_to_the_last_bit() {
    let territory = synthetic::territory(1);
    let bytes = territory.to_bytes();
    let read = Territory::from_bytes(&bytes).unwrap();
    assert_eq!(read.contents(), territory.contents());
    assert_eq!(read.fingerprint(), territory.fingerprint());
    assert_eq!(read.to_bytes(), bytes);
    assert_eq!(encode(&read.contents()).unwrap(), bytes);
    assert_eq!(read.check_fingerprint(), Ok(()));
}

/// A zoning, and what was before the communes of today.
fn add_layers(contents: &mut crate::Contents) {
    let code = |code: &str| code.parse::<desserte_model::CommuneCode>().unwrap();
    contents.zonings = vec![crate::Zoning {
        name: "montagne".to_owned(),
        title: Some("Made-up mountains".to_owned()),
        vintage: None,
        source: None,
        values: vec![
            (code("99002"), "oui".to_owned()),
            (code("99003"), "en partie".to_owned()),
            // A commune that is not in the territory keeps its value.
            (code("99900"), "oui".to_owned()),
        ],
    }];
    let day = |text: &str| text.parse::<crate::Day>().unwrap();
    let succession =
        |from, effective, to| crate::Succession { from: code(from), effective: day(effective), to: code(to) };
    contents.lineage = crate::Lineage {
        successions: vec![succession("99050", "2024-01-01", "99001")],
        begun: vec![(code("99060"), day("1947-09-17"))],
        ended: vec![(code("99061"), day("2007-02-23"))],
        passed: vec![succession("99062", "2018-01-01", "99002")],
        names: vec![crate::FormerName {
            code: code("99001"),
            until: day("2024-01-01"),
            name: "Avant".to_owned(),
        }],
        parts: [crate::PartKind::Delegated, crate::PartKind::Associated, crate::PartKind::Arrondissement]
            .into_iter()
            .zip(["99050", "99051", "99052"])
            .map(|(kind, part)| crate::CommunePart {
                code: code(part),
                kind,
                commune: code("99001"),
                name: "Part".to_owned(),
            })
            .collect(),
    };
}

#[test]
fn zonings_successions_and_arrondissements_are_read_back() {
    let mut contents = synthetic::territory(1).contents();
    let code = |code: &str| code.parse::<desserte_model::CommuneCode>().unwrap();
    add_layers(&mut contents);
    contents.arrondissements = vec![crate::Arrondissement { code: "991".to_owned(), name: None }];
    contents.communes[4].commune.arrondissement = Some("991".to_owned());
    let read = Territory::from_bytes(&encode(&contents).unwrap()).unwrap();
    assert_eq!(read.contents(), contents);
    assert_eq!(read.zone("montagne", code("99003")), Some("en partie"));
    assert_eq!(read.zone("montagne", code("99001")), None);
    assert_eq!(read.zone("littoral", code("99002")), None);
}

fn figure(values: Vec<(desserte_model::CommuneCode, crate::FigureValue)>) -> crate::Figure {
    crate::Figure {
        name: "income".to_owned(),
        title: None,
        unit: "EUR".to_owned(),
        period: Some("2021".to_owned()),
        source: Some(0),
        values,
    }
}

#[test]
fn figures_keep_zero_secret_unavailable_and_unknown_apart() {
    use crate::FigureValue::{Known, Secret, Unavailable};
    let mut contents = synthetic::territory(1).contents();
    let code = |code: &str| code.parse::<desserte_model::CommuneCode>().unwrap();
    let values = vec![
        (code("99001"), Known(0.0)),
        (code("99002"), Known(-14.8)),
        (code("99003"), Secret),
        (code("99004"), Unavailable),
        // A commune that is not in the territory keeps its value.
        (code("99900"), Known(7.0)),
    ];
    contents.figures = vec![figure(values.clone())];
    let read = Territory::from_bytes(&encode(&contents).unwrap()).unwrap();
    assert_eq!(read.contents(), contents);
    for (code, value) in &values[..4] {
        assert_eq!(read.figure("income", *code), Some(*value));
    }
    assert_eq!((read.figure("income", code("99005")), read.figure("wealth", code("99001"))), (None, None));
    let info = read.figures().next().unwrap();
    assert_eq!((info.known, info.secret, info.unavailable, info.unit), (2, 1, 1, "EUR"));
    assert_eq!(info.source, read.sources().first());
    contents.figures[0].values[0].1 = Known(f64::NAN);
    assert!(encode(&contents).is_err());
}

#[test]
fn the_same_seed_writes_the_same_octets_and_another_seed_does_not() {
    assert_eq!(synthetic::territory(5).to_bytes(), synthetic::territory(5).to_bytes());
    assert_ne!(synthetic::territory(5).fingerprint(), synthetic::territory(6).fingerprint());
}

/// A file of one commune with few cells, small enough to damage it in every place.
fn small_file() -> Vec<u8> {
    let mut contents = synthetic::territory(1).contents();
    contents.communes.truncate(1);
    v2::encode(&contents, 4)
}

/// Where the tiles, by far the longest section of a small file, end: damage is tried everywhere else.
fn places(bytes: &[u8]) -> impl Iterator<Item = usize> {
    (0..bytes.len()).filter(|at| *at < 8_192 || at % 97 == 0 || at + 2_048 > 260_000)
}

#[test]
fn every_flipped_bit_is_refused() {
    let bytes = small_file();
    assert!(Territory::from_bytes(&bytes).is_ok());
    let mut damaged = bytes.clone();
    for at in places(&bytes) {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            let error = Territory::from_bytes(&damaged).expect_err("a flipped bit");
            assert!(!matches!(error, FormatError::Malformed(_)), "octet {at}: {error}");
            assert!(error.to_string().contains("desserte-geodata import"), "{error}");
            damaged[at] ^= 1 << bit;
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let bytes = small_file();
    for len in places(&bytes) {
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
    newer[8] = 3;
    assert_eq!(refusal(&newer), FormatError::OtherVersion { found: 3 });
    assert!(refusal(&newer).to_string().contains("version 3"));
    let mut damaged = bytes;
    *damaged.last_mut().unwrap() ^= 0x10;
    assert_eq!(refusal(&damaged), FormatError::Damaged);
}

#[test]
fn contents_that_contradict_themselves_are_not_written() {
    let mut contents = synthetic::territory(1).contents();
    contents.communes.swap(0, 1);
    assert!(matches!(encode(&contents), Err(InvalidContents::CommuneOrder(_))));
    let mut contents = synthetic::territory(1).contents();
    contents.epcis.clear();
    assert!(matches!(encode(&contents), Err(InvalidContents::UnknownUnit { .. })));
}

#[test]
fn a_file_opened_by_a_map_answers_like_one_in_memory() {
    let territory = synthetic::territory(3);
    let path = std::env::temp_dir().join(format!("desserte-territory-{}.dst", std::process::id()));
    std::fs::write(&path, territory.to_bytes()).unwrap();
    let mapped = Territory::open(&path);
    std::fs::write(&path, b"").unwrap();
    let empty = Territory::open(&path);
    std::fs::remove_file(&path).unwrap();
    // The map was made before the file was emptied, so it is not touched again here.
    std::mem::forget(mapped.unwrap());
    assert!(matches!(empty, Err(crate::OpenError::Format { reason: FormatError::NotATerritoryFile, .. })));
}

/// Everything that can be asked, on a file that opened: nothing may panic.
fn ask_everything(territory: &Territory) {
    for lon in [-5.0, -4.9, -4.4, -4.41, -4.123_456, 2.0, 180.0] {
        for lat in [45.0, 45.2, 45.4, 45.123_4, 46.0, -90.0] {
            let _ = territory.locate(LonLat::new(lon, lat).unwrap());
        }
    }
    let codes: Vec<_> = territory.communes().map(|commune| commune.code).collect();
    for code in codes {
        let _ = territory.outline(code);
        let _ = territory.neighbours(code).count();
        let _ = territory.zone("montagne", code);
        let _ = territory.figure("income", code);
    }
    for code in ["99001", "99050", "99060", "99062", "99900"].map(|code| code.parse().unwrap()) {
        for year in [1950, 2018, 2024, 2026] {
            let day = crate::Day::first_of(year);
            let _ = (territory.translate(code, Some(day), None), territory.translate(code, None, Some(day)));
            let _ = territory.name_on(code, day);
        }
    }
    let _ = territory.figures().count();
    for overlay in territory.overlays() {
        let _ = overlay.all_at(LonLat::new(-4.4, 45.2).unwrap());
        let _ = overlay.contents();
    }
    let _ = (territory.exportable(), territory.contents());
}

/// Makes the checksums of a damaged file right again, those of overlays in it too, as somebody who means harm would.
fn set_right_checksums(file: &mut [u8]) {
    let number = |file: &[u8], at: usize| {
        let octets = file.get(at..at + 8)?;
        usize::try_from(u64::from_le_bytes(octets.try_into().unwrap())).ok()
    };
    // A table that was damaged itself can point anywhere; it is refused for that.
    let range = |file: &[u8], line: usize| {
        let begin = number(file, line + 8)?;
        Some(begin..begin.checked_add(number(file, line + 16)?)?)
    };
    let count = u32::from_le_bytes(file[12..16].try_into().unwrap()) as usize;
    let lines = || (64..).step_by(32).take(count.min(64));
    let first = (64 + 32 * count.min(64)).next_multiple_of(64).min(file.len());
    for line in lines() {
        let Some(section) = range(file, line) else { continue };
        if let Some(overlay) = file.get_mut(section).filter(|it| it.len() > 64 && it.starts_with(&MAGIC)) {
            set_right_checksums(overlay);
        }
    }
    // Blocks come after the overlays, which they cover, and before the sections, of which their list is one.
    for line in lines() {
        if file.get(line..line + 8).is_none_or(|name| name != sections::SUMS) {
            continue;
        }
        let Some(list) = range(file, line) else { continue };
        let Some(covered) = file.get(first..list.start) else { continue };
        let sums: Vec<u8> =
            covered.chunks(sections::BLOCK).flat_map(|block| crc32c::crc32c(block).to_le_bytes()).collect();
        if let Some(list) = file.get_mut(list).filter(|list| list.len() == sums.len()) {
            list.copy_from_slice(&sums);
        }
    }
    for line in lines() {
        let Some(section) = range(file, line) else { continue };
        let Some(padded) = file.get(section.start..section.end.next_multiple_of(64)) else { continue };
        let checksum = crc32c::crc32c(padded);
        file[line + 24..line + 28].copy_from_slice(&checksum.to_le_bytes());
    }
    file[24..28].fill(0);
    let checksum = crc32c::crc32c(&file[..first]);
    file[24..28].copy_from_slice(&checksum.to_le_bytes());
}

/// Where sections begin and end in a file.
fn sections_of(file: &[u8]) -> Vec<(usize, usize)> {
    let count = u32::from_le_bytes(file[12..16].try_into().unwrap()) as usize;
    let number =
        |at: usize| usize::try_from(u64::from_le_bytes(file[at..at + 8].try_into().unwrap())).unwrap();
    (64..).step_by(32).take(count).map(|line| (number(line + 8), number(line + 16))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn octets_of_anything_are_refused_without_a_crash(octets: Vec<u8>, begun in any::<bool>()) {
        let mut file = if begun { [MAGIC.as_slice(), &2_u32.to_le_bytes()].concat() } else { Vec::new() };
        file.extend(octets);
        prop_assert!(Territory::from_bytes(&file).is_err());
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

/// Damages with wrong checksums that are tried; `DESSERTE_FUZZ` asks for more.
const DAMAGES: usize = 20_000;

/// Damages under right checksums that are tried.
const FORGERIES: usize = 4_000;

fn rounds(usual: usize) -> usize {
    std::env::var("DESSERTE_FUZZ").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

#[test]
fn no_damaged_file_is_accepted() {
    let bytes = small_file();
    let mut random = Random(20_261_122);
    let mut file = bytes.clone();
    for round in 0..rounds(DAMAGES) {
        let mut len = bytes.len();
        for _ in 0..=random.below(4) {
            let (at, other) = (random.below(bytes.len()), random.below(bytes.len()));
            match random.below(5) {
                0 => file[at] ^= 1 << random.below(8),
                1 => file[at] = random.next().to_le_bytes()[0],
                2 => len = at,
                3 => file[at..(at + 64).min(bytes.len())].fill(0),
                _ => file.copy_within(at..(at + 512).min(bytes.len()), other.min(bytes.len() - 512)),
            }
        }
        let unchanged = file[..len] == bytes;
        assert_eq!(Territory::from_bytes(&file[..len]).is_ok(), unchanged, "round {round}");
        file.copy_from_slice(&bytes);
    }
}

#[test]
fn a_forged_file_is_refused_or_answers_without_a_crash() {
    let mut contents = synthetic::territory(1).contents();
    contents.communes.truncate(3);
    add_layers(&mut contents);
    let code = contents.communes[0].commune.code;
    contents.figures = vec![figure(vec![(code, crate::FigureValue::Known(7.0))])];
    let area = crate::Area { code: "QP099001".to_owned(), name: None };
    let areas = vec![crate::OutlinedArea { area, outline: contents.communes[1].outline.clone() }];
    contents.overlays = vec![crate::OverlayContents { name: "qpv".to_owned(), source: None, areas }];
    contents.sources[0].redistribution = crate::Redistribution::Forbidden;
    let bytes = v2::encode(&contents, 4);
    let sections = sections_of(&bytes);
    let mut random = Random(7);
    let (mut refused, mut answered) = (0, 0);
    for _ in 0..rounds(FORGERIES) {
        let mut file = bytes.clone();
        for _ in 0..=random.below(3) {
            let (begin, len) = sections[random.below(sections.len())];
            if len == 0 {
                continue;
            }
            let at = begin + random.below(len);
            match random.below(3) {
                0 => file[at] ^= 1 << random.below(8),
                1 => file[at] = random.next().to_le_bytes()[0],
                _ => {
                    let word = at / 4 * 4;
                    let value = [0, 1, 2, u32::MAX, 1 << 31, 1 << 30][random.below(6)];
                    file[word..(word + 4).min(begin + len)]
                        .copy_from_slice(&value.to_le_bytes()[..(begin + len - word).min(4)]);
                }
            }
        }
        set_right_checksums(&mut file);
        match Territory::from_bytes(&file) {
            Err(FormatError::Malformed(_)) => refused += 1,
            Err(error) => panic!("a right checksum is told wrong: {error}"),
            Ok(territory) => {
                ask_everything(&territory);
                answered += 1;
            }
        }
    }
    assert!(refused > 0 && answered > 0, "{refused} refused, {answered} answered");
}
