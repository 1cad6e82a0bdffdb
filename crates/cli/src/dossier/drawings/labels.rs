//! Where the labels of marks stand, so that none hides another or a mark.

/// How far a letter goes, and how high one is, at the size of the map's labels.
const LETTER: (f64, f64) = (6.0, 12.0);

/// From the middle of a mark to its edge, with some air.
const MARK: f64 = 5.0;

/// A mark with its label.
pub(super) struct Mark {
    /// Its middle.
    pub(super) at: (f64, f64),
    /// What stands beside it.
    pub(super) label: String,
}

/// A box: left, top, right, bottom.
type Area = (f64, f64, f64, f64);

/// For each mark the left end of its label's base line: right of the mark if there is room, else left of it, below, above, or at a corner; right of
/// it where there is room nowhere.
pub(super) fn places(marks: &[Mark]) -> Vec<(f64, f64)> {
    let mut taken: Vec<Area> =
        marks.iter().map(|Mark { at: (x, y), .. }| (x - MARK, y - MARK, x + MARK, y + MARK)).collect();
    marks
        .iter()
        .enumerate()
        .map(|(number, mark)| {
            let (x, y) = mark.at;
            #[expect(clippy::cast_precision_loss, reason = "a label has a few letters")]
            let width = mark.label.chars().count() as f64 * LETTER.0;
            let around = [
                (x + MARK + 2.0, y + 4.0),
                (x - MARK - 2.0 - width, y + 4.0),
                (x - width / 2.0, y + MARK + LETTER.1 - 1.0),
                (x - width / 2.0, y - MARK - 2.0),
                (x + MARK, y - MARK),
                (x - MARK - width, y - MARK),
                (x + MARK, y + MARK + LETTER.1 - 4.0),
                (x - MARK - width, y + MARK + LETTER.1 - 4.0),
            ];
            let area = |(left, base): (f64, f64)| (left, base - LETTER.1 + 2.0, left + width, base + 2.0);
            let is_free = |place: &&(f64, f64)| {
                let own = area(**place);
                !taken.iter().enumerate().any(|(other, taken)| other != number && overlap(own, *taken))
            };
            let chosen = *around.iter().find(is_free).unwrap_or(&around[0]);
            taken.push(area(chosen));
            chosen
        })
        .collect()
}

fn overlap(one: Area, other: Area) -> bool {
    one.0 < other.2 && other.0 < one.2 && one.1 < other.3 && other.1 < one.3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(x: f64, y: f64, label: &str) -> Mark {
        Mark { at: (x, y), label: label.to_owned() }
    }

    #[test]
    fn a_label_stands_where_it_hides_nothing() {
        let alone = places(&[mark(100.0, 100.0, "P1")]);
        assert_eq!(alone, [(107.0, 104.0)]);
        // The second stands where the first one's label would: it goes to the left.
        let beside = places(&[mark(100.0, 100.0, "P1"), mark(112.0, 100.0, "P2")]);
        assert!(beside[0].0 < 100.0, "{beside:?}");
        assert!((beside[1].0 - 119.0).abs() < 1e-9, "{beside:?}");
        // Where there is room nowhere, a label is still told.
        assert_eq!(places(&[mark(0.0, 0.0, "P1"), mark(0.0, 0.0, "P2")]).len(), 2);
    }
}
