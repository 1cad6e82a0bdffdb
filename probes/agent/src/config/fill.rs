//! What an enrolment puts in the place of the example's values, line by line, so that comments and whatever a person wrote
//! stay as they are.

use desserte_model::EnrolmentTarget;

use super::placeholders::is_example_host;

/// What is known of a probe when it is enrolled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    /// The collector's address.
    pub(crate) collector: &'a str,
    /// Name of the site.
    pub(crate) name: &'a str,
    /// Longitude and latitude of the site.
    pub(crate) position: Option<(f64, f64)>,
    /// Addresses of measurement servers.
    pub(crate) servers: &'a [String],
    /// Whom to send echoes to.
    pub(crate) targets: &'a [EnrolmentTarget],
}

/// The text with what is known in the place of the example's values. What is not known stays the example's, which
/// every command then names as still to be given.
pub(crate) fn fill(text: &str, given: &Given<'_>) -> String {
    let mut filled =
        Filled { given, table: String::new(), servers: 0, targets: 0, target_line: None, lines: vec![] };
    text.lines().for_each(|line| filled.take(line));
    filled.end()
}

/// The text so far.
struct Filled<'a> {
    given: &'a Given<'a>,
    /// Header of the table that the next line stands in.
    table: String,
    /// Servers of the example that were replaced.
    servers: usize,
    /// Targets of the example that were replaced.
    targets: usize,
    /// Line of the present target's `id`, which stands before the host that tells whether it is the example's.
    target_line: Option<usize>,
    lines: Vec<String>,
}

impl Filled<'_> {
    fn take(&mut self, line: &str) {
        if line.starts_with('[') {
            line.trim_end().clone_into(&mut self.table);
            self.target_line = None;
        }
        let new = assignment(line).and_then(|(key, value)| self.replaced(key, value, line.starts_with('#')));
        self.lines.push(new.unwrap_or_else(|| line.to_owned()));
    }

    /// The line in the place of `key = value`, if that is the example's.
    fn replaced(&mut self, key: &str, value: &str, commented: bool) -> Option<String> {
        let text = value.trim_matches('"');
        match (self.table.as_str(), key) {
            ("", "collector") if is_example_host(text) => Some(set(key, self.given.collector)),
            ("[site]", "name") if text == "Mairie" => Some(set(key, self.given.name)),
            // The meridian of Greenwich crosses France: a figure without the sign was written by a person, zero or not.
            ("[site]", "lon" | "lat") if commented => {
                let (lon, lat) = self.given.position?;
                Some(format!("{key} = {:?}", if key == "lon" { lon } else { lat }))
            }
            ("[[servers]]", "url") if is_example_host(text) => {
                let server = self.given.servers.get(self.servers)?;
                self.servers += 1;
                Some(set(key, server))
            }
            ("[[targets]]", "id") => {
                self.target_line = Some(self.lines.len());
                None
            }
            ("[[targets]]", "host") if is_example_host(text) => {
                let target = self.given.targets.get(self.targets)?;
                self.targets += 1;
                if let Some(id) = self.target_line.and_then(|line| self.lines.get_mut(line)) {
                    *id = set("id", &target.id);
                }
                Some(set(key, &target.host))
            }
            _ => None,
        }
    }

    /// The whole text, with the servers and targets for which the example had no place; none are added to a file that a
    /// person had filled in.
    fn end(mut self) -> String {
        if self.servers > 0 {
            for server in &self.given.servers[self.servers..] {
                self.lines.extend([String::new(), "[[servers]]".to_owned(), set("url", server)]);
            }
        }
        if self.targets > 0 {
            for target in &self.given.targets[self.targets..] {
                let lines = [set("id", &target.id), set("host", &target.host)];
                self.lines.extend([String::new(), "[[targets]]".to_owned()].into_iter().chain(lines));
            }
        }
        self.lines.push(String::new());
        self.lines.join("\n")
    }
}

/// The key and the value of a line, commented out (`#key = value`) or not.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix('#').unwrap_or(line).split_once('=')?;
    Some((key.trim_end(), value.trim())).filter(|(key, _)| !key.contains(' '))
}

/// A line of TOML; its texts are written as those of JSON.
fn set(key: &str, value: &str) -> String {
    format!("{key} = {}", serde_json::Value::from(value))
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigFault, TEMPLATE};
    use super::*;

    fn targets(hosts: &[&str]) -> Vec<EnrolmentTarget> {
        let target =
            |(n, host): (usize, &&str)| EnrolmentTarget { id: format!("t{n}"), host: (*host).to_owned() };
        hosts.iter().enumerate().map(target).collect()
    }

    fn given<'a>(servers: &'a [String], targets: &'a [EnrolmentTarget]) -> Given<'a> {
        let collector = "https://c.test";
        Given {
            collector, name: "Mairie « du \"Bourg\" »", position: Some((1.87, 46.16)), servers, targets
        }
    }

    #[test]
    fn the_example_becomes_a_configuration_that_starts() {
        for example in [
            TEMPLATE,
            include_str!("../../../profiles/town-hall-pc/probe.toml"),
            include_str!("../../../profiles/raspberry-pi-4g/probe.toml"),
        ] {
            let servers = ["wss://m1.test:4443".to_owned(), "wss://m2.test".to_owned()];
            let targets = targets(&["a.test", "b.test", "d.test"]);
            let text = fill(example, &given(&servers, &targets));
            let config = Config::parse(&text).unwrap();
            assert_eq!(config.collector, "https://c.test");
            assert_eq!(config.site.name, "Mairie « du \"Bourg\" »");
            assert_eq!((config.site.point.lon(), config.site.point.lat()), (1.87, 46.16));
            assert_eq!(config.servers.len(), 2);
            let hosts: Vec<_> = config.targets.iter().map(|t| (t.id.to_string(), t.host.clone())).collect();
            let expected = [("t0", "a.test"), ("t1", "b.test"), ("t2", "d.test")];
            assert_eq!(hosts, expected.map(|(id, host)| (id.to_owned(), host.to_owned())));
            // Again: nothing is left to replace, nothing is added twice.
            assert_eq!(fill(&text, &given(&servers, &targets)), text);
        }
    }

    #[test]
    fn what_is_not_known_is_left_to_be_given_and_named() {
        let text = fill(TEMPLATE, &Given { position: None, ..given(&[], &targets(&["a.test"])) });
        let Err(ConfigFault::Placeholders(left)) = Config::parse(&text) else { panic!("it is complete") };
        let keys: Vec<_> = left.iter().map(|left| left.key.as_str()).collect();
        assert_eq!(keys, ["servers[0].url", "targets[1].host", "site.lon", "site.lat"]);
    }

    #[test]
    fn what_a_person_wrote_stays() {
        let own = "collector = \"https://own.test\"\n[site]\nname = \"École\"\nlon = 2.5\nlat = 47.0\n[[servers]]\n\
                   url = \"wss://own.test\"\n[[targets]]\nid = \"a\"\nhost = \"own.test\"\n[budget]\nmegabytes = 500\n";
        let servers = ["wss://m1.test".to_owned()];
        assert_eq!(fill(own, &given(&servers, &targets(&["x.test", "y.test"]))), own);
    }
}
