use super::check::check;
use super::*;
use crate::Territory;
use crate::synthetic;

/// All communes of a territory as areas of their own, `units` to a degree.
fn draw(territory: &Territory, units: f64, tolerance: f64, cuts: Option<Cuts>) -> Sheet {
    let areas: Vec<u32> = (1..).take(territory.communes().len()).collect();
    let style = Style {
        areas: &areas,
        project: &|_, [lon, lat]| [lon * units, -lat * units],
        degrees: &|_, _| 1.0 / units,
        tolerance,
        small_double_area: 8,
        cuts,
    };
    Sheet::new(territory.borders(), &style)
}

#[test]
fn neighbours_fit_on_every_grid_however_coarse() {
    for seed in 1..3 {
        let territory = synthetic::territory(seed);
        for units in [7.0, 23.0, 90.0, 400.0, 3e3, 5e4] {
            for tolerance in [0.0, 4.0, 40.0] {
                let sheet = draw(&territory, units, tolerance, None);
                assert_eq!(*sheet.faults(), Faults::default(), "{seed}, {units}, {tolerance}");
            }
        }
    }
}

#[test]
fn lines_have_a_vertex_on_every_cut_that_they_cross() {
    let territory = synthetic::territory(2);
    let sheet = draw(&territory, 3e3, 4.0, Some(Cuts { every: 64, margin: 5 }));
    assert_eq!(*sheet.faults(), Faults::default());
    let mut on_cuts = 0;
    for side in sheet.lines.iter().flat_map(|line| line.windows(2)) {
        for axis in 0..2 {
            let (low, high) = (side[0][axis].min(side[1][axis]), side[0][axis].max(side[1][axis]));
            on_cuts += usize::from([5, 59].contains(&low.rem_euclid(64)));
            let inside = (low + 1..high).filter(|at| [5, 59].contains(&at.rem_euclid(64)));
            assert_eq!(inside.count(), 0, "{side:?}");
        }
    }
    assert!(on_cuts > 100);
}

#[test]
fn a_drawing_is_the_same_every_time() {
    let territory = synthetic::territory(3);
    let lines = || draw(&territory, 400.0, 40.0, None).lines;
    assert_eq!(lines(), lines());
}

/// A square with the lower left corner and the side given, on the left of its line.
fn square(x: i32, y: i32, side: i32) -> Vec<GridPoint> {
    vec![[x, y], [x + side, y], [x + side, y - side], [x, y - side], [x, y]]
}

fn faults(lines: &[Vec<GridPoint>], areas: &[[u32; 2]]) -> (usize, usize, usize) {
    let (faults, wanted) = check(lines, areas, 0, 1.0);
    assert_eq!(faults.places.len(), faults.count());
    assert_eq!(wanted.is_empty(), faults.count() == 0, "{wanted:?}");
    (faults.crossings, faults.mismatches, faults.misplaced)
}

#[test]
fn a_partition_has_no_faults() {
    // An enclave in a square, and an island whose line is drawn by two communes that meet along it.
    let enclave = [square(0, 0, 100), square(20, -20, 10), square(300, 0, 9)];
    assert_eq!(faults(&enclave, &[[1, 0], [2, 1], [3, 0]]), (0, 0, 0));
    // Two triangles that share a side, each side once.
    let (a, b, c, d) = ([0, 0], [10, 0], [5, -9], [5, 9]);
    let lines = [vec![a, b], vec![b, c, a], vec![a, d, b]];
    assert_eq!(faults(&lines, &[[1, 2], [1, 0], [2, 0]]), (0, 0, 0));
}

#[test]
fn what_lies_between_two_lines_on_each_other_has_no_width() {
    let (a, b, c, d) = ([0, 0], [10, 0], [5, -9], [5, 9]);
    let lines = [vec![a, b], vec![a, b], vec![b, c, a], vec![a, d, b]];
    assert_eq!(faults(&lines, &[[1, 7], [7, 2], [1, 0], [2, 0]]), (0, 0, 0));
    // The same area on both outer sides: nothing to draw.
    assert_eq!(faults(&[vec![a, b], vec![b, a]], &[[1, 2], [1, 2]]), (0, 0, 0));
}

#[test]
fn crossings_are_found() {
    let (crossings, ..) = faults(&[square(0, 0, 10), square(5, -5, 10)], &[[1, 0], [2, 0]]);
    assert_eq!(crossings, 2);
    // A corner that lies on a side without a vertex there.
    let (crossings, ..) = faults(&[square(0, 0, 10), square(10, -3, 4)], &[[1, 0], [2, 0]]);
    assert!(crossings > 0);
}

#[test]
fn overlaps_and_gaps_without_a_crossing_are_found() {
    // One square over the other, with all common points as vertices of both.
    let one = vec![[0, 0], [10, 0], [10, -5], [10, -10], [5, -10], [0, -10], [0, 0]];
    let other = vec![[5, -5], [10, -5], [15, -5], [15, -15], [5, -15], [5, -10], [5, -5]];
    let (crossings, mismatches, _) = faults(&[one, other], &[[1, 0], [2, 0]]);
    assert_eq!((crossings, mismatches), (0, 2));
    // The same side with two areas on the same side of it.
    let (_, mismatches, _) = faults(&[square(0, 0, 10), square(0, 0, 10)], &[[1, 0], [2, 0]]);
    assert!(mismatches > 0);
}

#[test]
fn an_island_that_lies_in_another_area_is_found() {
    // The line of the first square moved over the island, which says that the sea is around it.
    let lines = [square(0, 0, 100), square(20, -20, 10)];
    assert_eq!(faults(&lines, &[[1, 0], [2, 0]]), (0, 0, 1));
}
