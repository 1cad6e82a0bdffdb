//! What stands beside the data: dictionary, licence, what it was made from, and the catalogue (DCAT-AP 3, JSON-LD 1.1).

use serde_json::{Map, Value, json};

use super::columns::{Table, Told};
use super::place::Written;
use super::written::DataFile;
use crate::territory::Kind;

/// The licence of the figures, by its SPDX identifier.
pub(super) const LICENCE: &str = "etalab-2.0";

/// Where its text is.
const LICENCE_IRI: &str = "https://spdx.org/licenses/etalab-2.0";

/// What `LICENCE.txt` says before the sources.
const LICENCE_TEXT: &str = "\
Données / data: Licence Ouverte / Open Licence version 2.0 (Etalab), SPDX etalab-2.0
https://www.etalab.gouv.fr/licence-ouverte-open-licence

Vous pouvez réutiliser ces données librement, à condition de mentionner leur source et leur date.
You may reuse these data freely, provided that you name their source and their date.
";

/// What the catalogue says of the whole.
pub(super) struct Whole<'a> {
    /// Who publishes; `None` when nobody was named.
    pub(super) publisher: Option<&'a str>,
    /// Address that the files are published under; `None`: addresses are relative to the catalogue.
    pub(super) base: Option<&'a str>,
    /// Moment of the last record, RFC 3339.
    pub(super) modified: &'a str,
    /// First and last day of the data.
    pub(super) days: [String; 2],
    /// Whether the figures are made up.
    pub(super) demonstration: bool,
    /// Départements, with a name where there is an authority for them.
    pub(super) departements: Vec<String>,
    /// Sources to be credited, a line each.
    pub(super) sources: Vec<String>,
}

/// `LICENCE.txt`.
pub(super) fn licence(whole: &Whole<'_>) -> String {
    let publisher = whole.publisher.unwrap_or("éditeur non déclaré / publisher not declared");
    let mut text = format!("{LICENCE_TEXT}\nSource : {publisher}, {}\n", whole.modified);
    text.push_str("\nContours, codes et noms des communes / outlines, codes and names of communes:\n");
    for source in &whole.sources {
        text.push_str(&format!("- {source}\n"));
    }
    text
}

/// The dictionary as a table: file, place of the column, name, type, unit, French, English.
pub(super) fn dictionary_csv() -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "table",
        "position",
        "column",
        "type",
        "unit",
        "description_fr",
        "description_en",
    ])?;
    for table in Table::ALL {
        for (position, told) in (1..).zip(table.told()) {
            let position = position.to_string();
            writer.write_record([
                table.name(),
                &position,
                told.name,
                kind(told),
                told.unit,
                told.fr,
                told.en,
            ])?;
        }
    }
    Ok(writer.into_inner()?)
}

/// The dictionary as JSON.
pub(super) fn dictionary_json() -> Value {
    let column = |told: &Told| {
        json!({
            "name": told.name,
            "type": kind(told),
            "unit": told.unit,
            "description": { "fr": told.fr, "en": told.en },
        })
    };
    let tables = Table::ALL.map(|table| {
        let [fr, en] = table.title();
        json!({
            "table": table.name(),
            "title": { "fr": fr, "en": en },
            "columns": table.told().map(column).collect::<Vec<_>>(),
        })
    });
    json!({ "missing": { "csv": "", "meaning_fr": "vide n'est jamais zéro", "meaning_en": "empty is never zero" }, "tables": tables })
}

fn kind(told: &Told) -> &'static str {
    match told.kind {
        Kind::Text => "text",
        Kind::Count => "integer",
        Kind::Number => "number",
    }
}

/// The catalogue.
pub(super) fn catalogue(whole: &Whole<'_>, files: &[DataFile]) -> Value {
    let mark = if whole.demonstration {
        ["DÉMONSTRATION, chiffres inventés : ", "DEMONSTRATION, made-up figures: "]
    } else {
        ["", ""]
    };
    let both = |[fr, en]: [&str; 2]| {
        json!([
            { "@language": "fr", "@value": format!("{}{fr}", mark[0]) },
            { "@language": "en", "@value": format!("{}{en}", mark[1]) },
        ])
    };
    let publisher = json!({
        "@type": "foaf:Agent",
        "foaf:name": whole.publisher.unwrap_or("éditeur non déclaré / publisher not declared"),
    });
    let datasets: Vec<Value> = Table::ALL
        .into_iter()
        .filter(|table| files.iter().any(|file| file.table == *table))
        .map(|table| {
            let own = files.iter().filter(|file| file.table == table);
            json!({
                "@id": format!("#{}", table.name()),
                "@type": "dcat:Dataset",
                "dct:title": both(table.title()),
                "dct:description": both(DESCRIPTION),
                "dct:publisher": publisher,
                "dct:license": { "@id": LICENCE_IRI },
                "dct:language": [language("FRA"), language("ENG")],
                "dct:modified": moment(whole.modified),
                "dct:temporal": {
                    "@type": "dct:PeriodOfTime",
                    "dcat:startDate": day(&whole.days[0]),
                    "dcat:endDate": day(&whole.days[1]),
                },
                "dct:spatial": whole.departements.iter().map(|code| spatial(code)).collect::<Vec<_>>(),
                "dcat:theme": { "@id": "http://publications.europa.eu/resource/authority/data-theme/TECH" },
                "dcat:keyword": keywords(),
                "foaf:page": [{ "@id": "dictionary.csv" }, { "@id": "manifest.json" }],
                "dcat:distribution": own.map(distribution).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut context = context();
    if let Some(base) = whole.base {
        context.insert("@base".to_owned(), json!(format!("{}/", base.trim_end_matches('/'))));
    }
    json!({
        "@context": context,
        "@id": "catalogue.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": both(["Données ouvertes de Desserte", "Open data of Desserte"]),
        "dct:description": both(DESCRIPTION),
        "dct:publisher": publisher,
        "dct:license": { "@id": LICENCE_IRI },
        "dct:language": [language("FRA"), language("ENG")],
        "dct:modified": moment(whole.modified),
        "dcat:dataset": datasets,
    })
}

const DESCRIPTION: [&str; 2] = [
    "Débits, temps d'aller-retour, états de la ligne et coupures mesurés par des sondes, agrégés ; chiffres publiés seulement là où la règle de diffusion le permet. Ce sont des mesures des sondes présentes, non de toutes les lignes.",
    "Rates, round trips, states of the line and interruptions measured by probes, aggregated; figures are published only where the release rule allows. They are measurements of the probes that are there, not of all lines.",
];

fn context() -> Map<String, Value> {
    [
        ("dcat", "http://www.w3.org/ns/dcat#"),
        ("dct", "http://purl.org/dc/terms/"),
        ("foaf", "http://xmlns.com/foaf/0.1/"),
        ("spdx", "http://spdx.org/rdf/terms#"),
        ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ]
    .map(|(name, iri)| (name.to_owned(), json!(iri)))
    .into_iter()
    .collect()
}

fn language(code: &str) -> Value {
    json!({ "@id": format!("http://publications.europa.eu/resource/authority/language/{code}") })
}

fn moment(text: &str) -> Value {
    json!({ "@type": "xsd:dateTime", "@value": text })
}

fn day(text: &str) -> Value {
    json!({ "@type": "xsd:date", "@value": text })
}

fn spatial(departement: &str) -> Value {
    json!({ "@id": format!("http://id.insee.fr/geo/departement/{departement}"), "@type": "dct:Location" })
}

fn keywords() -> Value {
    let of =
        |language: &str, words: [&str; 3]| words.map(|word| json!({ "@language": language, "@value": word }));
    json!(
        [of("fr", ["internet", "débit", "commune"]), of("en", ["internet", "throughput", "municipality"])]
            .concat()
    )
}

fn distribution(file: &DataFile) -> Value {
    let Written { path, bytes, sha256 } = &file.written;
    json!({
        "@id": format!("{path}#distribution"),
        "@type": "dcat:Distribution",
        "dct:title": { "@language": "fr", "@value": path },
        "dcat:accessURL": { "@id": path },
        "dcat:downloadURL": { "@id": path },
        "dcat:mediaType": { "@id": format!("https://www.iana.org/assignments/media-types/{}", file.media_type()) },
        "dcat:byteSize": { "@type": "xsd:nonNegativeInteger", "@value": bytes.to_string() },
        "dct:license": { "@id": LICENCE_IRI },
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": { "@id": "spdx:checksumAlgorithm_sha256" },
            "spdx:checksumValue": { "@type": "xsd:hexBinary", "@value": sha256 },
        },
    })
}
