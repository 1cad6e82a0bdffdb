//! What an import noticed about its inputs.

use serde::Serialize;

/// One thing noticed about one commune or row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The commune code, or the text that stood where a code belongs.
    pub code: String,
    /// What exactly: the reason, the values, the row.
    pub detail: String,
}

impl Finding {
    pub(crate) fn new(kind: FindingKind, code: impl ToString, detail: impl Into<String>) -> Self {
        Self { kind, code: code.to_string(), detail: detail.into() }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $french:literal, $english:literal;)*) => {
        /// The kinds of findings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FindingKind {
            $($(#[$doc])* $name,)*
        }

        impl FindingKind {
            /// The kind in words, for a summary.
            #[must_use]
            pub const fn french(self) -> &'static str {
                match self { $(Self::$name => $french,)* }
            }

            /// The kind in words, for a summary.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Self::$name => $english,)* }
            }
        }
    };
}

kinds! {
    /// An outline broke the rules of polygons (a ring crosses or touches itself) and was repaired.
    RepairedOutline, "contours invalides réparés", "invalid outlines repaired";
    /// A ring did not end where it began, and was closed.
    ClosedRing, "anneaux ouverts refermés", "open rings closed";
    /// A part without surface was left out.
    DroppedPart, "parties sans surface écartées", "parts without surface left out";
    /// A row had no usable surface.
    EmptyOutline, "contours vides écartés", "empty outlines left out";
    /// Text that cannot be a commune code; the row was left out.
    UnreadableCode, "codes illisibles, lignes écartées", "unreadable codes, rows left out";
    /// A code had lost its leading zero, or had a small letter, and was restored with certainty.
    RestoredCode, "codes rétablis (zéro initial perdu)", "codes restored (lost leading zero)";
    /// A municipal arrondissement of Paris, Lyon or Marseille, left out because its commune is there as a whole.
    ArrondissementDropped, "arrondissements municipaux écartés", "municipal arrondissements left out";
    /// A commune without an outline of its own, put together of all its municipal arrondissements.
    ArrondissementsUnited, "communes réunies de leurs arrondissements", "communes put together of arrondissements";
    /// An arrondissement whose commune has no outline, not even in all its parts: nothing covers it.
    ArrondissementWithoutCommune,
        "arrondissements municipaux sans leur commune (non importés)",
        "municipal arrondissements without their commune (not imported)";
    /// A commune came twice; the first outline was kept.
    DuplicateOutline, "communes en double, premier contour gardé", "duplicate communes, first outline kept";
    /// A commune came in several rows that do not overlap; they were put together.
    JoinedParts, "communes en plusieurs lignes, réunies", "communes in several rows, put together";
    /// The inside of a commune lies in another one too; points there are given to the lower code.
    Overlap, "communes recouvertes par une autre", "communes that lie over another";
    /// An outline lies far from its département and was left out.
    Misplaced, "contours hors de leur département, écartés", "outlines far from their département, left out";
    /// A commune with an outline that the official list does not know.
    NotInCog, "communes absentes du COG", "communes not in the official list";
    /// A commune of the official list without an outline.
    WithoutOutline, "communes du COG sans contour", "communes of the official list without an outline";
    /// A population row whose commune has no outline.
    PopulationOrphan, "populations de communes sans contour", "populations of communes without an outline";
    /// A commune for which no table has a population: it stays absent.
    WithoutPopulation, "communes sans population connue", "communes without a known population";
    /// Two tables, or rows, disagree on a population; the first was kept.
    PopulationConflict, "populations contradictoires, première gardée", "conflicting populations, first kept";
    /// Text that is not a count.
    UnreadablePopulation, "populations illisibles (laissées absentes)", "unreadable populations (left absent)";
    /// Populations of municipal arrondissements were added up for their commune.
    ArrondissementsSummed, "populations d'arrondissements additionnées", "populations of arrondissements added up";
    /// A row of an EPCI table whose commune has no outline.
    EpciOrphan, "rattachements EPCI de communes sans contour", "EPCI members without an outline";
    /// A commune that belongs to no EPCI, or for which no input says to which.
    WithoutEpci, "communes sans EPCI connu", "communes without a known EPCI";
    /// A zoning or figure of a code that is no commune here, in a département that is: a table of another year.
    LayerOrphan, "zonages ou chiffres de codes absents d'ici (autre millésime)", "zones or figures of codes that are not here (another year)";
    /// Rows of one table contradict each other; the first was kept.
    LayerConflict, "zonages ou chiffres contradictoires, premier gardé", "conflicting zones or figures, first kept";
    /// A commune stands in several rows of one table that say the same; it was taken once.
    LayerRepeated, "communes en double dans un zonage ou un chiffre, prises une fois", "communes that come twice in a zoning or figure, taken once";
    /// Text that cannot be a value of its column.
    UnreadableValue, "valeurs illisibles (laissées absentes)", "unreadable values (left absent)";
    /// Areas of an overlay had longitude and latitude exchanged, and were put right.
    SwappedAxes, "aires dont les axes étaient inversés (rétablies)", "areas with exchanged axes (put right)";
    /// Names were in another encoding than their file says.
    ReencodedNames, "noms relus dans un autre codage", "names read again in another encoding";
    /// A mobile site without a position.
    SiteWithoutPosition, "sites mobiles sans position", "mobile sites without a position";
    /// A mobile site that comes twice, all columns alike; counted once.
    DuplicateSite, "sites mobiles en double, comptés une fois", "mobile sites that come twice, counted once";
    /// A mobile site in no commune.
    SiteOutside, "sites mobiles hors de toute commune", "mobile sites in no commune";
    /// Numbers of one row contradict each other; they were taken as they are.
    FigureContradiction, "chiffres d'une ligne qui se contredisent (gardés)", "numbers of a row that contradict each other (kept)";
    /// A value that a spreadsheet had damaged (a lost zero) was restored with certainty.
    RestoredValue, "valeurs rétablies (zéro initial perdu)", "values restored (lost leading zero)";
    /// A city was given the zone that all its arrondissements have.
    ZoneOfArrondissements, "zones de ville d'après ses arrondissements", "zones of cities taken from their arrondissements";
    /// A movement of communes whose day or code cannot be read; the row was left out.
    UnreadableMovement, "mouvements de communes illisibles, écartés", "unreadable movements of communes, left out";
    /// Movements give a code up that is not in force, or bring one into force that is.
    MovementConflict, "mouvements de communes contradictoires", "movements of communes that contradict each other";
    /// A value of another year's table, carried over to the commune that follows, added up where several became one.
    CarriedOver, "valeurs d'un autre millésime reportées", "values of another year carried over";
    /// A value of another year's table that no single commune can be given with certainty; it was left out.
    NotCarriedOver, "valeurs d'un autre millésime écartées", "values of another year left out";
    /// The territory and the movements disagree on whether a code is a commune's in the territory's year.
    NotAsMovements,
        "codes dont les mouvements disent autre chose que les contours",
        "codes of which movements and outlines say different things";
    /// Inputs disagree on the EPCI, département or region of a commune; the first source was kept.
    UnitConflict, "rattachements contradictoires", "conflicting memberships";
}
