//! The answer as one JSON object. A number that is not defined is null.

use desserte_equity::bootstrap::{GENERATOR, Method};
use desserte_equity::{Comparison, Interval};
use desserte_ledger::Nature;
use serde_json::{Map, Value, json};

use super::study::{ClassStudy, Difference, Drawing, Group, Measure, QUANTILES, Study, Told};

pub(super) fn of(study: &Study<'_>) -> Value {
    let (subject, of, arguments) = (study.subject, &study.of, study.arguments);
    let indices = study.indices.iter().map(|index| {
        (index.name.to_owned(), json!({ "raw": told(&index.raw), "top_coded": told(&index.capped) }))
    });
    let cells = subject.cells.as_ref().map(|cells| {
        json!({ "read": cells.read, "outside": cells.outside, "tests": cells.tests, "communes_weighed_evenly": cells.even })
    });
    json!({
        "ledger": subject.name,
        "unit": subject.unit,
        "nature": match subject.nature { Nature::Measured => "measured_by_others", Nature::Declared => "declared" },
        "credit": subject.credit,
        "communes": study.communes.1,
        "communes_with_a_number": study.communes.0,
        "cells": cells,
        "inhabitants": of.weight(),
        "inhabitants_without_a_number": of.missing().weight,
        "only": arguments.only.as_ref().map(|(key, value)| format!("{key}={value}")),
        "even_cells": arguments.even_cells,
        "poverty_lines": arguments.poverty_line,
        "top_code": arguments.top_code,
        "parameters": study.parameters.set,
        "bootstrap": {
            "draws": arguments.bootstrap,
            "seed": arguments.seed,
            "generator": GENERATOR,
            "level": study.parameters.confidence_level.value,
            "clusters": study.clusters.iter().map(drawing).collect::<Vec<_>>(),
        },
        "indices": indices.collect::<Map<_, _>>(),
        "all": group(study, &study.all),
        "classes": study.classes.iter().map(|class| self::class(study, class)).collect::<Vec<_>>(),
    })
}

fn drawing(drawn: &Drawing) -> Value {
    json!({
        "cluster": drawn.cluster.key(),
        "count": drawn.count,
        "of_equal_weight": drawn.worth,
        "method": drawn.method.map(|method| match method {
            Method::Bca => "BCa",
            Method::Studentised => "studentised",
        }),
    })
}

fn class(study: &Study<'_>, class: &ClassStudy<'_>) -> Value {
    let column = class.column;
    let groups = class.groups.iter().filter(|group| group.key.is_some() || group.communes > 0);
    json!({
        "class": column.rule.key,
        "layer": column.layer,
        "stand_in": column.stand_in,
        "credit": column.credit,
        "note": { "fr": column.note.0, "en": column.note.1 },
        "groups": groups.map(|own| group(study, own)).collect::<Vec<_>>(),
        "theil_t_between": told(&class.between),
        "theil_t_within": class.within,
        "differences": class.differences.iter().map(|one| difference(study, class, one)).collect::<Vec<_>>(),
    })
}

fn group(study: &Study<'_>, group: &Group) -> Value {
    let measures = study.measures.iter().zip(&group.measures);
    let names = QUANTILES.iter().map(|p| format!("p{:.0}", 100.0 * p));
    json!({
        "group": group.key,
        "communes": group.communes,
        "inhabitants_share": group.share,
        "quantiles": group.quantiles.map(|values| names.zip(values.map(Value::from)).collect::<Map<_, _>>()),
        "gini": group.gini[0],
        "gini_top_coded": group.gini[1],
        "measures": measures.map(|(measure, value)| (measure.key(), told(value))).collect::<Map<_, _>>(),
    })
}

fn difference(study: &Study<'_>, class: &ClassStudy<'_>, one: &Difference) -> Value {
    let name = |at: usize| &class.groups[at].key;
    let by = study.clusters.iter().zip(&one.intervals);
    json!({
        "first": name(one.first),
        "second": name(one.second),
        "measure": Measure::key(one.measure),
        "observed": one.observed,
        "intervals": by.map(|(drawn, interval)| (drawn.cluster.key().to_owned(), ends(*interval))).collect::<Map<_, _>>(),
        "verdict": match one.verdict() {
            Some(Comparison::Tie) => "ex_aequo",
            Some(Comparison::Higher) => "first_higher",
            Some(Comparison::Lower) => "second_higher",
            None => "not_enough_data",
        },
    })
}

fn told(told: &Told) -> Value {
    json!({ "value": told.value, "interval": ends(told.interval) })
}

fn ends(interval: Option<Interval>) -> Value {
    json!(interval.map(|interval| [interval.low, interval.high]))
}
