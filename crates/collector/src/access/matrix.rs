//! The permission matrix, as data: what each route needs, and who has it.

use desserte_store::Role;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// Nothing.
    Public,
    /// To read names, sites and states of probes and invitations, of the caller's own territory.
    ReadProbes,
    /// To withdraw invitations of the caller's own territory.
    Withdraw,
    /// To make invitations for the caller's own territory. No route of the interface gives it: a token that was stolen must not let probes in.
    Invite,
    /// To be somebody.
    Person,
    /// To read who asked what.
    ReadAudit,
}

impl Right {
    /// The word that stands in the audit log.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::ReadProbes => "read-probes",
            Self::Withdraw => "withdraw",
            Self::Invite => "invite",
            Self::Person => "person",
            Self::ReadAudit => "read-audit",
        }
    }

    /// Whether whoever has this role (`None`: the public) has it.
    pub(super) fn is_given_to(self, role: Option<Role>) -> bool {
        let column = match role {
            None => 0,
            Some(Role::Association) => 1,
            Some(Role::Commune) => 2,
            Some(Role::Departement) => 3,
            Some(Role::Administrator) => 4,
        };
        GIVEN.iter().find(|(right, _)| *right == self).is_some_and(|(_, given)| given[column])
    }
}

/// Rows are rights; columns are the public, associations, communes, départements, administrators.
const GIVEN: [(Right, [bool; 5]); 6] = [
    (Right::Public, [true, true, true, true, true]),
    (Right::ReadProbes, [false, false, true, true, true]),
    (Right::Withdraw, [false, false, false, true, true]),
    (Right::Invite, [false, false, false, true, true]),
    (Right::Person, [false, true, true, true, true]),
    (Right::ReadAudit, [false, false, false, false, true]),
];

/// Where the pages of the administration begin: who asks there shows a session, not a token.
pub(crate) const PAGES_PREFIX: &str = "/administration";

/// Every page of the administration; the other pages and files of open data are for everyone.
pub(super) const PAGES: &[(&str, &str, Right)] = &[
    ("GET", "/administration", Right::ReadProbes),
    ("GET", "/administration/connexion", Right::Public),
    ("POST", "/administration/connexion", Right::Public),
    ("GET", "/administration/connexion/openid", Right::Public),
    ("GET", "/administration/connexion/retour", Right::Public),
    ("POST", "/administration/deconnexion", Right::Person),
    ("POST", "/administration/invitations", Right::Invite),
    ("POST", "/administration/invitations/{number}/retrait", Right::Withdraw),
    ("GET", "/administration/journal", Right::ReadAudit),
];

/// Every route of the interface.
pub(super) const ROUTES: &[(&str, &str, Right)] = &[
    ("POST", "/api/v1/batches", Right::Public),
    ("POST", "/api/v1/enrolments", Right::Public),
    ("GET", "/api/v1/time", Right::Public),
    ("GET", "/api/v1/communes/{code}", Right::Public),
    ("GET", "/api/v1/departements/{code}", Right::Public),
    ("GET", "/api/v1/service", Right::Public),
    ("GET", "/api/v1/service/departements/{code}", Right::Public),
    ("GET", "/api/v1/service/communes/{code}", Right::Public),
    ("GET", "/api/v1/equity", Right::Public),
    ("GET", "/api/v1/perequation", Right::Public),
    ("GET", "/api/v1/perequation/{name}", Right::Public),
    ("GET", "/api/v1/probes", Right::Public),
    ("GET", "/api/v1/seals", Right::Public),
    ("GET", "/api/v1/seals/{day}", Right::Public),
    ("GET", "/v2/nearest/ndt/ndt7", Right::Public),
    ("POST", "/api/v1/contributions", Right::Public),
    ("POST", "/api/v1/contributions/erasure", Right::Public),
    ("GET", "/api/v1/contributions/communes/{code}", Right::Public),
    ("GET", "/api/v1/openapi.json", Right::Public),
    ("GET", "/healthz", Right::Public),
    ("GET", "/readyz", Right::Public),
    ("GET", "/metrics", Right::Public),
    ("GET", "/metrics/territoire", Right::Public),
    ("GET", "/metrics/targets", Right::Public),
    ("GET", "/api/v1/admin/probes", Right::ReadProbes),
    ("DELETE", "/api/v1/admin/invitations/{number}", Right::Withdraw),
    ("GET", "/api/v1/admin/audit", Right::ReadAudit),
];

/// What a request needs. In the administration whatever is not in the tables needs the most.
pub(super) fn right_of(method: &str, path: &str) -> Right {
    // A HEAD is answered as its GET is.
    let method = if method == "HEAD" { "GET" } else { method };
    let known = ROUTES.iter().chain(PAGES).find(|(m, p, _)| *m == method && *p == path);
    match known {
        Some((_, _, right)) => *right,
        None if path.starts_with("/api/v1/admin/") || path.starts_with(PAGES_PREFIX) => Right::ReadAudit,
        None => Right::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_route_is_in_the_table_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(&crate::openapi_json()).unwrap();
        let mut published: Vec<(String, String)> = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                published.push((method.to_uppercase(), path.clone()));
            }
        }
        let mut table: Vec<(String, String)> =
            ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
        published.sort_unstable();
        table.sort_unstable();
        assert_eq!(published, table);
    }

    #[test]
    fn an_address_of_the_administration_that_nobody_thought_of_is_closed() {
        assert_eq!(right_of("GET", "/api/v1/admin/else"), Right::ReadAudit);
        assert_eq!(right_of("PUT", "/api/v1/admin/probes"), Right::ReadAudit);
        assert_eq!(right_of("HEAD", "/api/v1/admin/probes"), Right::ReadProbes);
        assert_eq!(right_of("GET", "/administration/else"), Right::ReadAudit);
        assert_eq!(right_of("DELETE", "/administration/connexion"), Right::ReadAudit);
    }
}
