//! What is told, as one JSON object. A figure that is not defined is null.

use desserte_equity::bootstrap::{GENERATOR, Method};
use desserte_equity::{Comparison, Interval};
use serde_json::{Map, Value, json};

use super::{Figure, Group, Study};

/// Shares of the weight at which the Lorenz curve is told: tenths.
const LORENZ_STEPS: u32 = 10;

/// Shares of the weight at which quantiles are told.
pub const QUANTILES: [(&str, f64); 5] =
    [("p10", 0.1), ("p20", 0.2), ("p50", 0.5), ("p80", 0.8), ("p90", 0.9)];

/// All of it.
#[must_use]
pub fn of(study: &Study<'_>) -> Value {
    let (of, question) = (study.distribution, study.question);
    let mut found = Map::new();
    let mut put = |name: &str, value: Value| _ = found.insert(name.to_owned(), value);
    put("rows", json!(study.rows));
    put("rows_used", json!(of.len()));
    put("missing", json!({ "rows": of.missing().units, "weight": of.missing().weight }));
    put("rows_of_weight_zero", json!(of.unweighted()));
    put("weight", json!(of.weight()));
    put("effective_count", json!(study.kish));
    put("parameters", json!(study.parameters.set));
    put(
        "quantiles",
        QUANTILES.iter().map(|(name, p)| ((*name).to_owned(), json!(of.quantile(*p)))).collect(),
    );
    let step = |step: u32| f64::from(step) / f64::from(LORENZ_STEPS);
    put("lorenz", (0..=LORENZ_STEPS).map(|at| json!([step(at), of.lorenz(step(at))])).collect());
    for figure in &study.figures {
        put(&figure.name, json!(figure.value));
    }
    if let Some(line) = question.poverty_line {
        put("poverty_line", json!(line));
    }
    if let Some((figures, above)) = &study.capped {
        let mut capped = values(figures);
        capped.insert("at".to_owned(), json!(question.top_code));
        capped.insert("rows_above".to_owned(), json!(above));
        put("top_coded", capped.into());
    }
    if let Some(ranking) = &study.ranking {
        let by = &question.rank;
        put("concentration", json!(ranking.index));
        put("concentration_interval", ends(ranking.interval));
        put("concentration_by", json!({ "column": by, "rows_without_rank": ranking.unranked }));
    }
    if study.split.is_some() {
        put("split", split(study));
    }
    if let Some(drawing) = &study.drawing {
        let of = &study.parameters.read_at.value;
        let read_at = json!({
            "mean": of.mean, "share": of.share, "depth": of.depth, "index": of.index, "theil_t": of.theil_t,
        });
        put(
            "bootstrap",
            json!({
                "draws": drawing.draws,
                "seed": drawing.seed,
                "generator": GENERATOR,
                "clusters": drawing.clusters,
                "clusters_effective": drawing.clusters_effective,
                "clusters_min": drawing.too_few,
                "clusters_min_indices": drawing.too_few_for_indices,
                "clusters_min_theil_t": drawing.too_few_for_theil_t,
                "method": drawing.method.map(|method| match method {
                    Method::Studentised => "studentised",
                    Method::Bca => "BCa",
                }),
                "level": study.parameters.confidence_level.value,
                "read_at": read_at,
                "intervals": drawing.too_few.is_none().then(|| intervals(&study.figures)),
                "intervals_top_coded": study.capped.as_ref().map(|(figures, _)| intervals(figures)),
                "intervals_split": intervals(&study.between),
            }),
        );
    }
    found.into()
}

fn split(study: &Study<'_>) -> Value {
    let parts = |index: Option<desserte_equity::split::Parts>| {
        index.map(|parts| json!({ "between": parts.between, "within": parts.within }))
    };
    let split = study.split.as_ref();
    let compared = study.compared.iter().map(|pair| {
        let name = |at: usize| &study.groups[at].name;
        json!({
            "first": name(pair.first),
            "second": name(pair.second),
            "figure": pair.figure,
            "difference_interval": ends(pair.difference),
            "verdict": match pair.difference.map(|difference| difference.compared()) {
                Some(Comparison::Tie) => "ex_aequo",
                Some(Comparison::Higher) => "first_higher",
                Some(Comparison::Lower) => "second_higher",
                None => "not_enough_data",
            },
        })
    });
    json!({
        "column": study.question.group,
        "theil_t": split.and_then(|split| parts(split.theil_t)),
        "theil_l": split.and_then(|split| parts(split.theil_l)),
        "groups": study.groups.iter().map(group).collect::<Vec<_>>(),
        "compared": compared.collect::<Vec<_>>(),
    })
}

fn group(group: &Group) -> Value {
    json!({
        "group": group.name,
        "rows": group.part.units,
        "weight_share": group.part.weight_share,
        "value_share": group.part.value_share,
        "mean": group.part.mean,
        "mean_interval": ends(group.mean_interval),
        "theil_t": group.part.theil_t,
        "theil_l": group.part.theil_l,
        "fgt0": group.poor,
        "fgt0_interval": ends(group.poor_interval),
    })
}

fn values(figures: &[Figure]) -> Map<String, Value> {
    figures.iter().map(|figure| (figure.name.clone(), json!(figure.value))).collect()
}

fn intervals(figures: &[Figure]) -> Map<String, Value> {
    figures.iter().map(|figure| (figure.name.clone(), ends(figure.interval))).collect()
}

fn ends(interval: Option<Interval>) -> Value {
    json!(interval.map(|interval| [interval.low, interval.high]))
}
