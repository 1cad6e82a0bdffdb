//! The elements that drawings are made of.

use std::fmt::Write as _;

use crate::axis::Axis;
use crate::{Caption, Lang};

/// Width of every drawing, in its own units: half a page in print, a column on screen.
pub(crate) const WIDTH: f64 = 760.0;

/// Where rows with a label begin to be drawn.
pub(crate) const LABELS: f64 = 260.0;

/// Where drawing ends on the right.
pub(crate) const RIGHT: f64 = WIDTH - 30.0;

/// Colours that people with any colour vision tell apart, and that differ in lightness too (Okabe and Ito, 2008).
pub(crate) const BLUE: &str = "#0072b2";
pub(crate) const ORANGE: &str = "#d55e00";
pub(crate) const GREEN: &str = "#009e73";
pub(crate) const PURPLE: &str = "#8a4f7d";
pub(crate) const INK: &str = "#1a1a1a";
pub(crate) const GREY: &str = "#5f5f5f";
pub(crate) const FAINT: &str = "#d9d9d9";

/// Height that title and description take.
const HEAD: f64 = 30.0;

/// Height of a line of small text.
pub(crate) const LINE: f64 = 15.0;

/// Letters of the description that fit in a line.
const LETTERS: usize = 116;

/// Letters of the title that fit in a line, and its height.
const TITLE_LETTERS: usize = 82;
const TITLE_LINE: f64 = 19.0;

/// A drawing that is being made.
pub(crate) struct Drawing {
    body: String,
    head: String,
    /// Where what is drawn begins, below title and description.
    pub(crate) top: f64,
    lang: Lang,
    name: String,
    source: String,
}

/// Where a text stands against its place.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// `&`, `<`, `>` and quotes, as a document has them; what no document may hold is left out.
pub(crate) fn escaped(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        match letter {
            '&' => found.push_str("&amp;"),
            '<' => found.push_str("&lt;"),
            '>' => found.push_str("&gt;"),
            '"' => found.push_str("&quot;"),
            letter => found.push(letter),
        }
    }
    found
}

/// A text cut into lines at spaces.
fn lines(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is a line");
        // French sets a space before these marks, and no line begins with one.
        let mark = matches!(word, ":" | ";" | "!" | "?");
        if !mark && !last.is_empty() && last.chars().count() + 1 + word.chars().count() > letters {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

impl Drawing {
    /// Begins a drawing with its title and description.
    pub(crate) fn new(caption: &Caption, lang: Lang) -> Self {
        let name = escaped(&caption.name);
        let mut head = String::new();
        let _ = write!(
            head,
            "<title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n",
            escaped(&caption.title),
            escaped(&caption.description)
        );
        let mut drawing =
            Self { body: String::new(), head, top: HEAD, lang, name, source: caption.source.clone() };
        for (number, line) in lines(&caption.title, TITLE_LETTERS).iter().enumerate() {
            if number > 0 {
                drawing.top += TITLE_LINE;
            }
            let _ = writeln!(
                drawing.body,
                "<text x=\"20\" y=\"{:.0}\" font-size=\"16\" font-weight=\"bold\" fill=\"{INK}\">{}</text>",
                drawing.top - 6.0,
                escaped(line)
            );
        }
        for line in lines(&caption.description, LETTERS) {
            drawing.top += LINE;
            drawing.text((20.0, drawing.top), Anchor::Start, GREY, &line);
        }
        drawing.top += 18.0;
        drawing
    }

    pub(crate) fn text(&mut self, at: (f64, f64), anchor: Anchor, colour: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = at;
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
            escaped(text)
        );
    }

    /// A number on top of what is drawn: white around the letters keeps it readable on lines and bars.
    pub(crate) fn number_on_top(&mut self, at: (f64, f64), text: &str) {
        let (x, y) = at;
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"{INK}\" stroke=\"#ffffff\" stroke-width=\"3\" \
             paint-order=\"stroke\">{}</text>",
            escaped(text)
        );
    }

    /// A straight line; `dash` is empty for an unbroken one.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64, dash: &str) {
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let _ = writeln!(
            self.body,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash}/>",
            from.0, from.1, to.0, to.1
        );
    }

    /// A bar between two places, either way round.
    pub(crate) fn bar(&mut self, x: (f64, f64), y: (f64, f64), fill: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\" stroke=\"{INK}\" stroke-width=\"0.6\"/>",
            x.0.min(x.1),
            y.0,
            (x.1 - x.0).abs(),
            y.1 - y.0
        );
    }

    pub(crate) fn circle(&mut self, at: (f64, f64), radius: f64, fill: &str) {
        let _ = writeln!(
            self.body,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"{INK}\"/>",
            at.0, at.1
        );
    }

    /// A circle without an edge, for marks of which there are many.
    pub(crate) fn plain_circle(&mut self, at: (f64, f64), radius: f64, fill: &str) {
        let _ = writeln!(
            self.body,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\" fill=\"{fill}\"/>",
            at.0, at.1
        );
    }

    /// A small square that one sees through.
    pub(crate) fn open_square(&mut self, at: (f64, f64), side: f64, colour: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{side}\" height=\"{side}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"0.8\"/>",
            at.0 - side / 2.0,
            at.1 - side / 2.0
        );
    }

    /// A bar without an edge, for bars that stand side by side.
    pub(crate) fn plain_bar(&mut self, x: (f64, f64), y: (f64, f64), fill: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{fill}\"/>",
            x.0,
            y.0,
            x.1 - x.0,
            y.1 - y.0
        );
    }

    pub(crate) fn curve(&mut self, points: &[(f64, f64)], colour: &str, dash: &str) {
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            self.body,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>",
            points.join(" ")
        );
    }

    /// A pattern of stripes, for a part that colour alone must not tell; the answer is what to fill with.
    pub(crate) fn stripes(&mut self, colour: &str) -> String {
        let id = format!("{}-stripes", self.name);
        let _ = writeln!(
            self.head,
            "<defs><pattern id=\"{id}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
             <rect width=\"6\" height=\"6\" fill=\"#ffffff\"/><rect width=\"3\" height=\"6\" fill=\"{colour}\"/></pattern></defs>"
        );
        format!("url(#{id})")
    }

    /// The marks of an axis along the bottom, with faint lines up to `top`; zero is drawn stronger.
    pub(crate) fn axis_below(&mut self, axis: &Axis, top: f64, bottom: f64, unit: &str) {
        let (marks, decimals) = axis.marks();
        for mark in marks {
            let x = axis.place(mark);
            let (colour, width) = if mark.abs() < 1e-12 { (GREY, 1.4) } else { (FAINT, 1.0) };
            self.line((x, top), (x, bottom), colour, width, "");
            let told = self.lang.number(mark, decimals);
            self.text((x, bottom + LINE), Anchor::Middle, GREY, &told);
        }
        self.text((RIGHT, bottom + 2.0 * LINE + 1.0), Anchor::End, GREY, unit);
    }

    /// The whole document, so high that `bottom` and the line of the source fit.
    pub(crate) fn finish(mut self, bottom: f64) -> String {
        let mut at = bottom + 8.0;
        for line in lines(&self.source.clone(), LETTERS) {
            at += LINE;
            self.text((20.0, at), Anchor::Start, GREY, &line);
        }
        let height = at + 12.0;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:lang=\"{lang}\" lang=\"{lang}\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
             width=\"{WIDTH}\" height=\"{height:.0}\" role=\"img\" aria-labelledby=\"{name}-title {name}-desc\" \
             font-family=\"'Liberation Sans', Arial, Helvetica, sans-serif\" font-size=\"12\">\n\
             {head}<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
            lang = self.lang.code(),
            name = self.name,
            head = self.head,
            body = self.body,
        )
    }
}

/// A label that fits beside rows; a longer one is cut, and the table has it whole.
pub(crate) fn label(text: &str) -> String {
    const LETTERS: usize = 42;
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    text.chars().take(LETTERS - 1).chain(['…']).collect()
}
