//! Whether neighbours are alike: Moran's index of a whole territory, and of each place in it.
//!
//! Weights are row-standardised: the neighbours of a place weigh as much together, however many they are. A place without a
//! neighbour, or without a value, is left out and listed.
//!
//! How rare an index is among territories whose values lie at random is found by shuffling values over places. For a local index the
//! value of the place stays and its neighbours' are drawn from all others (conditional shuffling).
//!
//! # Source
//! Moran, Biometrika 37, 1950; Anselin, Geographical Analysis 27, 1995 (LISA: local indices).

mod shuffling;

pub use shuffling::{Shuffles, discoveries};

/// Moran's index and the local ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Moran {
    /// The index of the whole, above the expected one if neighbours are alike.
    pub index: f64,
    /// What it is on average if places lie at random: -1/(n-1).
    pub expected: f64,
    /// For each place the local index and the quadrant; `None` for one that is left out.
    pub local: Vec<Option<Local>>,
    /// Places left out.
    pub left_out: Vec<usize>,
    /// Share of shuffles whose index is at least as far from their mean, counting the observed one; `None` without shuffles.
    pub p_value: Option<f64>,
}

/// One place among its neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Local {
    /// Local index: z of the place times the mean z of its neighbours, over the variance.
    pub index: f64,
    /// Whether the place is above the mean.
    pub high: bool,
    /// Whether its neighbours are, together.
    pub high_around: bool,
    /// Twice the smaller share of shuffles whose local index is at least as low, or as high, counting the observed one, at most 1;
    /// `None` without shuffles.
    pub p_value: Option<f64>,
}

/// What the places that are kept have, z being what a value is above their mean.
struct Field {
    kept: Vec<usize>,
    left_out: Vec<usize>,
    /// For each place the places around it that are kept.
    around: Vec<Vec<usize>>,
    z: Vec<f64>,
    squares: f64,
}

/// Moran's index of values at places.
///
/// # Shape
/// `neighbours` gives for each place the places beside it, of which it is not one; those without a value are not counted.
///
/// # Missing data
/// `None` if fewer than two places are left, or all have the same value.
#[must_use]
pub fn moran(values: &[Option<f64>], neighbours: &[Vec<usize>], shuffles: Shuffles) -> Option<Moran> {
    let field = Field::new(values, neighbours)?;
    let count: f64 = field.kept.iter().map(|_| 1.0).sum();
    let index = field.global(&field.z);
    let local = (0..values.len()).map(|at| {
        (!field.around[at].is_empty()).then(|| {
            let near = field.mean_around(&field.z, at);
            let index = field.z[at] * near * count / field.squares;
            Local { index, high: field.z[at] > 0.0, high_around: near > 0.0, p_value: None }
        })
    });
    let mut local: Vec<Option<Local>> = local.collect();
    if shuffles.count > 0 {
        for (place, at) in field.kept.iter().enumerate() {
            if let Some(local) = &mut local[*at] {
                local.p_value = Some(field.local_p_value(place, shuffles));
            }
        }
    }
    let p_value = (shuffles.count > 0).then(|| field.global_p_value(index, shuffles));
    Some(Moran { index, expected: -1.0 / (count - 1.0), local, left_out: field.left_out, p_value })
}

impl Field {
    fn new(values: &[Option<f64>], neighbours: &[Vec<usize>]) -> Option<Self> {
        let known = |at: &usize| values.get(*at).is_some_and(Option::is_some);
        let around: Vec<Vec<usize>> = (0..values.len())
            .map(|at| {
                let all = neighbours.get(at).map_or(&[][..], Vec::as_slice);
                all.iter().copied().filter(|other| known(&at) && known(other) && *other != at).collect()
            })
            .collect();
        let (kept, left_out): (Vec<usize>, Vec<usize>) =
            (0..values.len()).partition(|at| !around[*at].is_empty());
        let count: f64 = kept.iter().map(|_| 1.0).sum();
        let mean = kept.iter().filter_map(|at| values[*at]).sum::<f64>() / count;
        let mut z: Vec<f64> = values.iter().map(|value| value.map_or(0.0, |value| value - mean)).collect();
        left_out.iter().for_each(|at| z[*at] = 0.0);
        let squares: f64 = z.iter().map(|z| z * z).sum();
        let varies = kept.len() >= 2 && squares > 0.0 && squares.is_finite();
        varies.then_some(Self { kept, left_out, around, z, squares })
    }

    fn mean_around(&self, z: &[f64], at: usize) -> f64 {
        let (sum, count) =
            self.around[at].iter().fold((0.0, 0.0), |(sum, count), other| (sum + z[*other], count + 1.0));
        sum / count
    }

    fn global(&self, z: &[f64]) -> f64 {
        // With row-standardised weights S0 is n, and their quotient 1.
        self.kept.iter().map(|at| z[*at] * self.mean_around(z, *at)).sum::<f64>() / self.squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::shuffled;

    const NONE: Shuffles = Shuffles { count: 0, seed: 0 };

    fn path(length: usize) -> Vec<Vec<usize>> {
        let beside = |at: usize| [at.checked_sub(1), Some(at + 1).filter(|next| *next < length)];
        (0..length).map(|at| beside(at).into_iter().flatten().collect()).collect()
    }

    #[test]
    fn the_vector_of_the_path_is_met() {
        let found = moran(&[Some(1.0), Some(2.0), Some(3.0), Some(4.0)], &path(4), NONE).unwrap();
        assert!((found.index - 0.4).abs() < 1e-12 && (found.expected + 1.0 / 3.0).abs() < 1e-12, "{found:?}");
        let sum: f64 = found.local.iter().flatten().map(|local| local.index).sum();
        assert!((sum / 4.0 - found.index).abs() < 1e-12);
        assert_eq!((found.p_value, found.left_out.len()), (None, 0));
        assert!(!found.local[0].unwrap().high && found.local[3].unwrap().high_around);
    }

    #[test]
    fn places_without_neighbours_or_values_are_left_out_and_listed() {
        let mut around = path(6);
        around[4] = vec![];
        around[5] = vec![5];
        let values = [Some(1.0), Some(2.0), Some(3.0), Some(4.0), None, Some(90.0)];
        let found = moran(&values, &around, NONE).unwrap();
        assert!((found.index - 0.4).abs() < 1e-12, "{found:?}");
        assert_eq!((found.left_out, found.local[5]), (vec![4, 5], None));
        assert_eq!(moran(&[Some(2.0); 4], &path(4), NONE), None);
        assert_eq!(moran(&[None; 4], &path(4), NONE), None);
    }

    #[test]
    fn a_slope_is_rare_among_shuffles_and_noise_is_not() {
        let slope: Vec<_> = (0..40).map(|at| Some(f64::from(at))).collect();
        let shuffles = Shuffles { count: 999, seed: 3 };
        let found = moran(&slope, &path(40), shuffles).unwrap();
        assert_eq!(found.p_value, Some(0.001));
        // Both ends stand out, the middle does not.
        let p_value = |at: usize| found.local[at].unwrap().p_value.unwrap();
        assert!(p_value(1) < 0.01 && p_value(38) < 0.01 && p_value(20) > 0.2);
        assert_eq!(moran(&slope, &path(40), shuffles), Some(found));
        let places: Vec<usize> = (0..40).collect();
        let noise: Vec<_> = shuffled(&places, 11, 0).into_iter().map(|at| slope[at]).collect();
        let found = moran(&noise, &path(40), shuffles).unwrap();
        assert!(found.p_value.unwrap() > 0.05);
        let p_values: Vec<Option<f64>> =
            found.local.iter().map(|local| local.and_then(|local| local.p_value)).collect();
        assert_eq!(discoveries(&p_values, 0.05), [false; 40]);
    }
}
