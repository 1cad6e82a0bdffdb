//! SVG path data, in as few characters as is easy.

use std::fmt::Write;

use crate::sheet::GridRing;

/// Path data of closed rings: an absolute start, then relative steps.
pub(super) fn data(rings: &[GridRing]) -> String {
    let mut d = String::new();
    for ring in rings {
        let Some(first) = ring.first() else { continue };
        d.push('M');
        number(&mut d, first[0], false);
        number(&mut d, first[1], true);
        d.push('l');
        for (position, pair) in ring.windows(2).enumerate() {
            number(&mut d, pair[1][0] - pair[0][0], position > 0);
            number(&mut d, pair[1][1] - pair[0][1], true);
        }
        d.push('z');
    }
    d
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
    use super::data;

    #[test]
    fn steps_are_relative_and_a_minus_sign_separates() {
        let rings = [vec![[10, 20], [13, 16], [18, 22]], vec![[1, 1], [2, 1], [2, 2]]];
        assert_eq!(data(&rings), "M10 20l3-4 5 6zM1 1l1 0 0 1z");
    }
}
