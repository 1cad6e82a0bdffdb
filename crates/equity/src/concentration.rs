//! Whether what is spread goes with something else, such as income.

/// One unit: what is spread, by what units are ranked, and how much the unit stands for.
type Ranked = (f64, f64, f64);

/// Concentration index, -1 to 1: above zero if units that rank high have more. Ranked by the values themselves it is the Gini.
///
/// # Shape
/// Each unit is (value, what it is ranked by, weight); equal ranks share the middle one.
///
/// # Missing data
/// `None` if weights or values add up to nothing, or a number is not finite. Leave out units without a rank before, and say how many.
///
/// # Source
/// Kakwani, Wagstaff and van Doorslaer, Journal of Econometrics 77, 1997.
#[must_use]
pub fn concentration(units: &[Ranked]) -> Option<f64> {
    let mut units = units.to_vec();
    units.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)).then(a.2.total_cmp(&b.2)));
    let weight: f64 = units.iter().map(|unit| unit.2).sum();
    let total: f64 = units.iter().map(|unit| unit.0 * unit.2).sum();
    if !(weight > 0.0 && total > 0.0) {
        return None;
    }
    let mean = total / weight;
    let (mut below, mut sum) = (0.0, 0.0);
    for tied in units.chunk_by(|a, b| a.1.total_cmp(&b.1).is_eq()) {
        let own: f64 = tied.iter().map(|unit| unit.2).sum();
        let rank = (below + own / 2.0) / weight;
        sum += tied.iter().map(|unit| unit.2 / weight * (unit.0 - mean) * (rank - 0.5)).sum::<f64>();
        below += own;
    }
    Some(2.0 / mean * sum).filter(|index| index.is_finite())
}
