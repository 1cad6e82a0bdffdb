//! What communes have that were others when a table was made, for each kind of value.

use desserte_territory::FigureValue;

/// How values become those of other communes.
#[derive(Debug)]
pub(crate) struct Rule<V> {
    /// What one commune has that was several, from the value of each; `None` if that cannot be told from them.
    pub(super) combine: fn(&[&V]) -> Option<V>,
    /// Why it cannot, in the words of a finding.
    pub(super) otherwise: &'static str,
    /// What several communes have that were one.
    pub(super) split: Split,
    /// A value in the words of a finding.
    pub(super) tell: fn(&V) -> String,
}

/// What becomes of the value of a commune that was split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// It is left out: nobody knows how to share it out.
    LeaveOut,
    /// Each part inherits it: it was said of all of the ground.
    Inherit,
}

/// Inhabitants add up; a commune without a figure leaves the sum unknown.
pub(crate) const INHABITANTS: Rule<Option<u32>> = Rule {
    combine: |values| {
        let add = |sum: Option<u32>, value: &&Option<u32>| sum.zip(**value).map(|(a, b)| a.saturating_add(b));
        Some(values.iter().fold(Some(0), add))
    },
    otherwise: "",
    split: Split::LeaveOut,
    tell: |count| count.map_or_else(|| "no figure".to_owned(), |count| count.to_string()),
};

/// Membership, of an EPCI for instance, is kept where all agree; after a split each commune joins anew.
pub(crate) const MEMBERSHIP: Rule<String> =
    Rule { combine: agreed, otherwise: "which disagree", split: Split::LeaveOut, tell: String::clone };

/// A zone is kept where all agree, and each part of a split commune inherits it.
pub(crate) const ZONE: Rule<String> =
    Rule { combine: agreed, otherwise: "which disagree", split: Split::Inherit, tell: String::clone };

/// Numbers that count something add up, if each is known.
pub(crate) const COUNTED: Rule<FigureValue> = Rule {
    combine: |values| match values {
        [only] => Some(**only),
        all => all.iter().map(|value| value.known()).sum::<Option<f64>>().map(FigureValue::Known),
    },
    otherwise: "which have no sum",
    split: Split::LeaveOut,
    tell: number,
};

/// Shares, medians and means of several communes do not give that of all.
pub(crate) const NOT_ADDITIVE: Rule<FigureValue> = Rule {
    combine: |values| match values {
        [only] => Some(**only),
        _ => None,
    },
    otherwise: "which cannot be added",
    split: Split::LeaveOut,
    tell: number,
};

fn agreed(values: &[&String]) -> Option<String> {
    let (first, rest) = values.split_first()?;
    rest.iter().all(|value| value == first).then(|| (*first).clone())
}

fn number(value: &FigureValue) -> String {
    match value {
        FigureValue::Known(number) => number.to_string(),
        FigureValue::Secret => "secret".to_owned(),
        FigureValue::Unavailable => "not available".to_owned(),
    }
}
