//! Rows that are weighed so that strata count as they do in a population.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use csv::ByteRecord;
use desserte_equity::weighting::{NoWeighting, Stratum, Weighting, post_stratify};
use desserte_equity::{Parameters, Unit};
use desserte_indicators::study::Labels;
use serde_json::{Value, json};

use crate::arguments::Lang;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet};

/// Strata by name, with their weights.
#[derive(Debug)]
pub(super) struct Strata {
    names: Vec<String>,
    weighting: Weighting,
    cap: f64,
}

impl Strata {
    /// Weighs rows by the strata of their labels and a table of populations, its first two columns.
    pub(super) fn weigh(
        units: &mut [Unit],
        labels: &Labels,
        file: &Path,
        lang: Lang,
    ) -> Result<Self, Failure> {
        let populations = populations(file, lang)?;
        let mut names = labels.names.clone();
        // Strata of which there is no row count among the population.
        let mut unseen: Vec<&String> =
            populations.keys().filter(|name| !labels.names.contains(name)).collect();
        unseen.sort();
        names.extend(unseen.into_iter().cloned());
        let mut strata: Vec<Stratum> = names
            .iter()
            .map(|name| Stratum { sample: 0.0, population: populations.get(name).copied() })
            .collect();
        for (unit, label) in units.iter().zip(&labels.of).filter(|(unit, _)| unit.value.is_some()) {
            strata[*label as usize].sample += unit.weight;
        }
        let cap = Parameters::built_in().weight_cap.value;
        let weighting = post_stratify(&strata, cap).map_err(|wrong| match wrong {
            NoWeighting::Population(at) | NoWeighting::Number(at) => {
                anyhow!("{}: {:?}: {wrong}", file.display(), names[at])
            }
            other => anyhow!("{}: {other}", file.display()),
        })?;
        for (unit, label) in units.iter_mut().zip(&labels.of) {
            unit.weight *= weighting.strata[*label as usize].factor;
        }
        Ok(Self { names, weighting, cap })
    }

    pub(super) fn json(&self) -> Value {
        let strata = self.names.iter().zip(&self.weighting.strata).map(|(name, of)| {
            json!({
                "stratum": name,
                "sample_share": of.sample_share,
                "population_share": of.population_share,
                "factor": of.factor,
                "capped": of.capped,
            })
        });
        json!({
            "cap": self.cap,
            "unseen_share": self.weighting.unseen_share,
            "strata": strata.collect::<Vec<_>>(),
        })
    }

    pub(super) fn words(&self, lang: Lang) -> Vec<String> {
        let t = |french: &'static str, english: &'static str| if lang == Lang::Fr { french } else { english };
        let number = |value: f64, decimals: usize| {
            let text = format!("{value:.decimals$}");
            if lang == Lang::Fr { text.replace('.', ",") } else { text }
        };
        let percent = |share: f64| number(100.0 * share, 1) + " %";
        let mut lines = vec![format!(
            "{} {}",
            t("redressé par strates, poids plafonnés à", "weighed by strata, weights capped at"),
            number(self.cap, 0)
        )];
        lines.extend(self.names.iter().zip(&self.weighting.strata).map(|(name, of)| {
            format!(
                "  {name:<24} {} {:>8} ; {} {:>8} ; {} {}{}",
                t("échantillon", "sample"),
                percent(of.sample_share),
                t("population", "population"),
                percent(of.population_share),
                t("poids", "weight"),
                number(of.factor, 3),
                if of.capped { t(" (plafonné)", " (capped)") } else { "" }
            )
        }));
        if self.weighting.unseen_share > 0.0 {
            let share = percent(self.weighting.unseen_share);
            lines.push(match lang {
                Lang::Fr => {
                    format!("strates sans aucune ligne : {share} de la population, dont rien n'est dit")
                }
                Lang::En => {
                    format!("strata without any row: {share} of the population, of which nothing is said")
                }
            });
        }
        lines
    }
}

fn populations(file: &Path, lang: Lang) -> Result<HashMap<String, f64>, Failure> {
    let name = file.display();
    let Sheet { mut reader, names, decimal_comma } = Sheet::open(file)?;
    if names.len() < 2 {
        return Err(Failure::usage(anyhow!("{name}: two columns are needed, strata and their population")));
    }
    let (mut faults, mut found, mut lines) = (Faults::default(), HashMap::new(), HashMap::new());
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
        let stratum = cell(0);
        if let Some(first) = lines.insert(stratum.clone(), line) {
            faults.add(line, Fault::Twice { key: stratum.clone(), first });
        }
        match faults.number(line, &names[1], &cell(1), decimal_comma, true) {
            Some(population) => _ = found.insert(stratum, population),
            None => faults.add(line, Fault::Missing { column: names[1].clone() }),
        }
    }
    faults.end(file, lang)?;
    Ok(found)
}
