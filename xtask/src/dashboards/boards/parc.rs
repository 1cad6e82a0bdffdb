//! The probes.

use crate::dashboards::describe::{Board, Choice, Look, Row, Steps, Words, panel};

/// Colours of how long a probe has been silent.
const SILENCE: Steps = Steps {
    set: "dashboards/prometheus/rules/desserte.yml",
    colours: &[("green", None), ("light-orange", Some(1_800.0)), ("dark-orange", Some(7_200.0))],
};

/// Colours of the share of a month's data budget.
const BUDGET: Steps = Steps {
    set: "dashboards/prometheus/rules/desserte.yml",
    colours: &[("green", None), ("light-orange", Some(0.8)), ("dark-orange", Some(0.95))],
};

pub(super) fn board() -> Board {
    Board {
        id: Words("parc", "fleet"),
        title: Words("Desserte – Parc de sondes", "Desserte – Fleet of probes"),
        about: Words(
            "Chaque sonde : quand elle a mesuré pour la dernière fois, ce qui attend chez elle, son budget, son horloge, sa version.",
            "Each probe: when it last measured, what waits on it, its budget, its clock, its version.",
        ),
        from: "now-7d",
        choices: &[Choice::Departement],
        rows: vec![at_a_glance(), each(), over_time()],
    }
}

fn at_a_glance() -> Row {
    let stat = |title, about| panel(title, about, Look::Stat, "short", (6, 4));
    let panels = vec![
        stat(
            Words("Sondes en service", "Probes in service"),
            Words("Enregistrées et non retirées.", "Registered and not retired."),
        )
        .now("count(desserte_probe_info{{S}})", "sondes / probes"),
        stat(
            Words("Sondes muettes depuis deux heures", "Probes silent for two hours"),
            Words("« Connectée » n'est pas « mesure » : c'est l'âge de la dernière mesure qui compte.", "“Connected” is not “measuring”: the age of the latest measurement counts."),
        )
        .now("count(time() - desserte_probe_last_measurement_timestamp_seconds{{S}} > 7200) or vector(0)", "sondes / probes"),
        stat(
            Words("Budgets presque dépensés", "Budgets nearly spent"),
            Words("Sondes à plus de 80 % de leur budget de données du mois.", "Probes beyond 80% of the month's data budget."),
        )
        .now("count(desserte_probe_data_budget_used_ratio{{S}} > 0.8) or vector(0)", "sondes / probes"),
        stat(
            Words("Relevés hors chaîne", "Records that do not fit the chain"),
            Words("Deux relevés à la même place, ou un relevé qui ne nomme pas le précédent : carte clonée, ou clé copiée.", "Two records in one place, or one that does not name the one before: a cloned card, or a copied key."),
        )
        .now("sum(desserte_probe_chain_faults{{S}})", "relevés / records"),
    ];
    Row { title: Words("En un coup d'œil", "At a glance"), panels }
}

fn each() -> Row {
    let bars = |title, about, unit| panel(title, about, Look::Bars, unit, (12, 9));
    let panels = vec![
        bars(
            Words("Âge de la dernière mesure", "Age of the latest measurement"),
            Words("Par l'heure de la mesure, pas de l'arrivée.", "By the time of measurement, not of arrival."),
            "s",
        )
        .now("time() - desserte_probe_last_measurement_timestamp_seconds{{S}}", "{{probe}}")
        .coloured(SILENCE),
        bars(
            Words("Budget de données du mois", "The month's data budget"),
            Words("Part dépensée. Une sonde sans limite n'a pas de série.", "Share used. A probe without a limit has no series."),
            "percentunit",
        )
        .now("desserte_probe_data_budget_used_ratio{{S}}", "{{probe}}")
        .coloured(BUDGET),
        bars(
            Words("Relevés en attente sur les sondes", "Records waiting on the probes"),
            Words("Ils arriveront quand la ligne le permettra : rien n'est perdu tant que le stock de la sonde n'est pas plein.", "They come when the line allows: nothing is lost while the probe's store is not full."),
            "short",
        )
        .now("desserte_probe_spool_records{{S}}", "{{probe}}"),
        bars(
            Words("Relevés perdus, stock plein", "Records dropped, store full"),
            Words("Depuis l'installation, par la sonde elle-même.", "Since installation, by the probe itself."),
            "short",
        )
        .now("desserte_probe_spool_dropped_records{{S}}", "{{probe}}"),
        bars(
            Words("Places manquantes dans la chaîne", "Missing places in the chain"),
            Words("Pas encore envoyées, refusées, ou perdues.", "Not sent yet, refused, or dropped."),
            "short",
        )
        .now("desserte_probe_chain_missing_records{{S}}", "{{probe}}"),
        bars(
            Words("Versions du logiciel", "Software versions"),
            Words("Nombre de sondes par version.", "Number of probes by version."),
            "short",
        )
        .now("count by (version) (desserte_probe_info{{S}})", "{{version}}"),
    ];
    Row { title: Words("Chaque sonde, aujourd'hui", "Each probe, today"), panels }
}

fn over_time() -> Row {
    let lines = |title, about, unit| panel(title, about, Look::Lines, unit, (12, 9));
    let panels = vec![
        lines(
            Words("Écart d'horloge des sondes", "The probes' clock offsets"),
            Words("Ce que la sonde ajoute à l'horloge de sa machine ; un saut est une horloge réglée ou fausse.", "What the probe adds to its machine's clock; a jump is a clock that was set, or is wrong."),
            "s",
        )
        .now("desserte_probe_clock_offset_seconds{{S}}", "{{probe}}"),
        lines(
            Words("Sondes qui mesurent, heure par heure", "Probes that measure, hour by hour"),
            Words("Sondes avec au moins une minute observée, au moment de la mesure, dans le département choisi.", "Probes with at least one minute watched, at the time of measurement, in the chosen département."),
            "short",
        )
        .then("SELECT date_trunc('hour', event_utc) AS time, count(DISTINCT probe) AS probes FROM latency_minute WHERE $__timeFilter(event_utc) AND commune LIKE '$departement%' GROUP BY 1 ORDER BY 1"),
        lines(
            Words("Données chargées au budget, jour par jour", "Data charged to the budget, day by day"),
            Words("Le plus haut compteur de la journée, toutes sondes additionnées.", "The day's highest counter, all probes added up."),
            "decbytes",
        )
        .then("SELECT time, sum(used) AS bytes FROM (SELECT date_trunc('day', event_utc) AS time, probe, max(budget_used_bytes) AS used FROM probe_health WHERE $__timeFilter(event_utc) AND commune LIKE '$departement%' GROUP BY 1, 2) AS days GROUP BY time ORDER BY time"),
        panel(
            Words("Les sondes du département", "The département's probes"),
            Words("Par identifiant : jours avec des relevés, minutes observées, part d'état inconnu.", "By identifier: days with records, minutes watched, share of unknown state."),
            Look::Table,
            "short",
            (12, 9),
        )
        .then("SELECT probe, max(commune) AS insee, count(DISTINCT date_trunc('day', event_utc)) AS days, count(*) AS minutes, round(avg(CASE WHEN state = 'unknown' THEN 1.0 ELSE 0.0 END), 4) AS unknown_share FROM latency_minute WHERE $__timeFilter(event_utc) AND commune LIKE '$departement%' GROUP BY probe ORDER BY probe"),
    ];
    Row { title: Words("Au fil du temps", "Over time"), panels }
}
