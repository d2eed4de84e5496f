//! Under which names a server answers.
//!
//! A page of `evil.example` may have its name resolved to 127.0.0.1 and then ask us as if we were its own origin (DNS
//! rebinding). Its browser still sends `Host: evil.example`, which is nobody we are.
//!
//! **Invariant:** on a loopback address nothing is answered under a name that another could own, unless it was named.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header, uri::Authority};

/// A name under which a server answers, such as `metrics.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl std::str::FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if text.is_empty() || !text.bytes().all(plain) {
            return Err("write a name without a scheme and without a port: `metrics.example.com`".to_owned());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// The names under which a listener answers.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    named: Vec<HostName>,
    is_loopback: bool,
}

impl Hosts {
    /// Returns the names of a listener.
    pub(super) fn new(named: &[HostName], address: IpAddr) -> Self {
        Self { named: named.to_vec(), is_loopback: address.is_loopback() }
    }

    /// Returns whether a request is for this listener. One that names no host comes from no browser.
    pub(super) fn has(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        if !self.is_loopback && self.named.is_empty() {
            return true;
        }
        let in_uri = uri.authority().map(Authority::as_str);
        let mut in_headers = headers.get_all(header::HOST).iter();
        in_uri.is_none_or(|host| self.has_host(host))
            && in_headers.all(|host| host.to_str().is_ok_and(|host| self.has_host(host)))
    }

    fn has_host(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host();
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        // An address cannot be given to another by a name server.
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || !self.is_loopback,
            Err(_) => self.named.iter().any(|known| known.0.eq_ignore_ascii_case(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(hosts: &Hosts, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().expect("a header"));
        hosts.has(&Uri::from_static("/graphql"), &headers)
    }

    #[test]
    fn a_loopback_listener_answers_under_its_own_names_only() {
        let named = ["metrics.example.com".parse().expect("a name")];
        let hosts = Hosts::new(&named, "127.0.0.1".parse().expect("an address"));
        for own in ["localhost", "LOCALHOST:4000", "127.0.0.1:4000", "[::1]:4000", "[::1]", "Metrics.example.com:80"] {
            assert!(has(&hosts, own), "{own}");
        }
        for foreign in
            ["evil.example", "evil.example:4000", "localhost.evil.example", "10.0.0.7:4000", "", "a b", "[::2]"]
        {
            assert!(!has(&hosts, foreign), "{foreign}");
        }
        let absolute = Uri::from_static("http://evil.example/graphql");
        assert!(!hosts.has(&absolute, &HeaderMap::new()));
        assert!(hosts.has(&Uri::from_static("/graphql"), &HeaderMap::new()));
    }

    #[test]
    fn another_listener_answers_under_any_name_until_one_is_named() {
        let address = "0.0.0.0".parse().expect("an address");
        assert!(has(&Hosts::new(&[], address), "anything.example"));
        let hosts = Hosts::new(&["metrics.example.com".parse().expect("a name")], address);
        assert!(!has(&hosts, "anything.example"));
        assert!(has(&hosts, "10.0.0.7:4000"), "a probe asks an address");
    }

    #[test]
    fn a_name_has_no_scheme_and_no_port() {
        for wrong in ["", "https://a.example", "a.example:80", "*"] {
            assert!(wrong.parse::<HostName>().is_err(), "{wrong}");
        }
    }
}
