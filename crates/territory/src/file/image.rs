//! The octets of a territory, in memory or mapped from a file.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use memmap2::{Advice, Mmap};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

#[cfg(not(target_endian = "little"))]
compile_error!("territory files hold little-endian arrays that are read in place");

/// Octets that begin at a multiple of eight, or a part of such octets.
#[derive(Clone)]
pub(crate) struct Image {
    whole: Arc<Octets>,
    part: Range<usize>,
}

enum Octets {
    Owned { words: Vec<u64>, len: usize },
    Mapped(Mmap),
}

impl Octets {
    fn all(&self) -> &[u8] {
        match self {
            Self::Owned { words, len } => &words.as_bytes()[..*len],
            Self::Mapped(map) => map,
        }
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if matches!(*self.whole, Octets::Owned { .. }) { "Owned" } else { "Mapped" };
        write!(f, "{kind}({} octets)", self.octets().len())
    }
}

impl Image {
    /// A copy in memory.
    pub(crate) fn owned(octets: &[u8]) -> Self {
        let mut words = vec![0_u64; octets.len().div_ceil(8)];
        words.as_mut_bytes()[..octets.len()].copy_from_slice(octets);
        Self::of(Octets::Owned { words, len: octets.len() })
    }

    fn of(octets: Octets) -> Self {
        let part = 0..octets.all().len();
        Self { whole: Arc::new(octets), part }
    }

    /// A part of these octets, which keeps all of them in memory or mapped.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let part = self.part.start + range.start..self.part.start + range.end;
        Self { whole: Arc::clone(&self.whole), part }
    }

    /// Maps a file read-only.
    ///
    /// The one unsafe call of this crate. What maps a file must trust that nobody shortens or rewrites it in place
    /// while it is mapped: a shortened file would end the program (SIGBUS), and changed octets could change answers.
    /// `desserte-geodata` and `desserte` never do: they write beside a territory file and rename, which leaves a
    /// mapped file untouched. Memory safety does not depend on the octets: all access is by checked slices.
    #[expect(unsafe_code, reason = "no safe way to map a file; the condition is documented above")]
    pub(crate) fn map(file: &File) -> std::io::Result<Self> {
        // SAFETY: see above.
        unsafe { Mmap::map(file) }.map(|map| Self::of(Octets::Mapped(map)))
    }

    /// Asks the system to fetch octets that will be read soon, so that several places of a file come at the same time.
    pub(crate) fn expect(&self, range: &Range<usize>) {
        if let Octets::Mapped(map) = &*self.whole {
            // Only a hint: where it is refused, the octets are fetched when they are read.
            let _ = map.advise_range(Advice::WillNeed, self.part.start + range.start, range.len());
        }
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.whole.all()[self.part.clone()]
    }

    /// A section as an array; empty if it is not a whole number of items, which checks at opening exclude.
    #[inline]
    pub(crate) fn array<T: FromBytes + Immutable + KnownLayout>(&self, range: &Range<usize>) -> &[T] {
        self.octets()
            .get(range.clone())
            .and_then(|octets| <[T]>::ref_from_bytes(octets).ok())
            .unwrap_or_default()
    }
}
