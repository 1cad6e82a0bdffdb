//! Lines between zones, strung together: the fewer pieces, the fewer octets.

use std::collections::HashMap;

use crate::sheet::{GridPoint, GridRing};

/// Strings lines together where one ends and another begins or ends, each line once.
///
/// # Shape
/// Open lines, or closed ones whose last point is their first.
pub(super) fn strung(lines: &[&[GridPoint]]) -> Vec<GridRing> {
    let ends = |line: usize| [lines[line][0], lines[line][lines[line].len() - 1]];
    let mut at: HashMap<GridPoint, Vec<usize>> = HashMap::new();
    for line in 0..lines.len() {
        ends(line).into_iter().for_each(|end| at.entry(end).or_default().push(line));
    }
    let mut used = vec![false; lines.len()];
    let mut out = Vec::new();
    // Lines that begin where nothing else does come first, so that none is begun in its middle.
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|line| ends(*line).iter().map(|end| at[end].len() != 1).min());
    for first in order {
        if used[first] {
            continue;
        }
        used[first] = true;
        let mut strung = lines[first].to_vec();
        if at[&strung[0]].len() > 1 && at[&strung[strung.len() - 1]].len() == 1 {
            strung.reverse();
        }
        while let Some(end) = strung.last().copied() {
            let Some(next) = at[&end].iter().copied().find(|line| !used[*line]) else { break };
            used[next] = true;
            if lines[next][0] == end {
                strung.extend(&lines[next][1..]);
            } else {
                strung.extend(lines[next].iter().rev().skip(1));
            }
        }
        out.push(strung);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::strung;

    #[test]
    fn lines_are_strung_from_a_loose_end_and_each_is_there_once() {
        let lines: [&[[i32; 2]]; 4] =
            [&[[5, 0], [9, 0]], &[[5, 0], [4, 1], [0, 0]], &[[9, 0], [9, 9]], &[[20, 0], [21, 0], [20, 0]]];
        let strung = strung(&lines);
        assert_eq!(strung.len(), 2, "{strung:?}");
        assert_eq!(strung[0], [[0, 0], [4, 1], [5, 0], [9, 0], [9, 9]]);
        assert_eq!(strung[1], [[20, 0], [21, 0], [20, 0]]);
    }
}
