//! From descriptions to Grafana's JSON (schema version 39).

use serde_json::{Value, json};

use super::describe::{Board, Choice, Lang, Look, Panel, Query, Steps, Words};

/// Selectors that every query of Prometheus carries.
const SCRAPED: &str = "job=~\"$job\", instance=~\"$instance\"";

/// The chosen communes in Prometheus.
const COMMUNES: &str = "dept=\"$departement\", insee=~\"$commune\"";

/// Joins the names of communes to series that only have codes.
const NAMED: &str = "* on (job, instance, dept, insee) group_left (name) desserte_commune_info";

/// The chosen communes and stretch of time in SQL.
const CHOSEN: &str =
    "$__timeFilter(event_utc) AND commune LIKE '$departement%' AND commune ~ '^(${commune:pipe})$'";

/// Runs that may enter a rate (docs/spec/http-api.md, "Figures").
const IN_A_RATE: &str = "outcome = 'complete' AND medium <> 'wifi' AND layer = 'application'";

/// Columns of Grafana's grid.
const GRID: u32 = 24;

pub(super) fn dashboard(board: &Board, lang: Lang) -> Value {
    let mut panels = Vec::new();
    let (mut y, mut id) = (0, 1);
    for row in &board.rows {
        panels.push(json!({
            "id": id, "type": "row", "title": row.title.of(lang), "collapsed": false,
            "gridPos": {"h": 1, "w": GRID, "x": 0, "y": y}, "panels": [],
        }));
        (y, id) = (y + 1, id + 1);
        let (mut x, mut tallest) = (0, 0);
        for panel in &row.panels {
            let (width, height) = panel.size;
            if x + width > GRID {
                (x, y, tallest) = (0, y + tallest, 0);
            }
            panels.push(self::panel(panel, id, [x, y], lang));
            (x, tallest, id) = (x + width, tallest.max(height), id + 1);
        }
        y += tallest;
    }
    json!({
        "uid": board.uid(lang),
        "title": board.title.of(lang),
        "description": board.about.of(lang),
        "tags": ["desserte", Words("français", "English").of(lang)],
        "editable": false,
        "graphTooltip": 1,
        "schemaVersion": 39,
        "version": 1,
        "timezone": "browser",
        "refresh": "5m",
        "time": {"from": board.from, "to": "now"},
        "templating": {"list": variables(board, lang)},
        "annotations": {"list": []},
        "links": [{
            "type": "dashboards", "tags": ["desserte", Words("français", "English").of(lang)], "asDropdown": true,
            "title": Words("Autres tableaux", "Other dashboards").of(lang), "includeVars": true, "keepTime": true,
            "icon": "external link", "targetBlank": false, "tooltip": "", "url": "",
        }],
        "panels": panels,
    })
}

fn panel(panel: &Panel, id: u32, [x, y]: [u32; 2], lang: Lang) -> Value {
    let grid = json!({"h": panel.size.1, "w": panel.size.0, "x": x, "y": y});
    let title = panel.title.of(lang);
    if let Look::Text(words) = panel.look {
        return json!({
            "id": id, "type": "text", "title": title, "description": panel.about.of(lang), "gridPos": grid,
            "options": {"mode": "html", "content": words.of(lang)},
        });
    }
    let source = source(panel);
    let targets: Vec<Value> = panel
        .queries
        .iter()
        .zip('A'..)
        .map(|(query, reference)| target(*query, reference, panel.look))
        .collect();
    json!({
        "id": id,
        "type": kind(panel.look),
        "title": title,
        "description": description(panel, lang),
        "datasource": source,
        "gridPos": grid,
        "fieldConfig": {"defaults": defaults(panel, lang), "overrides": overrides(panel, lang)},
        "options": options(panel.look),
        "targets": targets,
    })
}

fn description(panel: &Panel, lang: Lang) -> String {
    let about = panel.about.of(lang);
    match panel.steps {
        Some(Steps { set, .. }) => {
            format!("{about} {} {set}.", Words("Seuils :", "Thresholds:").of(lang))
        }
        None => about.to_owned(),
    }
}

const fn kind(look: Look) -> &'static str {
    match look {
        Look::Stat => "stat",
        Look::Bars => "bargauge",
        Look::Lines => "timeseries",
        Look::Columns => "barchart",
        Look::Table => "table",
        Look::Text(_) => "text",
    }
}

fn source(panel: &Panel) -> Value {
    let then = panel.queries.iter().any(|query| matches!(query, Query::Then(_)));
    if then {
        json!({"type": "grafana-postgresql-datasource", "uid": "${history}"})
    } else {
        json!({"type": "prometheus", "uid": "${datasource}"})
    }
}

fn target(query: Query, reference: char, look: Look) -> Value {
    let over_time = look == Look::Lines;
    match query {
        Query::Now(text, legend) => json!({
            "refId": reference.to_string(),
            "datasource": {"type": "prometheus", "uid": "${datasource}"},
            "expr": text.replace("{S}", SCRAPED).replace("{C}", COMMUNES).replace("{N}", NAMED),
            "legendFormat": legend, "editorMode": "code", "instant": !over_time, "range": over_time,
            "format": if look == Look::Table { "table" } else { "time_series" },
        }),
        Query::Then(text) => json!({
            "refId": reference.to_string(),
            "datasource": {"type": "grafana-postgresql-datasource", "uid": "${history}"},
            "rawSql": text.replace("{C}", CHOSEN).replace("{W}", IN_A_RATE),
            "rawQuery": true, "editorMode": "code",
            "format": if over_time { "time_series" } else { "table" },
        }),
    }
}

fn defaults(panel: &Panel, lang: Lang) -> Value {
    let empty = Words("données insuffisantes ou non mesuré", "not enough data, or not measured");
    let mut made = json!({"unit": panel.unit, "noValue": empty.of(lang), "min": 0});
    match (panel.steps, panel.look) {
        (Some(steps), _) => {
            let colours: Vec<Value> =
                steps.colours.iter().map(|(colour, from)| json!({"color": colour, "value": from})).collect();
            made["thresholds"] = json!({"mode": "absolute", "steps": colours});
            made["color"] = json!({"mode": "thresholds"});
        }
        (None, Look::Lines | Look::Columns) => made["color"] = json!({"mode": "palette-classic"}),
        (None, _) => made["color"] = json!({"mode": "fixed", "fixedColor": "blue"}),
    }
    if panel.look == Look::Lines {
        // A gap is time of which nothing is known: no line crosses it.
        made["custom"] = json!({"spanNulls": false, "showPoints": "auto", "lineWidth": 1, "fillOpacity": 0});
    }
    if panel.to_commune {
        let url = if panel.look == Look::Table {
            "${pages}/commune/${__data.fields.insee}"
        } else {
            "${pages}/commune/${__field.labels.insee}"
        };
        made["links"] = json!([{
            "title": Words("Fiche de la commune", "The commune's page").of(lang), "url": url, "targetBlank": true,
        }]);
    }
    made
}

/// Columns of tables that hold no figure in the panel's unit.
fn overrides(panel: &Panel, lang: Lang) -> Value {
    if panel.look != Look::Table {
        return json!([]);
    }
    let plain = [
        ("runs", Words("essais", "runs")),
        ("probes", Words("sondes", "probes")),
        ("days", Words("jours", "days")),
    ];
    let mut made: Vec<Value> = plain
        .into_iter()
        .map(|(name, words)| {
            json!({
                "matcher": {"id": "byName", "options": name},
                "properties": [{"id": "unit", "value": "short"}, {"id": "displayName", "value": words.of(lang)}],
            })
        })
        .collect();
    made.push(json!({
        "matcher": {"id": "byName", "options": "Time"},
        "properties": [{"id": "custom.hidden", "value": true}],
    }));
    Value::Array(made)
}

fn options(look: Look) -> Value {
    let latest = json!({"calcs": ["lastNotNull"], "fields": "", "values": false});
    match look {
        Look::Stat => {
            json!({"reduceOptions": latest, "colorMode": "value", "graphMode": "none", "textMode": "auto"})
        }
        Look::Bars => json!({
            "orientation": "horizontal", "displayMode": "basic", "reduceOptions": latest, "showUnfilled": false,
        }),
        Look::Lines => json!({
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }),
        Look::Columns => json!({
            "orientation": "auto", "showValue": "never", "stacking": "none",
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
            "tooltip": {"mode": "multi", "sort": "none"},
        }),
        Look::Table | Look::Text(_) => json!({"showHeader": true, "cellHeight": "sm"}),
    }
}

fn variables(board: &Board, lang: Lang) -> Vec<Value> {
    let source = |name: &str, label: Words, kind: &str| {
        json!({
            "name": name, "label": label.of(lang), "type": "datasource", "query": kind, "refresh": 1, "hide": 0,
            "multi": false, "includeAll": false, "options": [],
        })
    };
    let mut list = vec![
        source("datasource", Words("Présent", "Present"), "prometheus"),
        asked(
            "job",
            "job",
            "label_values({__name__=~\"desserte_build_info|desserte_commune_info\"}, job)",
            Many::All,
            true,
        ),
        asked(
            "instance",
            Words("Collecteur", "Collector").of(lang),
            "label_values({__name__=~\"desserte_build_info|desserte_commune_info\", job=~\"$job\"}, instance)",
            Many::All,
            false,
        ),
    ];
    if uses_history(board) {
        list.insert(1, source("history", Words("Histoire", "History"), "grafana-postgresql-datasource"));
    }
    list.extend(board.choices.iter().map(|choice| choose(*choice, lang)));
    list
}

fn uses_history(board: &Board) -> bool {
    let own = |choice: &Choice| matches!(choice, Choice::Operator | Choice::Technology);
    let asks = |panel: &Panel| panel.queries.iter().any(|query| matches!(query, Query::Then(_)));
    board.choices.iter().any(own) || board.rows.iter().flat_map(|row| &row.panels).any(asks)
}

/// How many values of a variable may be chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Many {
    One,
    All,
}

fn choose(choice: Choice, lang: Lang) -> Value {
    let scraped =
        |more: &str, label: &str| format!("label_values(desserte_commune_info{{{SCRAPED}{more}}}, {label})");
    let in_departement = ", dept=\"$departement\"";
    match choice {
        Choice::Departement => asked("departement", "Département", &scraped("", "dept"), Many::One, false),
        Choice::Epci => asked("epci", "EPCI", &scraped(in_departement, "epci"), Many::All, false),
        Choice::Communes => {
            let own = scraped(", dept=\"$departement\", epci=~\"$epci\"", "insee");
            asked("commune", "Commune", &own, Many::All, false)
        }
        Choice::Commune => asked("commune", "Commune", &scraped(in_departement, "insee"), Many::One, false),
        Choice::Operator => remembered("operator", Words("Opérateur", "Operator").of(lang), "operator"),
        Choice::Technology => {
            remembered("technology", Words("Technologie", "Technology").of(lang), "technology")
        }
        Choice::Pages => json!({
            "name": "pages", "label": Words("Adresse des pages", "Address of the pages").of(lang), "type": "textbox",
            "query": "", "hide": 0, "options": [], "current": {"text": "", "value": ""},
        }),
    }
}

/// A variable whose values Prometheus knows.
fn asked(name: &str, label: &str, query: &str, many: Many, hidden: bool) -> Value {
    let mut made = json!({
        "name": name, "label": label, "type": "query",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "query": {"query": query, "refId": name},
        "refresh": 2, "sort": 1, "multi": many == Many::All, "includeAll": many == Many::All,
        "hide": if hidden { 2 } else { 0 }, "options": [],
    });
    if many == Many::All {
        made["allValue"] = json!(".*");
        made["current"] = json!({"selected": true, "text": ["All"], "value": ["$__all"]});
    }
    made
}

/// A variable whose values the history knows.
fn remembered(name: &str, label: &str, column: &str) -> Value {
    let query = format!(
        "SELECT DISTINCT {column} FROM throughput WHERE $__timeFilter(event_utc) AND {column} IS NOT NULL ORDER BY 1"
    );
    json!({
        "name": name, "label": label, "type": "query",
        "datasource": {"type": "grafana-postgresql-datasource", "uid": "${history}"},
        "query": query,
        "refresh": 2, "sort": 1, "multi": true, "includeAll": true, "hide": 0, "options": [],
        "allValue": ".*", "current": {"selected": true, "text": ["All"], "value": ["$__all"]},
    })
}
