//! SVG path data, in as few characters as is easy.

use std::fmt::Write;

use crate::sheet::{GridPoint, GridRing};

/// Path data of closed rings: an absolute start, then relative steps.
pub(super) fn data(rings: &[GridRing]) -> String {
    let mut d = String::new();
    for ring in rings {
        steps(&mut d, ring);
        d.push('z');
    }
    d
}

/// The same of open lines. A point that repeats the one before adds nothing to a line and is left out.
pub(super) fn open(lines: &[GridRing]) -> String {
    let mut d = String::new();
    for line in lines {
        let mut line = line.clone();
        line.dedup();
        if line.len() > 1 {
            steps(&mut d, &line);
        }
    }
    d
}

fn steps(d: &mut String, points: &[GridPoint]) {
    let Some(first) = points.first() else { return };
    d.push('M');
    number(d, first[0], false);
    number(d, first[1], true);
    d.push('l');
    for (position, pair) in points.windows(2).enumerate() {
        number(d, pair[1][0] - pair[0][0], position > 0);
        number(d, pair[1][1] - pair[0][1], true);
    }
}

/// Writes a number after another one; a minus sign separates by itself.
fn number(d: &mut String, value: i32, after_number: bool) {
    if after_number && value >= 0 {
        d.push(' ');
    }
    write!(d, "{value}").expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::{data, open};

    #[test]
    fn steps_are_relative_and_a_minus_sign_separates() {
        let rings = [vec![[10, 20], [13, 16], [18, 22]], vec![[1, 1], [2, 1], [2, 2]]];
        assert_eq!(data(&rings), "M10 20l3-4 5 6zM1 1l1 0 0 1z");
    }

    #[test]
    fn an_open_line_is_not_closed_and_one_without_length_is_not_there() {
        let lines = [vec![[10, 20], [10, 20], [13, 16]], vec![[7, 7], [7, 7]]];
        assert_eq!(open(&lines), "M10 20l3-4");
    }
}
