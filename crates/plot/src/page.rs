//! All drawings of an answer in one page, each above its table.

use std::fmt::Write as _;

use crate::svg::escaped;
use crate::{Lang, Plot};

/// One HTML document without script and with nothing from elsewhere.
#[must_use]
pub fn page(title: &str, plots: &[Plot], lang: Lang) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n\
         body {{ font-family: sans-serif; max-width: 60rem; margin: 1rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }}\n\
         figure {{ margin: 2rem 0; }} svg {{ max-width: 100%; height: auto; }}\n\
         table {{ border-collapse: collapse; }} caption {{ text-align: left; font-weight: bold; padding: .3rem 0; }}\n\
         th, td {{ border: 1px solid #767676; padding: .2rem .5rem; text-align: right; }} th[scope=row] {{ text-align: left; }}\n\
         </style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n",
        lang.code(),
        title = escaped(title),
    );
    for Plot { caption, svg, table } in plots {
        let summary = lang.pick("Les mêmes nombres en tableau", "The same numbers as a table");
        let _ = write!(
            text,
            "<figure id=\"{}\">\n{svg}<details>\n<summary>{summary}</summary>\n{}</details>\n</figure>\n",
            escaped(&caption.name),
            table.html(&caption.title)
        );
    }
    text.push_str("</main>\n</body>\n</html>\n");
    text
}
