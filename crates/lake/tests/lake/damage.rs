//! Files that are gone or are not what they were.

use desserte_lake::LakeFile;
use desserte_store::HandoverTable;

use crate::bench::{Bench, number};

async fn one_file(bench: &Bench) -> (LakeFile, std::path::PathBuf) {
    let (files, _) = bench.lake().snapshot(HandoverTable::Throughput).await.unwrap();
    let file = files.into_iter().next().unwrap();
    let path = std::path::Path::new("/").join(file.location.as_ref());
    (file, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_gone_or_damaged_is_named() {
    let bench = Bench::new();
    bench.keep_mixed(0, 9);
    bench.flush().await;
    let (_, path) = one_file(&bench).await;
    let octets = std::fs::read(&path).unwrap();
    for damage in ["gone", "cut"] {
        match damage {
            "gone" => std::fs::remove_file(&path).unwrap(),
            _ => std::fs::write(&path, &octets[..octets.len() / 2]).unwrap(),
        }
        let report = bench.lake().check().await.unwrap();
        let faults: Vec<_> = report.tables.iter().flat_map(|table| &table.faults).collect();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(path.to_str().unwrap()), "{faults:?}");
        let asked = bench.history().await.ask("SELECT sum(mean_bits_per_second) FROM throughput").await;
        let failed = match asked {
            Ok(answer) => answer.collect().await.is_err(),
            Err(_) => true,
        };
        assert!(failed, "no figure without the rows that it is made of: {damage}");
        // The other tables answer.
        assert_eq!(number(&bench.history().await, "SELECT count(handover) FROM custody").await, Some(9));
        std::fs::write(&path, &octets).unwrap();
    }
    assert!(bench.lake().check().await.unwrap().is_well());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_nothing_refers_to_are_no_part_of_a_table() {
    let bench = Bench::new();
    bench.keep_mixed(0, 9);
    bench.flush().await;
    let (_, path) = one_file(&bench).await;
    std::fs::copy(&path, path.with_file_name("part-left-by-a-writer.parquet")).unwrap();
    assert_eq!(number(&bench.history().await, "SELECT count(handover) FROM throughput").await, Some(3));
}
