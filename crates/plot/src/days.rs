//! A line's state, a row for each day.

use crate::svg::{Anchor, BLUE, Drawing, FAINT, GREY, INK, LINE, ORANGE, RIGHT};
use crate::{Caption, Lang, Plot, Table};

/// State of a quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quarter {
    /// In service.
    Up,
    /// In service, and worse than it should be.
    Degraded,
    /// Down for two minutes or more.
    Down,
}

/// A day and its quarters of an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// The day, as told.
    pub label: String,
    /// From midnight on; `None` where too little is known.
    pub quarters: Vec<Option<Quarter>>,
}

/// Where days begin to be drawn.
const LEFT: f64 = 110.0;
/// Height of a day.
const ROW: f64 = 13.0;
/// Quarters of an hour in a day.
const QUARTERS: f64 = 96.0;

/// Draws each day as a line of quarters of an hour: thin and pale in service, half as high degraded, whole and dark down, nothing where not known. Height says the
/// same as colour.
#[must_use]
pub fn days(caption: Caption, rows: &[DayRow], lang: Lang) -> Plot {
    let mut drawing = Drawing::new(&caption, lang);
    key(&mut drawing, lang);
    let top = drawing.top + 22.0;
    let mut bottom = top;
    rows.iter().for_each(|_| bottom += ROW);
    for hour in (0..=24_u8).step_by(6) {
        let x = place(f64::from(hour) * 4.0);
        drawing.line((x, top), (x, bottom), FAINT, 1.0, "");
        drawing.text((x, bottom + LINE), Anchor::Middle, GREY, &format!("{hour} h"));
    }
    let mut table = Table::new([
        lang.pick("jour", "day"),
        lang.pick("en service (h)", "in service (h)"),
        lang.pick("dégradé (h)", "degraded (h)"),
        lang.pick("coupé (h)", "down (h)"),
        lang.pick("non observé (h)", "not observed (h)"),
    ]);
    let mut at = top;
    for row in rows {
        drawing.text((LEFT - 8.0, at + ROW - 3.0), Anchor::End, INK, &row.label);
        draw(&mut drawing, &row.quarters, at);
        let hours = |wanted: Option<Quarter>| {
            let quarters: f64 = row.quarters.iter().filter(|quarter| **quarter == wanted).map(|_| 0.25).sum();
            lang.number(quarters, 2)
        };
        table.rows.push(vec![
            row.label.clone(),
            hours(Some(Quarter::Up)),
            hours(Some(Quarter::Degraded)),
            hours(Some(Quarter::Down)),
            hours(None),
        ]);
        at += ROW;
    }
    Plot { svg: drawing.finish(bottom + LINE), caption, table }
}

fn place(quarter: f64) -> f64 {
    LEFT + quarter / QUARTERS * (RIGHT - LEFT)
}

/// Share of a row's height that a state takes, and its colour.
fn look(quarter: Quarter) -> (f64, &'static str) {
    match quarter {
        Quarter::Up => (0.2, BLUE),
        Quarter::Degraded => (0.55, ORANGE),
        Quarter::Down => (0.95, INK),
    }
}

fn key(drawing: &mut Drawing, lang: Lang) {
    let mut x = LEFT;
    for (quarter, told) in [
        (Quarter::Up, lang.pick("en service", "in service")),
        (Quarter::Degraded, lang.pick("dégradé", "degraded")),
        (Quarter::Down, lang.pick("coupé", "down")),
    ] {
        let (share, colour) = look(quarter);
        let foot = drawing.top + ROW;
        drawing.plain_bar((x, x + 16.0), (foot - share * ROW, foot), colour);
        drawing.text((x + 22.0, foot), Anchor::Start, INK, told);
        x += 130.0;
    }
    drawing.text(
        (x, drawing.top + ROW),
        Anchor::Start,
        GREY,
        lang.pick("vide : non observé", "empty: not observed"),
    );
}

/// Neighbours of one state are one bar: a month has far fewer states than quarters.
fn draw(drawing: &mut Drawing, quarters: &[Option<Quarter>], top: f64) {
    let mut start = 0.0;
    for alike in quarters.chunk_by(|one, other| one == other) {
        let mut end = start;
        alike.iter().for_each(|_| end += 1.0);
        if let Some(quarter) = alike[0] {
            let (share, colour) = look(quarter);
            let foot = top + ROW - 0.5;
            drawing.plain_bar((place(start), place(end)), (foot - share * (ROW - 1.0), foot), colour);
        }
        start = end;
    }
}
