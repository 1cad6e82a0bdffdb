//! Figures one by one, as JSON and CSV: each with its state, and no number where there is not enough behind it.

use anyhow::Context as _;
use desserte_indicators::figures::{Figure, of_area, of_site};
use desserte_measure::METHOD_VERSION;
use serde_json::{Value, json};

use super::Told;
use crate::out::Outcome;

/// Columns of the CSV and keys of a figure in JSON.
const COLUMNS: [&str; 11] =
    ["level", "commune", "probe", "indicator", "of", "unit", "state", "lacks", "value", "low", "high"];

/// A figure, and what it is of: the territory, or a site by its commune and probe.
struct Row {
    site: Option<(String, String)>,
    figure: Figure,
}

impl Row {
    fn level(&self) -> &'static str {
        if self.site.is_some() { "site" } else { "territory" }
    }

    fn commune(&self) -> Option<&str> {
        self.site.as_ref().map(|(commune, _)| commune.as_str())
    }

    fn probe(&self) -> Option<&str> {
        self.site.as_ref().map(|(_, probe)| probe.as_str())
    }
}

fn of(told: &Told<'_>) -> Vec<Row> {
    let area = of_area(&told.area, told.sets).into_iter().map(|figure| Row { site: None, figure });
    let sites = told.reports.iter().flat_map(|report| {
        let site = (report.site.commune.to_string(), report.site.probe.to_string());
        of_site(report, told.sets).into_iter().map(move |figure| Row { site: Some(site.clone()), figure })
    });
    area.chain(sites).collect()
}

pub(super) fn json(told: &Told<'_>) -> Value {
    let figure = |row: &Row| {
        let figure = &row.figure;
        json!({
            "level": row.level(), "commune": row.commune(), "probe": row.probe(), "indicator": figure.indicator,
            "of": figure.of, "unit": figure.unit, "state": figure.state, "lacks": figure.lacks,
            "value": figure.value, "low": figure.low, "high": figure.high,
        })
    };
    json!({
        "place": told.place,
        "from": told.from.to_string(),
        "to": told.to.to_string(),
        "time": "local",
        "demonstration": told.demonstration,
        "method": METHOD_VERSION,
        "parameters": told.sets.names(),
        "may_over_represent_centres": told.area.may_be_biased,
        "figures": of(told).iter().map(figure).collect::<Vec<_>>(),
    })
}

pub(super) fn csv(told: &Told<'_>) -> Outcome {
    let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
    let doing = "cannot write to standard output";
    let extra = ["from", "to", "parameters"];
    writer.write_record(COLUMNS.iter().chain(&extra)).context(doing)?;
    let (from, to, sets) = (told.from.to_string(), told.to.to_string(), told.sets.names().join(" "));
    let text = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    for row in of(told) {
        let figure = &row.figure;
        let cells = [
            row.level(),
            row.commune().unwrap_or_default(),
            row.probe().unwrap_or_default(),
            &figure.indicator,
            figure.of.as_deref().unwrap_or_default(),
            &figure.unit,
            &figure.state,
            &figure.lacks.join(" "),
            &text(figure.value),
            &text(figure.low),
            &text(figure.high),
            &from,
            &to,
            &sets,
        ];
        writer.write_record(cells).context(doing)?;
    }
    writer.flush().context(doing)?;
    Ok(())
}
