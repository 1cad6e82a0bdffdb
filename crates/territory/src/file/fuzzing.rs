//! Files whose frame and checksums are right and whose sections are not: random octets would all be refused for their
//! checksums, and nothing behind these would ever be tried.

use super::sections::{SUMS, Sections, Writer};

/// A change of a section: which one (of as many as there are, round and round), from which octet on, and the octets to put there.
pub type Change<'a> = (u8, u16, &'a [u8]);

/// Sections with this bit in their number end after the octets put there.
const ENDS: u8 = 0x80;

/// Changes sections of a sound file and makes its checksums right again.
pub(crate) fn changed(sound: &[u8], changes: &[Change<'_>]) -> Vec<u8> {
    let sections = Sections::read(sound).expect("the file is sound");
    // The checksums of blocks are made anew when the file is.
    let given = || sections.all().filter(|(name, _)| *name != SUMS);
    let count = given().count();
    let mut file = Writer::default();
    for (number, (name, range)) in given().enumerate() {
        let mut octets = sound[range].to_vec();
        for (section, at, put) in
            changes.iter().filter(|(section, ..)| usize::from(*section & !ENDS) % count == number)
        {
            let at = usize::from(*at).min(octets.len());
            let end = (at + put.len()).min(octets.len());
            octets.splice(at..end, put.iter().copied());
            if section & ENDS != 0 {
                octets.truncate(at + put.len());
            }
        }
        file.add(name, &octets);
    }
    file.finish()
}
