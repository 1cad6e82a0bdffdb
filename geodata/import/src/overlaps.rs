//! Communes that lie over each other, as when delegated communes or two vintages come in one layer.

use desserte_territory::{OutlinedCommune, Territory};

use crate::{Finding, FindingKind};

/// Reports each commune whose inside belongs to another one with a lower code.
///
/// One point inside each commune is looked up, which finds whole communes over each other and costs next to nothing.
/// Slivers along a border stay unseen: a point in them has an answer all the same, the lower code.
pub(crate) fn find_overlaps(
    territory: &Territory,
    communes: &[OutlinedCommune],
    findings: &mut Vec<Finding>,
) {
    for row in communes {
        let Some(point) = row.outline.point_inside() else { continue };
        if let Some(other) = territory.locate(point).commune().filter(|other| other.code != row.commune.code)
        {
            let detail = format!("its inside at {point} lies in {} too", other.code);
            findings.push(Finding::new(FindingKind::Overlap, row.commune.code, detail));
        }
    }
}
