//! One commune.

use super::RATES;
use crate::dashboards::describe::{Board, Choice, Look, Row, Words, panel};

pub(super) fn board() -> Board {
    Board {
        id: Words("commune", "municipality"),
        title: Words("Desserte – Commune", "Desserte – Commune"),
        about: Words(
            "Une commune : ses chiffres présents et leur histoire. Sa fiche en langage simple est dans les pages du collecteur.",
            "One commune: its present figures and their history. Its page in plain language is in the collector's pages.",
        ),
        from: "now-30d",
        choices: &[Choice::Departement, Choice::Commune, Choice::Pages],
        rows: vec![now(), over_time(), happenings()],
    }
}

fn now() -> Row {
    let stat = |title, about, unit| panel(title, about, Look::Stat, unit, (6, 4));
    let panels = vec![
        stat(
            Words("Débit descendant médian", "Median download"),
            Words("La moitié des essais l'ont atteint.", "Half of the runs reached it."),
            "bps",
        )
        .now("8 * desserte_commune_download_bytes_per_second{{S}, {C}, statistic=\"median\"}", "{{insee}}")
        .coloured(RATES)
        .linked(),
        stat(
            Words("Débit montant médian", "Median upload"),
            Words("La moitié des essais l'ont atteint.", "Half of the runs reached it."),
            "bps",
        )
        .now("8 * desserte_commune_upload_bytes_per_second{{S}, {C}, statistic=\"median\"}", "{{insee}}"),
        stat(
            Words("Temps d'aller-retour médian", "Median round trip"),
            Words("Ligne au repos, vers les cibles des sondes.", "Line at rest, to the probes' targets."),
            "s",
        )
        .now("desserte_commune_rtt_seconds{{S}, {C}, statistic=\"median\"}", "{{insee}}"),
        stat(
            Words("Coupures, moyenne par sonde", "Outage, mean over the probes"),
            Words(
                "Une borne basse : le temps d'état inconnu n'y est pas.",
                "A lower bound: time of unknown state is not in it.",
            ),
            "s",
        )
        .now("desserte_commune_outage_seconds{{S}, {C}}", "{{insee}}"),
        stat(
            Words("Disponibilité pendant le temps connu", "Availability in the known time"),
            Words(
                "Part du temps d'état connu sans coupure.",
                "Share of the time of known state without outage.",
            ),
            "percentunit",
        )
        .now("desserte_commune_availability_ratio{{S}, {C}}", "{{insee}}"),
        stat(
            Words("Temps d'état connu", "Time of known state"),
            Words(
                "Part de la période pendant laquelle une sonde observait.",
                "Share of the period in which a probe watched.",
            ),
            "percentunit",
        )
        .now("desserte_commune_known_ratio{{S}, {C}}", "{{insee}}"),
        stat(
            Words("Essais retenus", "Runs that count"),
            Words(
                "Complets, assez longs pour un débit stable, hors Wi-Fi.",
                "Complete, long enough for a steady rate, not over Wi-Fi.",
            ),
            "short",
        )
        .now("sum(desserte_commune_runs{{S}, {C}})", "essais / runs"),
        stat(
            Words("Sondes", "Probes"),
            Words("Sondes avec des relevés dans la période.", "Probes with records in the period."),
            "short",
        )
        .now("desserte_commune_probes{{S}, {C}}", "{{insee}}"),
    ];
    Row { title: Words("Aujourd'hui", "Today"), panels }
}

fn over_time() -> Row {
    let panels = vec![
        panel(
            Words("Débit médian, jour par jour", "Median rate, day by day"),
            Words("Au moment de la mesure ; rien : aucun essai ce jour-là.", "At the time of measurement; nothing: no run that day."),
            Look::Lines,
            "bps",
            (12, 9),
        )
        .then("SELECT date_trunc('day', event_utc) AS time, direction AS metric, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS value FROM throughput WHERE {C} AND {W} GROUP BY 1, 2 ORDER BY 1, 2"),
        panel(
            Words("Débit descendant selon l'heure locale", "Download by local hour"),
            Words("Médiane, et ce que huit essais sur dix atteignent.", "Median, and what eight runs in ten reach."),
            Look::Columns,
            "bps",
            (12, 9),
        )
        .then("SELECT CASE WHEN hour < 10 THEN '0' ELSE '' END || cast(hour AS VARCHAR) || ' h' AS hour, p50, p20 FROM (SELECT local_hour(event_utc, commune) AS hour, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p50, percentile_cont(0.2) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p20 FROM throughput WHERE {C} AND {W} AND direction = 'download' GROUP BY 1) AS hours ORDER BY 1"),
        panel(
            Words("Temps d'aller-retour, heure par heure", "Round trip, hour by hour"),
            Words("Médiane des médianes de chaque minute, ligne au repos.", "Median of each minute's median, line at rest."),
            Look::Lines,
            "µs",
            (12, 9),
        )
        .then("SELECT date_trunc('hour', event_utc) AS time, percentile_cont(0.5) WITHIN GROUP (ORDER BY cast(rtt_median_us AS DOUBLE)) AS value FROM latency_minute WHERE {C} AND rtt_median_us IS NOT NULL GROUP BY 1 ORDER BY 1"),
        panel(
            Words("État de la ligne, heures par jour", "State of the line, hours a day"),
            Words("Toutes sondes ensemble. « unknown » : observé, sans que l'état soit connu. Le temps sans barre n'a pas été observé.", "All probes together. “unknown”: watched, without the state being known. Time without a bar was not watched."),
            Look::Lines,
            "h",
            (12, 9),
        )
        .then("SELECT date_trunc('day', event_utc) AS time, state AS metric, sum(window_us) / 3.6e9 AS value FROM latency_minute WHERE {C} GROUP BY 1, 2 ORDER BY 1, 2"),
    ];
    Row { title: Words("Au fil du temps", "Over time"), panels }
}

fn happenings() -> Row {
    let panels = vec![
        panel(
            Words("Comment les essais se sont terminés", "How runs ended"),
            Words("Beaucoup d'essais manqués en disent plus que la médiane des autres.", "Many failed runs say more than the median of the others."),
            Look::Table,
            "short",
            (12, 8),
        )
        .then("SELECT direction, outcome, medium, count(*) AS runs FROM throughput WHERE {C} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"),
        panel(
            Words("Par opérateur et technologie", "By operator and technology"),
            Words("Débit descendant, tel que déclaré à l'installation.", "Download, as declared at installation."),
            Look::Table,
            "bps",
            (12, 8),
        )
        .then("SELECT operator, technology, count(DISTINCT probe) AS probes, count(*) AS runs, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p50 FROM throughput WHERE {C} AND {W} AND direction = 'download' AND steady_bits_per_second IS NOT NULL GROUP BY operator, technology HAVING count(*) >= 6 ORDER BY 1, 2"),
    ];
    Row { title: Words("Ce qui s'est passé", "What happened"), panels }
}
