//! What measuring itself takes.

use crate::dashboards::describe::{Board, Choice, Look, Row, Words, panel};

pub(super) fn board() -> Board {
    Board {
        id: Words("empreinte", "footprint"),
        title: Words("Desserte – Empreinte", "Desserte – Footprint"),
        about: Words(
            "Ce que la mesure elle-même consomme : données échangées par les sondes, essais, place sur le disque. L'énergie n'est pas mesurée et n'est donc pas affichée.",
            "What measuring itself takes: data exchanged by the probes, runs, room on the disk. Energy is not measured, so none is shown.",
        ),
        from: "now-30d",
        choices: &[Choice::Departement],
        rows: vec![data(), disk()],
    }
}

fn data() -> Row {
    let panels = vec![
        panel(
            Words("Données du mois par sonde, au plus", "The month's data by probe, at most"),
            Words("La sonde qui a le plus chargé à son budget dans la période, essais et envois compris.", "The probe that charged most to its budget in the period, runs and uploads included."),
            Look::Stat,
            "decbytes",
            (8, 5),
        )
        .then("SELECT max(budget_used_bytes) AS bytes FROM probe_health WHERE $__timeFilter(event_utc) AND commune LIKE '$departement%'"),
        panel(
            Words("Essais de débit", "Rate runs"),
            Words("Dans les deux sens, tous comptés, aussi les manqués.", "In both directions, all counted, failed ones too."),
            Look::Stat,
            "short",
            (8, 5),
        )
        .then("SELECT count(*) AS runs FROM throughput WHERE $__timeFilter(event_utc) AND commune LIKE '$departement%'"),
        panel(
            Words("Part moyenne des budgets dépensée", "Mean share of budgets used"),
            Words("Moyenne sur les sondes qui ont une limite.", "Mean over the probes that have a limit."),
            Look::Stat,
            "percentunit",
            (8, 5),
        )
        .now("avg(desserte_probe_data_budget_used_ratio{{S}})", "budget"),
        panel(
            Words("Données chargées, par mois", "Data charged, by month"),
            Words("Le plus haut compteur de chaque sonde dans son mois de budget, additionné.", "Each probe's highest counter in its budget month, added up."),
            Look::Columns,
            "decbytes",
            (12, 9),
        )
        .then("SELECT budget_month AS month, sum(used) AS bytes FROM (SELECT coalesce(budget_month, '?') AS budget_month, probe, max(budget_used_bytes) AS used FROM probe_health WHERE $__timeFilter(event_utc) AND commune LIKE '$departement%' GROUP BY 1, 2) AS months GROUP BY budget_month ORDER BY 1"),
        panel(
            Words("Essais par jour et par issue", "Runs by day and how they ended"),
            Words("« refused_by_budget » : le budget de données a dit non, c'est voulu.", "“refused_by_budget”: the data budget said no, as it should."),
            Look::Lines,
            "short",
            (12, 9),
        )
        .then("SELECT date_trunc('day', event_utc) AS time, outcome AS metric, count(*) AS value FROM throughput WHERE $__timeFilter(event_utc) AND commune LIKE '$departement%' GROUP BY 1, 2 ORDER BY 1, 2"),
    ];
    Row { title: Words("Sur les lignes", "On the lines"), panels }
}

fn disk() -> Row {
    let panels = vec![
        panel(
            Words("Taille du stock sur le disque", "Size of the store on the disk"),
            Words("Base et journal du collecteur.", "The collector's database and its log."),
            Look::Lines,
            "bytes",
            (12, 8),
        )
        .now("desserte_store_size_bytes{{S}}", "{{instance}}"),
        panel(
            Words("Octets par relevé gardé", "Octets for each record kept"),
            Words("Taille du stock sur le nombre de relevés.", "Size of the store over the number of records."),
            Look::Lines,
            "bytes",
            (12, 8),
        )
        .now("desserte_store_size_bytes{{S}} / desserte_store_records{{S}}", "{{instance}}"),
        panel(
            Words("Relevés par jour et par sorte", "Records by day and kind"),
            Words("Au moment de la mesure.", "At the time of measurement."),
            Look::Lines,
            "short",
            (24, 8),
        )
        .then("SELECT date_trunc('day', event_utc) AS time, kind AS metric, count(*) AS value FROM custody WHERE $__timeFilter(event_utc) AND commune LIKE '$departement%' GROUP BY 1, 2 ORDER BY 1, 2"),
    ];
    Row { title: Words("Sur le collecteur", "On the collector"), panels }
}
