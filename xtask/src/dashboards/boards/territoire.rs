//! A département: its communes now, and over time.

use super::RATES;
use crate::dashboards::describe::{Board, Choice, Look, Row, Words, panel};

pub(super) fn board() -> Board {
    Board {
        id: Words("territoire", "territory"),
        title: Words("Desserte – Territoire", "Desserte – Territory"),
        about: Words(
            "Les communes d'un département : ce que leurs lignes mesurées reçoivent, quand c'est le pire, et leurs coupures.",
            "The communes of a département: what their measured lines get, when it is worst, and their outages.",
        ),
        from: "now-30d",
        choices: &[
            Choice::Departement,
            Choice::Epci,
            Choice::Communes,
            Choice::Operator,
            Choice::Technology,
            Choice::Pages,
        ],
        rows: vec![at_a_glance(), now(), declared(), over_time(), by_line()],
    }
}

fn at_a_glance() -> Row {
    let panels = vec![
        panel(
            Words("Communes avec un débit médian", "Communes with a median rate"),
            Words(
                "Communes où il y a assez d'essais complets pour dire un débit. Les autres n'ont pas de série : leur débit n'est pas connu, il n'est pas nul.",
                "Communes with enough complete runs to tell a rate. The others have no series: their rate is not known, it is not zero.",
            ),
            Look::Stat,
            "short",
            (6, 4),
        )
        .now("count(desserte_commune_download_bytes_per_second{{S}, {C}, statistic=\"median\"})", "communes"),
        panel(
            Words("Communes mesurées, débit ou non", "Communes measured, with a rate or not"),
            Words(
                "Communes qui ont des relevés sur la période, assez pour un débit ou non.",
                "Communes with records in the period, enough for a rate or not.",
            ),
            Look::Stat,
            "short",
            (6, 4),
        )
        .now("count(desserte_commune_info{{S}, {C}})", "communes"),
        panel(
            Words("Sondes dans le département", "Probes in the département"),
            Words(
                "Sondes en service dont le dernier relevé vient d'une commune du département.",
                "Probes in service whose latest record is from a commune of the département.",
            ),
            Look::Stat,
            "short",
            (6, 4),
        )
        .now("count(desserte_probe_info{{S}, dept=\"$departement\"})", "sondes / probes"),
        panel(
            Words("Période des chiffres présents", "Period of the present figures"),
            Words(
                "Durée sur laquelle le collecteur calcule ses chiffres présents ; l'histoire, plus bas, suit la période choisie en haut.",
                "Length of time that the collector's present figures are about; the history below follows the period chosen above.",
            ),
            Look::Stat,
            "s",
            (6, 4),
        )
        .now("max(desserte_territoire_period_seconds{{S}, dept=\"$departement\"})", "période / period"),
        panel(
            Words("La carte", "The map"),
            Words(
                "La carte du collecteur lui-même, sans fond de carte d'un tiers. Donnez en haut l'adresse de ses pages (par exemple celle du serveur de la collectivité).",
                "The collector's own map, without anybody else's base map. Give the address of its pages above.",
            ),
            Look::Text(Words(
                "<a href=\"${pages}/departement/${departement}\"><img src=\"${pages}/departement/${departement}/carte.svg\" alt=\"Carte des débits médians du département ${departement} ; indiquez l'adresse des pages en haut si elle ne s'affiche pas\" style=\"max-width:100%;max-height:100%\"></a>",
                "<a href=\"${pages}/departement/${departement}?lang=en\"><img src=\"${pages}/departement/${departement}/carte.svg?lang=en\" alt=\"Map of median rates in département ${departement}; give the address of the pages above if it does not show\" style=\"max-width:100%;max-height:100%\"></a>",
            )),
            "",
            (24, 14),
        ),
    ];
    Row { title: Words("En un coup d'œil", "At a glance"), panels }
}

fn now() -> Row {
    let panels = vec![
        panel(
            Words("Débit descendant médian par commune", "Median download by commune"),
            Words(
                "La moitié des essais ont atteint cette valeur. Données utiles, comptées à la réception, après la montée en régime. La métrique est en octets par seconde ; le tableau la multiplie par 8.",
                "Half of the runs reached this. Payload, counted at the receiver, after the start-up. The metric is in bytes per second; the dashboard multiplies it by 8.",
            ),
            Look::Bars,
            "bps",
            (12, 10),
        )
        .now("8 * desserte_commune_download_bytes_per_second{{S}, {C}, statistic=\"median\"} {N}", "{{name}}")
        .coloured(RATES)
        .linked(),
        panel(
            Words("Débit descendant atteint par huit essais sur dix", "Download reached by eight runs in ten"),
            Words(
                "Deux essais sur dix restent en dessous. Absent en dessous de quatorze essais.",
                "Two runs in ten stay below. Absent with fewer than fourteen runs.",
            ),
            Look::Bars,
            "bps",
            (12, 10),
        )
        .now("8 * desserte_commune_download_bytes_per_second{{S}, {C}, statistic=\"p20\"} {N}", "{{name}}")
        .coloured(RATES)
        .linked(),
        panel(
            Words("Débit montant médian par commune", "Median upload by commune"),
            Words(
                "Comme le débit descendant, dans l'autre sens.",
                "As download, the other way.",
            ),
            Look::Bars,
            "bps",
            (12, 10),
        )
        .now("8 * desserte_commune_upload_bytes_per_second{{S}, {C}, statistic=\"median\"} {N}", "{{name}}")
        .linked(),
        panel(
            Words("Coupures par commune", "Outage by commune"),
            Words(
                "Temps sans réponse d'aucune cible, moyenne par sonde, sur la période ; une borne basse, puisque le temps d'état inconnu n'y est pas. La cause n'est pas connue.",
                "Time without an answer from any target, mean over the probes, in the period; a lower bound, since time of unknown state is not in it. The cause is not known.",
            ),
            Look::Bars,
            "s",
            (12, 10),
        )
        .now("desserte_commune_outage_seconds{{S}, {C}} {N}", "{{name}}")
        .linked(),
        panel(
            Words("Part du temps où l'état de la ligne est connu", "Share of time of known state"),
            Words(
                "Le reste n'est compté ni comme marche ni comme coupure. Une part faible rend les coupures peu sûres.",
                "The rest counts neither as up nor as down. A small share makes outages unsure.",
            ),
            Look::Bars,
            "percentunit",
            (12, 10),
        )
        .now("desserte_commune_known_ratio{{S}, {C}} {N}", "{{name}}"),
        panel(
            Words("Temps d'aller-retour médian, ligne au repos", "Median round trip, line at rest"),
            Words(
                "Vers les cibles des sondes, hors de nos propres essais de débit.",
                "To the probes' targets, outside our own rate runs.",
            ),
            Look::Bars,
            "s",
            (12, 10),
        )
        .now("desserte_commune_rtt_seconds{{S}, {C}, statistic=\"median\"} {N}", "{{name}}"),
    ];
    Row { title: Words("Les communes, aujourd'hui", "The communes, today"), panels }
}

fn declared() -> Row {
    let panels = vec![
        panel(
            Words("Déclaré : part des locaux éligibles à 30 Mbit/s", "Declared: share of premises that can get 30 Mbit/s"),
            Words(
                "Ce que les opérateurs déclarent à l'Arcep (Ma connexion internet), tel que le fichier de territoire le porte ; par commune mesurée. Sans série : le fichier n'a pas ce chiffre (desserte-geodata import --figures).",
                "What operators declare to the regulator (Ma connexion internet), as the territory file has it; by measured commune. Without a series: the file does not have it (desserte-geodata import --figures).",
            ),
            Look::Bars,
            "percentunit",
            (12, 10),
        )
        .now("desserte_commune_declared_ratio{{S}, {C}, rate=\"30\"} {N}", "{{insee}} {{name}}")
        .linked(),
        panel(
            Words("Mesuré : part des essais qui atteignent 30 Mbit/s", "Measured: share of runs that reach 30 Mbit/s"),
            Words(
                "Débit descendant, communes avec au moins quatorze essais. Des locaux et des essais ne se comptent pas pareil, et un abonnement peut limiter un essai : un écart ne contredit rien par lui-même. « desserte contradiction » en juge.",
                "Download, communes with at least fourteen runs. Premises and runs are not counted alike, and a subscription may limit a run: a difference contradicts nothing by itself. \"desserte contradiction\" judges it.",
            ),
            Look::Table,
            "percentunit",
            (12, 10),
        )
        .then("SELECT commune AS insee, count(DISTINCT probe) AS probes, count(*) AS runs, avg(CASE WHEN steady_bits_per_second >= 30e6 THEN 1.0 ELSE 0.0 END) AS share_30 FROM throughput WHERE {C} AND {W} AND direction = 'download' AND steady_bits_per_second IS NOT NULL AND coalesce(operator, '') ~ '^(${operator:pipe})$' AND coalesce(technology, '') ~ '^(${technology:pipe})$' GROUP BY commune HAVING count(*) >= 14 ORDER BY commune")
        .linked(),
    ];
    Row { title: Words("Déclaré et mesuré", "Declared and measured"), panels }
}

fn over_time() -> Row {
    let panels = vec![
        panel(
            Words("Débit médian, jour par jour", "Median rate, day by day"),
            Words(
                "Au moment de la mesure, y compris ce qui est arrivé en retard. Toutes les communes choisies ensemble, chaque essai comptant une fois. Rien : aucun essai ce jour-là.",
                "At the time of measurement, with what came late. All chosen communes together, each run counting once. Nothing: no run that day.",
            ),
            Look::Lines,
            "bps",
            (12, 9),
        )
        .then("SELECT date_trunc('day', event_utc) AS time, direction AS metric, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS value FROM throughput WHERE {C} AND {W} AND coalesce(operator, '') ~ '^(${operator:pipe})$' AND coalesce(technology, '') ~ '^(${technology:pipe})$' GROUP BY 1, 2 ORDER BY 1, 2"),
        panel(
            Words("Les pires heures : débit descendant médian selon l'heure", "The worst hours: median download by hour"),
            Words(
                "Heure locale de la commune. Une heure sans barre n'a pas d'essai.",
                "Local hour of the commune. An hour without a bar has no run.",
            ),
            Look::Columns,
            "bps",
            (12, 9),
        )
        .then("SELECT hour, p50 FROM (SELECT CASE WHEN local_hour(event_utc, commune) < 10 THEN '0' ELSE '' END || cast(local_hour(event_utc, commune) AS VARCHAR) || ' h' AS hour, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p50 FROM throughput WHERE {C} AND {W} AND direction = 'download' AND coalesce(operator, '') ~ '^(${operator:pipe})$' AND coalesce(technology, '') ~ '^(${technology:pipe})$' GROUP BY 1) AS hours WHERE hour IS NOT NULL ORDER BY 1"),
        panel(
            Words("Part du temps connu sans réponse, jour par jour", "Share of known time without answer, day by day"),
            Words(
                "Minutes où aucune cible n'a répondu, sur les minutes d'état connu. Plus sensible que les coupures, qui durent au moins deux minutes.",
                "Minutes in which no target answered, of the minutes of known state. More sensitive than outages, which last two minutes at least.",
            ),
            Look::Lines,
            "percentunit",
            (12, 9),
        )
        .then("SELECT date_trunc('day', event_utc) AS time, cast(sum(CASE WHEN state = 'down' THEN window_us ELSE 0 END) AS DOUBLE) / nullif(sum(CASE WHEN state <> 'unknown' THEN window_us ELSE 0 END), 0) AS value FROM latency_minute WHERE {C} GROUP BY 1 ORDER BY 1"),
        panel(
            Words("Heures sans réponse par mois, moyenne par sonde", "Hours without answer by month, mean over the probes"),
            Words(
                "Choisissez un an en haut pour voir l'année. Le temps où personne n'observait n'y est pas.",
                "Choose a year above to see one. Time in which nobody watched is not in it.",
            ),
            Look::Columns,
            "h",
            (12, 9),
        )
        .then("SELECT month, sum(CASE WHEN state = 'down' THEN window_us ELSE 0 END) / 3.6e9 / count(DISTINCT probe) AS hours FROM latency_minute WHERE {C} GROUP BY month ORDER BY month"),
    ];
    Row { title: Words("Au fil du temps", "Over time"), panels }
}

fn by_line() -> Row {
    let panels = vec![
        panel(
            Words("Par opérateur et technologie", "By operator and technology"),
            Words(
                "Tels que déclarés à l'installation des sondes. Peu de sondes décrivent peu de lignes : les effectifs sont dans le tableau, et rien n'y classe les opérateurs.",
                "As declared when probes were installed. Few probes describe few lines: the counts are in the table, and nothing in it ranks operators.",
            ),
            Look::Table,
            "bps",
            (24, 9),
        )
        .then("SELECT operator, technology, count(DISTINCT probe) AS probes, count(*) AS runs, percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p50, percentile_cont(0.2) WITHIN GROUP (ORDER BY steady_bits_per_second) AS p20 FROM throughput WHERE {C} AND {W} AND direction = 'download' AND steady_bits_per_second IS NOT NULL AND coalesce(operator, '') ~ '^(${operator:pipe})$' AND coalesce(technology, '') ~ '^(${technology:pipe})$' GROUP BY operator, technology HAVING count(*) >= 14 ORDER BY operator, technology"),
    ];
    Row { title: Words("Les lignes", "The lines"), panels }
}
