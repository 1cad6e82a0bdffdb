//! What a dashboard is described by.

/// The two languages of every dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    Fr,
    En,
}

/// A text in French and in English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(pub(super) &'static str, pub(super) &'static str);

impl Words {
    pub(super) const fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Fr => self.0,
            Lang::En => self.1,
        }
    }
}

/// A dashboard.
pub(super) struct Board {
    /// Last part of its identifier in both languages.
    pub(super) id: Words,
    pub(super) title: Words,
    pub(super) about: Words,
    /// How far back it looks when opened.
    pub(super) from: &'static str,
    /// Which of [`Choice`] it offers, in the order of the bar.
    pub(super) choices: &'static [Choice],
    pub(super) rows: Vec<Row>,
}

impl Board {
    pub(super) fn uid(&self, lang: Lang) -> String {
        format!("desserte-{}", self.id.of(lang))
    }
}

/// What a reader may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Departement,
    Epci,
    /// Several communes, or all.
    Communes,
    /// One commune.
    Commune,
    Operator,
    Technology,
    /// Where the pages are.
    Pages,
}

/// Panels under a heading.
pub(super) struct Row {
    pub(super) title: Words,
    pub(super) panels: Vec<Panel>,
}

/// How a panel looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// One number.
    Stat,
    /// A bar for each series.
    Bars,
    /// Lines over time.
    Lines,
    /// Bars over a column of names, such as hours of the day.
    Columns,
    Table,
    /// HTML.
    Text(Words),
}

/// Where values come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Query {
    /// Prometheus: what is so now. `{S}` stands for the selectors of every query, `{C}` for those of the chosen communes,
    /// `{N}` for joining the communes' names.
    Now(&'static str, &'static str),
    /// The collector's history in SQL: what was so when it was measured. `{C}` stands for the chosen communes, `{W}` for what may
    /// enter a rate.
    Then(&'static str),
}

/// A panel.
pub(super) struct Panel {
    pub(super) title: Words,
    pub(super) about: Words,
    pub(super) look: Look,
    pub(super) unit: &'static str,
    /// Width of 24, height in Grafana's steps.
    pub(super) size: (u32, u32),
    pub(super) queries: Vec<Query>,
    /// Steps of the colour with the set that they are of: a value from the first on is worse.
    pub(super) steps: Option<Steps>,
    /// Whether a row or a bar leads to the commune's page.
    pub(super) to_commune: bool,
}

/// Steps of a colour, from good to bad or the other way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    /// Name of the set of parameters, told in the description.
    pub(super) set: &'static str,
    /// Colours with the value from which they hold; the first has none.
    pub(super) colours: &'static [(&'static str, Option<f64>)],
}

pub(super) fn panel(title: Words, about: Words, look: Look, unit: &'static str, size: (u32, u32)) -> Panel {
    Panel { title, about, look, unit, size, queries: Vec::new(), steps: None, to_commune: false }
}

impl Panel {
    /// Adds a query about now, with what its series are called.
    pub(super) fn now(mut self, query: &'static str, legend: &'static str) -> Self {
        self.queries.push(Query::Now(query, legend));
        self
    }

    /// Adds a query about then.
    pub(super) fn then(mut self, query: &'static str) -> Self {
        self.queries.push(Query::Then(query));
        self
    }

    pub(super) fn coloured(mut self, steps: Steps) -> Self {
        self.steps = Some(steps);
        self
    }

    /// Lets a row or a bar lead to the page of its commune.
    pub(super) fn linked(mut self) -> Self {
        self.to_commune = true;
        self
    }
}
