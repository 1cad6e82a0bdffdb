//! A collector that loses its power again and again keeps every record it acknowledged, once.

use std::collections::HashSet;
use std::time::Duration;

use desserte_e2e::{Collector, GUERET, Sender, octets, territory};
use rusqlite::{Connection, OpenFlags};

const ROUNDS: u32 = 200;
const RECORDS_A_BATCH: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_hard_stops_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let mut sender = Sender::new(9);
    collector.register(&sender.key.public().to_string(), "mairie");

    let mut acknowledged = Vec::new();
    let mut pending: Vec<Vec<u8>> = Vec::new();
    let mut unanswered = 0;
    for round in 0..ROUNDS {
        // The stop comes at another moment of the traffic in every round: 0 to 38 ms after its start.
        let delay = Duration::from_millis(u64::from(round * 7 % 39));
        let stop = tokio::time::sleep(delay);
        tokio::pin!(stop);
        loop {
            if pending.is_empty() {
                pending = (0..RECORDS_A_BATCH).map(|_| octets(&sender.minute(GUERET))).collect();
            }
            tokio::select! {
                () = &mut stop => break,
                answer = sender.send(&base, &pending) => {
                    let receipt = answer.expect("an answer while the collector runs").receipt();
                    assert!(receipt.refused.is_empty(), "{receipt:?}");
                    acknowledged.append(&mut pending);
                }
            }
        }
        unanswered += usize::from(!pending.is_empty());
        collector.process.kill();
        collector.restart().await;
    }
    assert!(unanswered > 10, "the stops hardly ever met traffic: {unanswered}");
    let receipt = sender.send(&base, &pending).await.unwrap().receipt();
    assert_eq!(receipt.accepted + receipt.duplicate, RECORDS_A_BATCH as u64);
    acknowledged.append(&mut pending);
    assert!(collector.process.terminate().success(), "{}", collector.process.log());

    let store = Connection::open_with_flags(
        collector.data.join("collector.sqlite"),
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
    .unwrap();
    let mut select = store.prepare("SELECT line FROM record").unwrap();
    let kept: Vec<Vec<u8>> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(kept.len(), acknowledged.len(), "records kept against records acknowledged");
    let kept: HashSet<Vec<u8>> = kept.into_iter().collect();
    assert!(acknowledged.iter().all(|record| kept.contains(record)), "octet for octet");
}
