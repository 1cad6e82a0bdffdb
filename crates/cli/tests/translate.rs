//! `desserte territory translate`, as it is run.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use desserte_territory::{CommunePart, FormerName, Lineage, PartKind, Succession, Territory, synthetic};

/// The made-up département with a made-up past: 99050 and 99051 merged into 99001 in 2020, 99002 was 99060 until 2022,
/// 99003 and 99004 were cut out of 99003 in 2024.
fn territory(dir: &Path) -> String {
    let mut contents = synthetic::territory(1).contents();
    let row = |from: &str, day: &str, to: &str| Succession {
        from: from.parse().unwrap(),
        effective: day.parse().unwrap(),
        to: to.parse().unwrap(),
    };
    contents.lineage = Lineage {
        successions: vec![
            row("99003", "2024-01-01", "99003"),
            row("99003", "2024-01-01", "99004"),
            row("99050", "2020-01-01", "99001"),
            row("99051", "2020-01-01", "99001"),
            row("99060", "2022-03-04", "99002"),
        ],
        names: vec![FormerName {
            code: "99060".parse().unwrap(),
            until: "2022-03-04".parse().unwrap(),
            name: "Autrefois".to_owned(),
        }],
        parts: vec![CommunePart {
            code: "99070".parse().unwrap(),
            kind: PartKind::Delegated,
            commune: "99005".parse().unwrap(),
            name: "Hameau".to_owned(),
        }],
        ..Lineage::default()
    };
    let path = dir.join("t.dst");
    std::fs::write(&path, Territory::new(&contents).unwrap().to_bytes()).unwrap();
    path.display().to_string()
}

fn translate(territory: &str, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_desserte");
    Command::new(program)
        .args(["territory", "translate", "--territory", territory])
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_code_is_answered_in_words_with_the_days_of_its_changes() {
    let dir = tempfile::tempdir().unwrap();
    let territory = territory(dir.path());
    let output = translate(&territory, &["99060", "99050", "99070", "--from", "2019-06-30"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = said(&output);
    assert!(text.starts_with("99060 Autrefois, 2019-06-30 : 99002 "), "{text}");
    assert!(
        text.contains("même étendue, depuis le 2022-03-04\n  2022-03-04 99060 Autrefois → 99002"),
        "{text}"
    );
    assert!(text.contains("99050, 2019-06-30 : dans 99001 ") && text.contains("plus étendue"), "{text}");
    assert!(text.contains("99070 Hameau") && text.contains("commune déléguée de 99005"), "{text}");
    let english = said(&translate(&territory, &["99060", "--lang", "en", "--from", "2019"]));
    assert!(english.contains("same ground, since 2022-03-04"), "{english}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("FICTIF"));
}

#[test]
fn a_split_and_an_unknown_code_have_no_single_answer_and_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let territory = territory(dir.path());
    let output = translate(&territory, &["99003", "99999", "--from", "2023", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let rows: Vec<serde_json::Value> =
        said(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[0]["status"], "ambiguous");
    assert_eq!(rows[0]["commune"], serde_json::Value::Null);
    assert_eq!(rows[0]["candidates"][1]["code"], "99004");
    assert_eq!(rows[0]["effective"], "2024-01-01");
    assert_eq!((&rows[1]["status"], &rows[1]["reading"]), (&"unknown".into(), &"unknown".into()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("99003, 99999"));
    let back = translate(&territory, &["99004", "--from", "2026", "--to", "2023", "--json"]);
    let back: serde_json::Value = serde_json::from_str(&said(&back)).unwrap();
    assert_eq!((&back["commune"], &back["status"]), (&"99003".into(), &"within".into()));
}

#[test]
fn a_table_keeps_its_rows_and_gets_the_answers() {
    let dir = tempfile::tempdir().unwrap();
    let territory = territory(dir.path());
    let (table, out) = (dir.path().join("in.csv"), dir.path().join("out.csv"));
    std::fs::write(&table, "com;jour;x\n99050;2019-05-06T10:00:00Z;a\n99003;2023-01-01;b\n99003;2025-01-01;c\nabc;2023-01-01;d\n99060;?;e\n").unwrap();
    let (table, out) = (table.display().to_string(), out.display().to_string());
    let arguments =
        ["--table", &table, "--out", &out, "--column", "com", "--date-column", "jour", "--lang", "en"];
    let output = translate(&territory, &arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let expected = "com;jour;x;commune;status;effective;candidates\n\
                    99050;2019-05-06T10:00:00Z;a;99001;within;2020-01-01;\n\
                    99003;2023-01-01;b;;ambiguous;2024-01-01;99003 99004\n\
                    99003;2025-01-01;c;99003;same;;\n\
                    abc;2023-01-01;d;;unknown;;\n\
                    99060;?;e;;unknown;;\n";
    assert_eq!(std::fs::read_to_string(&out).unwrap(), expected);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("5 rows ; same code : 1 ; another commune or ground : 1 ; without a single answer : 1"),
        "{told}"
    );
    assert!(told.contains("unreadable codes : 1 ; unreadable dates : 1"), "{told}");
}

#[test]
fn a_parquet_table_keeps_its_types_and_gets_the_same_answers() {
    use arrow_array::{ArrayRef, Date32Array, Int32Array, RecordBatch, StringArray, cast::AsArray as _};
    let dir = tempfile::tempdir().unwrap();
    let territory = territory(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    // Days since 1970: 6 May 2019, 1 January 2023.
    let (may, january): (i32, i32) = (18_022, 19_358);
    let code: ArrayRef = Arc::new(StringArray::from(vec![Some("99050"), Some("99003"), Some("abc"), None]));
    let day: ArrayRef = Arc::new(Date32Array::from(vec![Some(may), Some(january), Some(january), None]));
    let x: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(3), Some(4)]));
    let batch = RecordBatch::try_from_iter([("com", code), ("jour", day), ("x", x)]).unwrap();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(File::create(path("in.parquet")).unwrap(), batch.schema(), None)
            .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let (table, out) = (path("in.parquet"), path("out.parquet"));
    let output = translate(
        &territory,
        &["--table", &table, "--out", &out, "--column", "com", "--date-column", "jour", "--lang", "en"],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("4 rows ; ") && told.contains("unreadable codes : 2"), "{told}");
    let file = File::open(&out).unwrap();
    let read = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let read = read.build().unwrap().next().unwrap().unwrap();
    assert_eq!(read.columns()[..3], batch.columns()[..]);
    let texts = |name: &str| -> Vec<Option<&str>> {
        read.column_by_name(name).unwrap().as_string::<i32>().iter().collect()
    };
    assert_eq!(texts("commune"), [Some("99001"), None, None, None]);
    assert_eq!(texts("status"), [Some("within"), Some("ambiguous"), Some("unknown"), Some("unknown")]);
    assert_eq!(texts("candidates"), [None, Some("99003 99004"), None, None]);
    let effective = read.column_by_name("effective").unwrap();
    // 1 January 2020 and 2024.
    assert_eq!(
        effective.as_primitive::<arrow_array::types::Date32Type>().iter().collect::<Vec<_>>(),
        [Some(18_262), Some(19_723), None, None]
    );
    for (column, out, expected) in
        [("x", "o.csv", "gives a Parquet table"), ("jour", "o.parquet", "codes are text or whole numbers")]
    {
        let out = path(out);
        let refused = translate(&territory, &["--table", &table, "--out", &out, "--column", column]);
        assert_eq!(refused.status.code(), Some(64), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(expected), "{refused:?}");
        assert!(!Path::new(&out).exists());
    }
}

#[test]
fn days_and_territories_that_cannot_answer_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let territory = territory(dir.path());
    for (arguments, code) in [
        (&["99001", "--to", "2030"][..], 64),
        (&["99001", "--from", "1789-07-14"], 64),
        (&["99001", "--from", "2023-02-30"], 64),
        (&["9900"], 64),
        (&[], 64),
        (&["99001", "--from", "2027-05-01"], 0),
    ] {
        let output = translate(&territory, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    }
    let bare = dir.path().join("bare.dst");
    std::fs::write(&bare, synthetic::territory(1).to_bytes()).unwrap();
    let output = translate(&bare.display().to_string(), &["99001"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--movements"), "{output:?}");
}
