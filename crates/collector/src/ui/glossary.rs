//! The words of the pages, explained.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::lang::Lang;
use super::page::{Frame, PageParams, problem, render};
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
}

#[derive(Template)]
#[template(path = "glossary.html")]
struct View {
    frame: Frame,
    words: Vec<Word>,
}

struct Word {
    id: &'static str,
    term: &'static str,
    meaning: &'static str,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    let title = lang.t("Glossaire", "Glossary").to_owned();
    let words = WORDS
        .iter()
        .map(|(id, french, english)| {
            let (term, meaning) = if lang == Lang::Fr { *french } else { *english };
            Word { id, term, meaning }
        })
        .collect();
    render(&View { frame: Frame::new(&shared, lang, title, "/glossaire"), words })
        .unwrap_or_else(|error| problem(error, lang))
}

/// A term with its meaning.
type Said = (&'static str, &'static str);

/// An anchor, and the term in both languages.
const WORDS: &[(&str, Said, Said)] = &[
    (
        "debit",
        (
            "Débit",
            "La quantité de données reçues par seconde, en Mbit/s (million de bits par seconde). Descendant : vers l'usager ; montant : depuis l'usager. Compté là où les données arrivent.",
        ),
        (
            "Rate",
            "How much data is received in a second, in Mbit/s (million bits per second). Download: to the user; upload: from the user. Counted where the data arrives.",
        ),
    ),
    (
        "mediane",
        (
            "Médiane",
            "La valeur du milieu : la moitié des essais sont au-dessus, la moitié en dessous. Quelques essais extrêmes ne la changent pas.",
        ),
        (
            "Median",
            "The value in the middle: half of the runs are above, half below. A few extreme runs do not change it.",
        ),
    ),
    (
        "huit-sur-dix",
        (
            "Atteint par huit essais sur dix",
            "Un débit que l'on retrouve presque toujours : deux essais sur dix seulement restent en dessous.",
        ),
        (
            "Reached by eight runs in ten",
            "A rate that is nearly always there: only two runs in ten stay below.",
        ),
    ),
    (
        "aller-retour",
        (
            "Temps d'aller-retour",
            "Le temps qu'un petit message met pour aller à un serveur et revenir, en millisecondes, quand la ligne ne sert à rien d'autre.",
        ),
        (
            "Round trip",
            "The time that a small message takes to a server and back, in milliseconds, while the line does nothing else.",
        ),
    ),
    (
        "coupure",
        (
            "Coupure",
            "Au moins deux minutes de suite sans aucune réponse d'aucune cible, alors que le réseau local du site fonctionne. La cause n'est pas connue pour autant.",
        ),
        (
            "Outage",
            "At least two minutes in a row without an answer from any target while the site's own network works. That does not tell the cause.",
        ),
    ),
    (
        "etat-connu",
        (
            "État connu",
            "Le temps pendant lequel une sonde observait la ligne. Le reste n'est compté ni comme marche ni comme coupure.",
        ),
        (
            "Known state",
            "The time in which a probe watched the line. The rest counts neither as up nor as down.",
        ),
    ),
    (
        "non-mesure",
        (
            "Non mesuré",
            "Aucune sonde n'a rien mesuré là pendant la période. Cela ne dit rien des réseaux, ni en bien ni en mal.",
        ),
        (
            "Not measured",
            "No probe measured anything there in the period. That says nothing of the networks, good or bad.",
        ),
    ),
    (
        "insuffisant",
        (
            "Données insuffisantes",
            "Il y a des mesures, mais trop peu pour donner un nombre honnête. Aucun nombre n'est alors donné, nulle part.",
        ),
        (
            "Not enough data",
            "There are measurements, too few for an honest number. None is given then, anywhere.",
        ),
    ),
    (
        "intervalle",
        (
            "Intervalle à 95 %",
            "Les deux bornes entre lesquelles se trouve la vraie valeur, 19 fois sur 20, si l'on refaisait la même mesure sur les mêmes lignes.",
        ),
        (
            "95% interval",
            "The two ends between which the true value lies, 19 times in 20, if the same lines were measured in the same way again.",
        ),
    ),
    (
        "ex-aequo",
        (
            "Ex æquo",
            "La différence entre deux lieux est dans la marge d'erreur : on ne peut pas dire lequel reçoit plus.",
        ),
        (
            "Tie (ex æquo)",
            "The difference between two places is within the margin of error: which gets more cannot be said.",
        ),
    ),
    (
        "sonde",
        (
            "Sonde",
            "Un petit appareil, ou un programme, installé sur une ligne (souvent dans un bâtiment public) qui mesure jour et nuit.",
        ),
        (
            "Probe",
            "A small device, or a program, on a line (often in a public building) that measures day and night.",
        ),
    ),
    (
        "classe",
        (
            "Classes A, B et C",
            "A : sonde dédiée, câblée, étalonnée. B : dédiée, mais en Wi-Fi ou sans étalonnage. C : essai d'un citoyen dans son navigateur ; jamais mêlé aux autres, jamais seul à décider.",
        ),
        (
            "Classes A, B and C",
            "A: dedicated probe, wired, calibrated. B: dedicated, but over Wi-Fi or not calibrated. C: a citizen's test in a browser; never mixed with the others, never deciding alone.",
        ),
    ),
    (
        "intercommunalite",
        (
            "Intercommunalité",
            "Un groupement de communes qui décide et dépense en commun (communauté de communes, d'agglomération, urbaine, métropole). Certaines sont à cheval sur deux départements.",
        ),
        (
            "Intercommunality (EPCI)",
            "A group of communes that decides and spends together. Some cross two départements.",
        ),
    ),
    (
        "zonage",
        (
            "Zonage",
            "Une liste officielle qui range les communes : montagne, rural, initiative publique ou privée pour la fibre… Posé sur une carte, il dit où sont ces zones ; il n'explique pas les chiffres.",
        ),
        (
            "Zoning",
            "An official list that sorts communes: mountain, rural, public or private initiative for fibre… Laid over a map it says where those zones are; it does not explain the figures.",
        ),
    ),
    (
        "insee",
        (
            "Code INSEE",
            "Le code officiel d'une commune, de cinq caractères (2A004, 23096). Ce n'est pas le code postal, que plusieurs communes partagent souvent.",
        ),
        (
            "INSEE code",
            "The official code of a commune, five characters (2A004, 23096). It is not the postcode, which several communes often share.",
        ),
    ),
];
