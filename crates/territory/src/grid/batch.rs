//! Many points at once.

use std::num::NonZeroUsize;

use super::query::{Grid, Held};
use super::{PIECE_WORDS, REFERENCE};
use crate::topology::Vertex;

/// Points that go through each stage together: enough for the memory to fetch their cells at the same time, few
/// enough to stay in the first cache.
const GROUP: usize = 64;

/// Fewer points than this for each thread are not worth starting one.
const POINTS_FOR_A_THREAD: usize = 16_384;

/// What [`crate::Territory::locate_columns`] finds for a point: four octets, so that columns stay small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place(u32);

/// Set where the point lies on a border.
const ON_BORDER: u32 = 1 << 30;

/// No position: not finite or not on the globe.
const NO_POSITION: u32 = u32::MAX;

impl Place {
    /// The commune's place in the list of communes, which [`crate::Territory::commune_at`] takes; `None` outside.
    #[must_use]
    pub const fn row(self) -> Option<usize> {
        match self.0 {
            NO_POSITION => None,
            word => ((word & !ON_BORDER) as usize).checked_sub(1),
        }
    }

    /// Whether the point lies on the border of a commune, to the last bit.
    #[must_use]
    pub const fn is_on_border(self) -> bool {
        self.0 != NO_POSITION && self.0 & ON_BORDER != 0
    }

    /// Whether the two numbers were a position at all: finite, and a longitude and a latitude.
    #[must_use]
    pub const fn is_position(self) -> bool {
        self.0 != NO_POSITION
    }

    pub(crate) const fn of(held: Held) -> Self {
        Self(held.label | if held.on_border { ON_BORDER } else { 0 })
    }
}

/// How many points were found where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Placed {
    /// Points in a commune, border points included.
    pub inside: usize,
    /// Points of these that lie on a border.
    pub on_border: usize,
    /// Positions in no commune.
    pub outside: usize,
    /// Pairs of numbers that are no position.
    pub no_position: usize,
}

impl std::ops::AddAssign for Placed {
    fn add_assign(&mut self, other: Self) {
        self.inside += other.inside;
        self.on_border += other.on_border;
        self.outside += other.outside;
        self.no_position += other.no_position;
    }
}

impl Grid<'_> {
    /// Finds the place of each point, on up to `threads` threads. Answers do not depend on their number.
    pub(crate) fn places(
        &self,
        lon: &[f64],
        lat: &[f64],
        places: &mut [Place],
        threads: NonZeroUsize,
    ) -> Placed {
        let threads = threads.get().min(lon.len() / POINTS_FOR_A_THREAD).max(1);
        if threads == 1 {
            return self.place_all(lon, lat, places);
        }
        let share = lon.len().div_ceil(threads).next_multiple_of(GROUP);
        std::thread::scope(|scope| {
            let parts = lon.chunks(share).zip(lat.chunks(share)).zip(places.chunks_mut(share));
            let workers: Vec<_> = parts
                .map(|((lon, lat), places)| scope.spawn(move || self.place_all(lon, lat, places)))
                .collect();
            let mut placed = Placed::default();
            for worker in workers {
                placed += worker.join().expect("placing points does not panic");
            }
            placed
        })
    }

    fn place_all(&self, lon: &[f64], lat: &[f64], places: &mut [Place]) -> Placed {
        let mut placed = Placed::default();
        for ((lon, lat), places) in lon.chunks(GROUP).zip(lat.chunks(GROUP)).zip(places.chunks_mut(GROUP)) {
            self.place_group(lon, lat, places);
            for place in places {
                match (place.is_position(), place.row()) {
                    (false, _) => placed.no_position += 1,
                    (true, None) => placed.outside += 1,
                    (true, Some(_)) => {
                        placed.inside += 1;
                        placed.on_border += usize::from(place.is_on_border());
                    }
                }
            }
        }
        placed
    }

    /// In stages, so that the memory works on many points at once: every loop but the last only loads, and no load
    /// waits for another one of its loop.
    fn place_group(&self, lon: &[f64], lat: &[f64], places: &mut [Place]) {
        let mut words = [0_u32; GROUP];
        for ((word, lon), lat) in words.iter_mut().zip(lon).zip(lat) {
            *word = if is_position(*lon, *lat) { self.word([*lon, *lat]) } else { u32::MAX };
        }
        let mut waiting = [0_u8; GROUP];
        let mut count = 0;
        for (number, (word, place)) in (0_u8..).zip(words.iter().zip(places.iter_mut())) {
            *place = Place(*word);
            waiting[count] = number;
            count += usize::from(*word & REFERENCE != 0 && *word != NO_POSITION);
        }
        let waiting = &waiting[..count];
        let mut first = [0_usize; GROUP];
        for (first, number) in first.iter_mut().zip(waiting) {
            *first = self.first_vertex_of(words[usize::from(*number)]);
        }
        // The sum only keeps the loads from being left out; nothing depends on its value.
        let mut loaded = 0.0;
        for first in &first[..count] {
            loaded += self.vertices.get(*first).map_or(0.0, |vertex| vertex[1]);
        }
        std::hint::black_box(loaded);
        for number in waiting {
            let number = usize::from(*number);
            let point: Vertex = [lon[number], lat[number]];
            places[number] = Place::of(self.held_in(words[number], point));
        }
    }

    /// The first vertex of the first piece of a record, so that it is on its way when the sum is made.
    #[inline]
    fn first_vertex_of(&self, word: u32) -> usize {
        let record = &self.records[(word & !REFERENCE) as usize..];
        // One label before the pieces is the rule; elsewhere the wrong line is fetched, and no harm done.
        record.get(2).map_or(0, |first| *first as usize)
    }
}

/// Whether two numbers are a longitude and a latitude.
#[inline]
pub(crate) fn is_position(lon: f64, lat: f64) -> bool {
    (-180.0..=180.0).contains(&lon) & (-90.0..=90.0).contains(&lat)
}

const _: () = assert!(PIECE_WORDS >= 1 && GROUP <= u8::MAX as usize);
