use crate::*;

fn caption(name: &str) -> Caption {
    Caption {
        name: name.to_owned(),
        title: "Débit <descendant> & \"parts\"".to_owned(),
        description: "Inventé pour un essai, ".repeat(12).trim().to_owned(),
        source: "inventé".to_owned(),
    }
}

fn all(lang: Lang) -> Vec<Plot> {
    let curve = |label: &str, points: &[(f64, f64)]| Curve {
        label: label.to_owned(),
        points: points.to_vec(),
        gini: Some(0.25),
    };
    let row = |label: &str, values| QuantileRow { label: label.to_owned(), share: "50 %".to_owned(), values };
    let difference = |estimate, interval| Difference {
        label: "publique − privée".to_owned(),
        what: "moyenne".to_owned(),
        estimate,
        interval,
    };
    let swing = |label: &str, low, high| Swing {
        label: label.to_owned(),
        ends: ("1,65".to_owned(), "2,60".to_owned()),
        results: (low, high),
    };
    vec![
        lorenz(caption("a"), &[curve("x", &[(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]), curve("y", &[])], lang),
        quantiles(caption("b"), &[row("x", Some([1.0, 2.0, 5.0, 8.0, 9.0])), row("y", None)], "Mbit/s", lang),
        parts(
            caption("c"),
            &[
                Parts { label: "zone".to_owned(), parts: Some((0.01, 0.03)) },
                Parts { label: "rural".to_owned(), parts: None },
            ],
            lang,
        ),
        differences(
            caption("d"),
            &[
                difference(Some(1.0), Some((-1.0, 3.0))),
                difference(Some(2.0), Some((1.0, 3.0))),
                difference(Some(-2.0), Some((-3.0, -1.0))),
                difference(None, None),
            ],
            "Mbit/s",
            lang,
        ),
        tornado(
            caption("e"),
            100.0,
            &[swing("petite", Some(99.0), Some(101.0)), swing("grande", Some(80.0), None)],
            "€",
            lang,
        ),
    ]
}

#[test]
fn every_drawing_has_a_title_a_description_and_a_table_and_neither_script_nor_address() {
    for lang in [Lang::Fr, Lang::En] {
        for Plot { caption, svg, table } in all(lang) {
            let name = &caption.name;
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            assert!(svg.contains(&format!("aria-labelledby=\"{name}-title {name}-desc\"")), "{svg}");
            assert!(svg.contains("Débit &lt;descendant&gt; &amp; &quot;parts&quot;"), "{svg}");
            assert!(!svg.contains("script") && !svg.contains("href") && !svg.contains("NaN"), "{svg}");
            assert_eq!(svg.matches("http").count(), 1, "the name of the format alone: {svg}");
            assert!(!table.rows.is_empty());
            assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{table:?}");
        }
    }
}

#[test]
fn what_is_not_known_is_said_in_words_and_drawn_nowhere() {
    let [lorenz, quantiles, parts, differences, tornado] = all(Lang::Fr).try_into().unwrap();
    assert_eq!(lorenz.table.rows[5], ["50 %", "25,0 %", "non connu"]);
    assert_eq!(quantiles.table.rows[1][2..], vec!["non connu"; 5]);
    assert_eq!(parts.table.rows[0], ["zone", "0,0100", "0,0300", "25,0 %"]);
    assert_eq!(parts.table.rows[1][1], "non défini");
    let readings: Vec<_> = differences.table.rows.iter().map(|row| row[5].as_str()).collect();
    assert_eq!(readings, ["ex æquo", "premier plus haut", "premier plus bas", "données insuffisantes"]);
    assert_eq!(tornado.table.rows[0][0], "grande", "the widest comes first");
    assert_eq!(tornado.table.rows[0][4], "non connu");
}

#[test]
fn a_page_holds_every_drawing_with_its_table() {
    let plots = all(Lang::Fr);
    let page = page("Essai", &plots, Lang::Fr);
    assert_eq!(page.matches("<table>").count(), plots.len());
    assert_eq!(page.matches("<svg ").count(), plots.len());
    assert!(plots[0].table.csv().starts_with("part de la population;x;y\n0 %;0,0 %;non connu\n"));
}
