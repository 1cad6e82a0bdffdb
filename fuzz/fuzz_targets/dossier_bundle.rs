//! Bundles of dossiers from strangers: sound archives whose parts hold anything, and archives that were changed. Everything wrong is
//! named, nothing is unpacked, and the same octets get the same answer.
#![no_main]

use std::io::Cursor;

use desserte_dossier::{Bundle, Trusted, check, part};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<(u8, Vec<u8>)>, Vec<(u16, u8)>)| {
    let (parts, changes) = input;
    let names = [
        part::REQUEST,
        part::CASE,
        part::DOCUMENT,
        "evidence/proofs/00.json",
        "evidence/seals/2026-11-22.txt",
        "replies/1.json",
    ];
    let mut bundle = Bundle::new(Cursor::new(Vec::new()));
    for (name, octets) in parts {
        if bundle.put(names[usize::from(name) % names.len()], &octets).is_err() {
            return;
        }
    }
    let mut archive = Vec::new();
    bundle.archive(&mut archive).expect("memory takes what it is given");
    for (place, octet) in changes {
        let length = archive.len();
        archive[usize::from(place) % length] = octet;
    }
    let read = || check(&mut Cursor::new(&archive), None, &Trusted::default());
    let (report, again) = (read(), read());
    assert_eq!(format!("{report:?}"), format!("{again:?}"), "the same octets, the same answer");
});
