use super::*;
use crate::status::Language;

const LEAST: &str = "collector = \"https://c.example\"\n[site]\nname = \"M\"\nlon = 1.0\nlat = 46.0\n\
                     [budget]\nmegabytes = 500\n";

fn refusal(text: &str) -> String {
    Config::parse(text).unwrap_err().to_string()
}

#[test]
fn the_template_is_a_valid_file_and_shows_the_defaults() {
    let filled = filled_template();
    let template = Config::parse(&filled).unwrap();
    let shown: String = filled
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
            _ => line,
        })
        .filter(|line| {
            !["seed", "every_s = 20", "interface", "ca_file"].iter().any(|key| line.starts_with(key))
        })
        .fold(String::new(), |text, line| text + line + "\n");
    let shown = Config::parse(&shown).unwrap();
    assert_eq!(format!("{:?}", template.run), format!("{:?}", shown.run));
    assert_eq!(format!("{:?}", template.schedule), format!("{:?}", shown.schedule));
    assert_eq!(format!("{:?}", template.spool), format!("{:?}", shown.spool));
    assert_eq!((template.echoes, template.window), (shown.echoes, shown.window));
    assert_eq!(template.state_dir, shown.state_dir);
    assert_eq!(template.upload_every, shown.upload_every);
    assert_eq!(template.access, None, "nothing known is nothing said");
}

#[test]
fn the_profiles_are_valid_and_afford_what_they_plan() {
    for (name, text) in [
        ("town-hall-pc", include_str!("../../../profiles/town-hall-pc/probe.toml")),
        ("raspberry-pi-4g", include_str!("../../../profiles/raspberry-pi-4g/probe.toml")),
    ] {
        let config = Config::parse(&fill_in(text)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let rules = crate::book::rules(&config).unwrap_or_else(|error| panic!("{name}: {error}"));
        let pair = ByteCount::from_bytes(2 * config.run.max_bytes.as_bytes());
        let affordable = desserte_measure::affordable_runs_per_week(rules.throughput_share(), pair);
        assert!(affordable >= 4, "{name}: {affordable} runs a week at the ceiling");
    }
}

#[test]
fn the_least_file_has_no_surprises() {
    let config = Config::parse(LEAST).unwrap();
    assert!(config.servers.is_empty() && config.targets.is_empty());
    assert_eq!(config.advice(Language::En).len(), 2);
}

#[test]
fn a_misspelt_key_is_named_with_its_path() {
    let message = refusal(&LEAST.replace("megabytes", "megabyte"));
    assert!(message.contains("`budget.megabyte`, did you mean `budget.megabytes`?"), "{message}");
    let message = refusal(&format!("{LEAST}[[servers]]\nur = \"wss://a\"\n"));
    assert!(message.contains("`servers[0].ur`, did you mean `servers[0].url`?"), "{message}");
}

#[test]
fn values_that_mean_nothing_are_refused_with_their_key() {
    let cases = [
        (LEAST.replace("lat = 46.0", "lat = 6600000.0"), "`site`"),
        (LEAST.replace("lon = 1.0", "lon = nan"), "`site`"),
        (LEAST.replace("https://c.example", "c.example"), "`collector`"),
        (LEAST.replace("megabytes = 500", "megabytes = 0"), "`budget.megabytes`"),
        (format!("{LEAST}[throughput]\nduration_s = 20.0\n"), "`throughput.duration_s`"),
        (format!("{LEAST}[latency]\necho = 3\n"), "`latency.echo`"),
        (format!("{LEAST}[access]\ndownload_mbit_per_s = 0.0\n"), "`access.download_mbit_per_s`"),
        (format!("{LEAST}[[targets]]\nid = \"A B\"\nhost = \"x\"\n"), "`targets[0].id`"),
        (format!("{LEAST}[[targets]]\nid = \"a\"\nhost = \"x\"\nmethod = \"udp\"\n"), "`targets[0].method`"),
        (format!("{LEAST}[[servers]]\nurl = \"https://x\"\n"), "`servers[0].url`"),
    ];
    for (text, key) in cases {
        let message = refusal(&text);
        assert!(message.contains(key), "{key}: {message}");
    }
}

#[test]
fn the_untouched_example_is_refused_with_everything_still_to_be_given() {
    let message = refusal(TEMPLATE);
    for key in ["collector", "site.lon", "site.lat", "servers[0].url", "targets[0].host", "targets[1].host"] {
        assert!(message.contains(key), "{key}: {message}");
    }
    let zero = TEMPLATE.replace("#lon = 0.0", "lon = 0.0").replace("#lat = 0.0", "lat = 0.0");
    assert!(refusal(&zero).contains("site.lon = 0"), "{}", refusal(&zero));
}

#[test]
fn frequent_slips_get_a_hint() {
    let message = refusal(&LEAST.replace("lon = 1.0", "lon = 1,8722"));
    assert!(message.contains("`lon = 1.8722`"), "{message}");
    let message = refusal(&format!("{LEAST}[access]\ntechnology = \"fibre\"\n"));
    assert!(message.contains("did you mean `ftth`?"), "{message}");
    let target = "[[targets]]\nid = \"a\"\nhost = ";
    let message = refusal(&format!("{LEAST}{target}\"x\"\n{target}\"y\"\n"));
    assert!(message.contains("`targets[1].id`"), "{message}");
    let small = Config::parse(&filled_template().replace("megabytes = 20000", "megabytes = 100")).unwrap();
    let ConfigFault::BudgetTooSmall { least_mb, .. } = crate::book::rules(&small).unwrap_err() else {
        panic!("another fault");
    };
    let least = filled_template().replace("megabytes = 20000", &format!("megabytes = {least_mb}"));
    assert!(crate::book::rules(&Config::parse(&least).unwrap()).is_ok());
}

#[test]
fn an_exchanged_position_is_advised_against() {
    let config = Config::parse(&LEAST.replace("lon = 1.0\nlat = 46.0", "lon = 46.0\nlat = 1.0")).unwrap();
    assert!(config.advice(Language::Fr).iter().any(|advice| advice.contains("inversés")));
}

#[test]
fn runs_are_adaptive_and_polite_unless_the_file_says_otherwise() {
    let usual = Config::parse(&filled_template()).unwrap();
    assert_eq!(usual.run.mode, ScheduledMode::Adaptive);
    assert!(usual.politeness.yields && !usual.politeness.skips);
    assert_eq!(usual.politeness.wait_max, Duration::from_secs(600));
    let rude = "#mode = \"adaptive\"";
    let text =
        filled_template().replace(rude, "mode = \"full\"").replace("#make_way = true", "make_way = false");
    let rude = Config::parse(&text).unwrap();
    assert_eq!((rude.run.mode, rude.politeness.yields), (ScheduledMode::Full, false));
    for (from, to) in
        [("#others_share = 0.05", "others_share = 0.0"), ("#wait_max_s = 600.0", "wait_max_s = 3601.0")]
    {
        assert!(Config::parse(&filled_template().replace(from, to)).is_err(), "{to}");
    }
}
