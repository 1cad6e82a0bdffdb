//! The history over PostgreSQL's protocol, by a client that prepares, binds and cancels.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod elsewhere;
mod grafana;
mod served;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use served::{PASSWORD, Served, asked};

/// A question that does not end within days, gives no row on its way, and holds nothing in memory.
const ENDLESS: &str = "SELECT count(*) FROM generate_series(1, 4000000000000) AS a(x) WHERE x % 7 = 8";

async fn refusal(client: &Client, sql: &str) -> (String, String) {
    let error = client.simple_query(sql).await.expect_err(sql);
    let told = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error}"));
    (told.code().code().to_owned(), format!("{} {}", told.message(), told.hint().unwrap_or_default()))
}

async fn first(client: &Client, sql: &str) -> String {
    let answer = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let row = answer.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.unwrap_or_else(|| panic!("{sql}: no row")).get(0).unwrap_or("NULL").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_reads_what_desserte_query_reads_and_changes_nothing() {
    let served = Served::start("");
    let client = served.connect("analyse").await;

    // Prepared once, asked with other values.
    let sql = "SELECT count(*) AS runs, max(event_utc) AS last, avg(steady_bits_per_second) AS mean, min(sequence) AS first \
               FROM throughput WHERE commune = $1 AND event_utc >= $2 AND sequence >= $3";
    let communes =
        client.query("SELECT DISTINCT commune, vintage FROM throughput ORDER BY 1", &[]).await.unwrap();
    assert!(communes.len() > 1);
    let question = client.prepare(sql).await.unwrap();
    let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    for row in communes.iter().take(2) {
        let (commune, vintage): (String, i32) = (row.get(0), row.get(1));
        assert!(vintage > 2000);
        let row = client.query_one(&question, &[&commune, &begin, &0_i64]).await.unwrap();
        let expected = asked(
            &served.data,
            &format!(
                "SELECT count(*), avg(steady_bits_per_second) FROM throughput WHERE commune = '{commune}'"
            ),
        );
        let (runs, mean): (i64, f64) = (row.get("runs"), row.get("mean"));
        assert_eq!(format!("{runs},{mean}"), expected);
        assert!(row.get::<_, SystemTime>("last") > begin);
    }
    // Every kind of column, in the binary forms of the protocol; null stays null.
    let row = client
        .query_one("SELECT sha256, received_utc, record FROM custody ORDER BY handover LIMIT 1", &[])
        .await
        .unwrap();
    assert_eq!((row.get::<_, Vec<u8>>(0).len(), row.get::<_, String>(2).len()), (32, 32));
    let row = client
        .query_one("SELECT rtt_median_us FROM latency_minute WHERE rtt_median_us IS NULL LIMIT 1", &[])
        .await;
    assert_eq!(row.unwrap().get::<_, Option<i64>>(0), None);
    let row = client.query_one("SELECT tried FROM reachability LIMIT 1", &[]).await;
    assert!(row.is_err() || row.unwrap().get::<_, bool>(0));

    // The field's own functions, and the catalogue.
    let local = first(&client, "SELECT local_hour(timestamp '2026-07-01T12:00:00', '97411')").await;
    assert_eq!(local, "16");
    assert_eq!(first(&client, "SELECT peak_hour(timestamp '2026-07-01T17:00:00', '75056')").await, "t");
    let sql = "SELECT count(*) FROM throughput WHERE commune_at(0.0, 0.0) IS NULL AND peak_hour(event_utc, commune) IS NOT NULL";
    assert_ne!(first(&client, sql).await, "0");
    assert_eq!(first(&client, "SELECT current_user").await, "analyse");
    assert_eq!(first(&client, "SHOW transaction_read_only").await, "on");
    assert!(first(&client, "SELECT version()").await.starts_with("PostgreSQL 16"));

    // A state named by its number is seen again.
    client.simple_query("SET desserte.as_of = 10").await.unwrap();
    assert_eq!(first(&client, "SELECT count(*) FROM custody").await, "10");
    client.simple_query("RESET desserte.as_of").await.unwrap();

    // Answers in parts, by the protocol and by name.
    let mut client = client;
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("SELECT handover FROM custody ORDER BY handover", &[]).await.unwrap();
    assert_eq!(transaction.query_portal(&portal, 7).await.unwrap().len(), 7);
    assert_eq!(transaction.query_portal(&portal, 5).await.unwrap()[0].get::<_, i64>(0), 8);
    transaction.batch_execute("DECLARE c CURSOR FOR SELECT handover FROM custody ORDER BY 1").await.unwrap();
    let fetched = transaction.query("FETCH FORWARD 3 FROM c", &[]).await.unwrap();
    assert_eq!(fetched.len(), 3);
    transaction.batch_execute("CLOSE c").await.unwrap();
    transaction.commit().await.unwrap();

    for (sql, code) in [
        ("INSERT INTO throughput (commune) VALUES ('1')", "25006"),
        ("UPDATE throughput SET commune = '1'", "25006"),
        ("DELETE FROM throughput", "25006"),
        ("DROP TABLE throughput", "25006"),
        ("CREATE TABLE a (b int)", "25006"),
        ("CREATE VIEW a AS SELECT 1", "25006"),
        ("SELECT * INTO a FROM throughput", "25006"),
        ("SELECT * FROM throughput FOR UPDATE", "25006"),
        ("TRUNCATE throughput", "25006"),
        ("COPY throughput FROM STDIN", "25006"),
        ("COPY throughput TO '/tmp/x'", "0A000"),
        ("GRANT ALL ON throughput TO public", "25006"),
        ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'", "42601"),
        ("BEGIN READ WRITE", "25006"),
        ("SET default_transaction_read_only = off", "25006"),
        ("SET ROLE postgres", "42501"),
        ("SET datafusion.execution.batch_size = 1", "42501"),
        ("SELECT * FROM '/etc/passwd'", "42P01"),
        ("SELECT nothing FROM throughput", "42703"),
        ("SELECT * FROM nothing", "42P01"),
        ("SELECT nothing(1)", "42883"),
        ("SELECT repeat('x', 2000000000)", "42883"),
        ("SELECT 1 +", "42601"),
        ("SELECT 1 / (sequence - sequence) FROM throughput", "22012"),
        ("SELECT 'x'::int FROM throughput", "22P02"),
    ] {
        let told = refusal(&client, sql).await;
        assert_eq!(told.0, code, "{sql}: {told:?}");
    }
    // A failed statement fails the rest of its transaction, and nothing more.
    client.batch_execute("BEGIN").await.unwrap();
    assert_eq!(refusal(&client, "SELECT * FROM nothing").await.0, "42P01");
    assert_eq!(refusal(&client, "SELECT 1").await.0, "25P02");
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(first(&client, "SELECT 1").await, "1");

    // Who may only read what is published sees nothing else.
    let public = served.connect("public").await;
    let told = refusal(&public, "SELECT * FROM latency_minute").await;
    assert_eq!(told.0, "42501", "{told:?}");
    let sql = "SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(
        first(&public, sql).await,
        "commune_month_latency commune_month_throughput equity_month service_month"
    );
    assert_eq!(first(&public, "SELECT count(*) FROM commune_month_latency WHERE probes < 11").await, "0");

    for query in grafana::METADATA.iter().chain(grafana::PANELS) {
        client.simple_query(query).await.unwrap_or_else(|error| panic!("{query}: {error:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runaway_query_is_stopped_and_told_why_and_others_go_on() {
    let served = Served::start(
        "rows = 1000\nanswer_mib = 1\nmemory_mib = 16\nspill_mib = 16\nconnections_per_user = 3\nstatements = 2\n",
    );
    let client = served.connect("analyse").await;
    let other = served.connect("analyse").await;

    client.simple_query("SET statement_timeout = '700ms'").await.unwrap();
    let (code, told) = refusal(&client, ENDLESS).await;
    assert_eq!(code, "57014", "{told}");
    assert!(told.contains("statement timeout") && told.contains("0.7 s"), "{told}");
    client.simple_query("SET statement_timeout = 0").await.unwrap();

    let canceller = client.cancel_token();
    let (ended, ()) = tokio::join!(client.simple_query(ENDLESS), async {
        // Others are answered meanwhile, and the cancel may come before the statement: it is sent until it is heeded.
        assert_eq!(first(&other, "SELECT count(*) > 0 FROM custody").await, "t");
        tokio::time::sleep(Duration::from_millis(300)).await;
        canceller.cancel_query(NoTls).await.unwrap();
    });
    assert_eq!(ended.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));

    let (code, told) = refusal(&client, "SELECT * FROM latency_minute").await;
    assert_eq!(code, "54000", "{told}");
    assert!(told.contains("1000 rows") && told.contains("sql.rows"), "{told}");
    let wide =
        "SELECT string_agg(record, ',') OVER (ORDER BY handover) FROM (SELECT * FROM custody LIMIT 800)";
    let (code, told) = refusal(&client, wide).await;
    assert_eq!(code, "54000", "{told}");
    assert!(told.contains("1048576 bytes") && told.contains("sql.answer_mib"), "{told}");
    let (code, told) =
        refusal(&client, "SELECT length(array_agg(x)::text) FROM generate_series(1, 20000000) AS a(x)").await;
    assert_eq!(code, "53200", "{told}");
    assert!(told.contains("16777216 bytes") && told.contains("sql.memory_mib"), "{told}");
    assert_eq!(first(&client, "SELECT count(*) > 0 FROM custody").await, "t");

    let _third = served.connect("analyse").await;
    let full = served.config("analyse", PASSWORD).connect(NoTls).await.err().unwrap();
    assert_eq!(full.code(), Some(&SqlState::TOO_MANY_CONNECTIONS), "{full:?}");
    for (user, password) in [("analyse", "un autre"), ("personne", PASSWORD), ("analyse", "")] {
        let refused = served.config(user, password).connect(NoTls).await.err().unwrap();
        assert_eq!(refused.code(), Some(&SqlState::INVALID_PASSWORD), "{user}: {refused:?}");
    }
    let mut elsewhere = served.config("analyse", PASSWORD);
    let elsewhere = elsewhere.dbname("postgres").connect(NoTls).await.err().unwrap();
    assert_eq!(elsewhere.code(), Some(&SqlState::UNDEFINED_DATABASE), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_fill_the_memory() {
    let served = Served::start("");
    let mut stranger = TcpStream::connect(served.address).unwrap();
    // A greeting that says of itself that it is a megabyte long, and goes on.
    stranger.write_all(&[0, 0x10, 0, 0, 0, 3, 0, 0]).unwrap();
    let sent = stranger.write_all(&[b'x'; 64 << 10]);
    // Shorter than the time for a login: the server ends it for what came, and not for waiting.
    stranger.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let ended = stranger.read_to_end(&mut Vec::new());
    let waited = ended.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    assert!(sent.is_err() || !waited, "{ended:?}");
    // A friend may say more than that.
    let client = served.connect("analyse").await;
    let long = format!("SELECT {}1", " ".repeat(100_000));
    assert_eq!(first(&client, &long).await, "1");
}
