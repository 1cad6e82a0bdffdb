//! Lines over mobile networks.

use crate::dashboards::describe::{Board, Choice, Look, Row, Words, panel};

pub(super) fn board() -> Board {
    Board {
        id: Words("mobile", "mobile-networks"),
        title: Words("Desserte – Mobile", "Desserte – Mobile"),
        about: Words(
            "Les lignes qui passent par un réseau mobile : 4G et 5G fixes, et sondes mobiles. Les cellules et la puissance du signal n'ont pas encore de source.",
            "Lines over mobile networks: fixed 4G and 5G, and mobile probes. Cells and signal strength have no source yet.",
        ),
        from: "now-30d",
        choices: &[Choice::Departement, Choice::Epci, Choice::Communes, Choice::Operator, Choice::Pages],
        rows: vec![Row {
            title: Words("Débits par réseau mobile", "Rates over mobile networks"),
            panels: vec![
                panel(
                    Words("Débit descendant médian par opérateur, jour par jour", "Median download by operator, day by day"),
                    Words("Opérateur tel que déclaré. Chaque essai compte une fois ; rien ici ne classe les opérateurs.", "Operator as declared. Each run counts once; nothing here ranks operators."),
                    Look::Lines,
                    "bps",
                    (12, 9),
                )
                .then("SELECT date_trunc('day', event_utc) AS time, coalesce(operator, '?') AS metric, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS value FROM throughput WHERE {C} AND {W} AND direction = 'download' AND (medium = 'mobile' OR technology IN ('4g_fixe', '5g_fixe', 'mobile')) AND coalesce(operator, '') ~ '^(${operator:pipe})$' GROUP BY 1, 2 ORDER BY 1, 2"),
                panel(
                    Words("Selon l'heure locale", "By local hour"),
                    Words("Débit descendant : médiane, et ce que huit essais sur dix atteignent. Les réseaux mobiles sont partagés : le soir dit le plus.", "Download: median, and what eight runs in ten reach. Mobile networks are shared: the evening says most."),
                    Look::Columns,
                    "bps",
                    (12, 9),
                )
                .then("SELECT CASE WHEN hour < 10 THEN '0' ELSE '' END || cast(hour AS VARCHAR) || ' h' AS hour, p50, p20 FROM (SELECT local_hour(event_utc, commune) AS hour, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p50, percentile_cont(0.2) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p20 FROM throughput WHERE {C} AND {W} AND direction = 'download' AND (medium = 'mobile' OR technology IN ('4g_fixe', '5g_fixe', 'mobile')) AND coalesce(operator, '') ~ '^(${operator:pipe})$' GROUP BY 1) AS hours ORDER BY 1"),
                panel(
                    Words("Part des essais qui atteignent 3, 8 et 30 Mbit/s", "Share of runs that reach 3, 8 and 30 Mbit/s"),
                    Words("Débit descendant, par opérateur et technologie. Seuils : fr-mobile-arcep.", "Download, by operator and technology. Thresholds: fr-mobile-arcep."),
                    Look::Table,
                    "percentunit",
                    (12, 9),
                )
                .then("SELECT operator, technology, count(DISTINCT probe) AS probes, count(*) AS runs, avg(CASE WHEN steady_bits_per_second >= 3e6 THEN 1.0 ELSE 0.0 END) AS share_3, avg(CASE WHEN steady_bits_per_second >= 8e6 THEN 1.0 ELSE 0.0 END) AS share_8, avg(CASE WHEN steady_bits_per_second >= 30e6 THEN 1.0 ELSE 0.0 END) AS share_30 FROM throughput WHERE {C} AND {W} AND direction = 'download' AND steady_bits_per_second IS NOT NULL AND (medium = 'mobile' OR technology IN ('4g_fixe', '5g_fixe', 'mobile')) AND coalesce(operator, '') ~ '^(${operator:pipe})$' GROUP BY 1, 2 HAVING count(*) >= 14 ORDER BY 1, 2"),
                panel(
                    Words("Par commune", "By commune"),
                    Words("Débit descendant sur réseau mobile ; communes avec au moins six essais.", "Download over mobile networks; communes with at least six runs."),
                    Look::Table,
                    "bps",
                    (12, 9),
                )
                .then("SELECT commune AS insee, count(DISTINCT probe) AS probes, count(*) AS runs, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p50 FROM throughput WHERE {C} AND {W} AND direction = 'download' AND steady_bits_per_second IS NOT NULL AND (medium = 'mobile' OR technology IN ('4g_fixe', '5g_fixe', 'mobile')) AND coalesce(operator, '') ~ '^(${operator:pipe})$' GROUP BY commune HAVING count(*) >= 6 ORDER BY p50")
                .linked(),
            ],
        }],
    }
}
