//! The collector itself.

use crate::dashboards::describe::{Board, Look, Row, Words, panel};

pub(super) fn board() -> Board {
    Board {
        id: Words("collecteur", "collector"),
        title: Words("Desserte – Collecteur", "Desserte – Collector"),
        about: Words(
            "Le collecteur : ce qu'il reçoit et refuse, ses réponses, son disque, ses sceaux.",
            "The collector: what it takes and refuses, its answers, its disk, its seals.",
        ),
        from: "now-6h",
        choices: &[],
        rows: vec![taken(), answered(), kept()],
    }
}

fn taken() -> Row {
    let lines = |title, about| panel(title, about, Look::Lines, "short", (12, 8));
    let panels = vec![
        lines(
            Words("Relevés reçus par seconde", "Records received a second"),
            Words("Gardés pour la première fois, et déjà connus.", "Kept for the first time, and known already."),
        )
        .now("sum(rate(desserte_ingest_accepted_total{{S}}[$__rate_interval]))", "nouveaux / new")
        .now("sum(rate(desserte_ingest_duplicate_total{{S}}[$__rate_interval]))", "déjà connus / known"),
        lines(
            Words("Relevés refusés par seconde, par motif", "Records refused a second, by reason"),
            Words("Les motifs sont ceux de docs/spec/wire-v1.md.", "Reasons are those of docs/spec/wire-v1.md."),
        )
        .now("sum by (reason) (rate(desserte_ingest_rejected_total{{S}}[$__rate_interval]))", "{{reason}}"),
        lines(
            Words("Lots refusés en entier, par problème", "Batches refused as a whole, by problem"),
            Words("Rien tant qu'aucun lot n'est refusé.", "Nothing as long as no batch is refused."),
        )
        .now("sum by (problem) (rate(desserte_ingest_batches_rejected_total{{S}}[$__rate_interval])) or vector(0)", "{{problem}}"),
        panel(
            Words("Âge du territoire", "Age of the territory"),
            Words("Depuis le 1er janvier du millésime de la liste officielle des communes : au-delà de seize mois, une liste plus récente existe.", "Since 1 January of the vintage of the official list of communes: beyond sixteen months a later list exists."),
            Look::Stat,
            "s",
            (12, 8),
        )
        .now("max(time() - desserte_territory_vintage_timestamp_seconds{{S}})", "âge / age"),
    ];
    Row { title: Words("Ce qui arrive", "What comes in"), panels }
}

fn answered() -> Row {
    let panels = vec![
        panel(
            Words("Requêtes par seconde, par réponse", "Requests a second, by answer"),
            Words("Une hausse des 5xx est une panne ; des 429 et 503 demandent aux clients de revenir.", "A rise of 5xx is a failure; 429 and 503 ask clients to come back."),
            Look::Lines,
            "reqps",
            (12, 8),
        )
        .now("sum by (status) (rate(desserte_http_requests_total{{S}}[$__rate_interval]))", "{{status}}"),
        panel(
            Words("Temps de réponse, 95 requêtes sur 100", "Answer time, 95 requests in 100"),
            Words("Par route ; les bornes de l'histogramme vont de 5 ms à 30 s.", "By route; the histogram's bounds go from 5 ms to 30 s."),
            Look::Lines,
            "s",
            (12, 8),
        )
        .now("histogram_quantile(0.95, sum by (le, route) (rate(desserte_http_request_duration_seconds_bucket{{S}}[$__rate_interval])))", "{{route}}"),
    ];
    Row { title: Words("Ce qui est répondu", "What is answered"), panels }
}

fn kept() -> Row {
    let panels = vec![
        panel(
            Words("Place libre sur le disque", "Free room on the disk"),
            Words("Du système de fichiers qui porte le stock. À zéro, rien n'est plus accepté ; les sondes gardent leurs relevés.", "Of the file system that holds the store. At zero nothing is accepted any more; probes keep their records."),
            Look::Lines,
            "bytes",
            (12, 8),
        )
        .now("desserte_store_free_bytes{{S}}", "{{instance}}"),
        panel(
            Words("Taille du stock sur le disque", "Size of the store on the disk"),
            Words("Base et journal.", "Database and log."),
            Look::Lines,
            "bytes",
            (12, 8),
        )
        .now("desserte_store_size_bytes{{S}}", "{{instance}}"),
        panel(
            Words("Relevés gardés, dont sans date", "Records kept, of which undated"),
            Words("Un relevé sans date attend que l'horloge de sa sonde soit connue ; il n'entre dans aucun chiffre.", "An undated record waits until its probe's clock is known; it enters no figure."),
            Look::Lines,
            "short",
            (12, 8),
        )
        .now("sum(desserte_store_records{{S}})", "gardés / kept")
        .now("sum(desserte_store_undated_records{{S}})", "sans date / undated"),
        panel(
            Words("Sceau quotidien : âge du dernier passage réussi", "Daily seal: age of the latest successful pass"),
            Words("Le collecteur regarde toutes les dix minutes si un jour est à sceller ; au-delà de trois heures, le sceau échoue.", "The collector looks every ten minutes whether a day is to be sealed; beyond three hours sealing fails."),
            Look::Stat,
            "s",
            (12, 8),
        )
        .now("max(time() - desserte_custody_last_pass_timestamp_seconds{{S}})", "âge / age"),
    ];
    Row { title: Words("Ce qui est gardé", "What is kept"), panels }
}
