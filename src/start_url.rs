//! Which URLs people should open: for the start banner, and for a client that speaks the wrong protocol on a port.
//! Pure: the names and addresses of this machine are handed in, and nobody is asked for a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::Host;
use crate::http::target::Scheme;

/// Under which names this machine can be reached by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its own name, if it has one. Whether others can resolve it is not known.
    pub host_name: Option<String>,
    /// Its addresses on the networks around it.
    pub lan_addresses: Vec<IpAddr>,
}

/// The URLs to print for a port that is bound to `bound`: for others first, for this machine itself last.
///
/// One, unless all addresses are listened on.
#[must_use]
pub fn to_print(host: &Host, scheme: Scheme, bound: SocketAddr, machine: &Machine) -> Vec<String> {
    let port = bound.port();
    let named = |name: &str| format!("{}://{name}:{port}", scheme.as_str());
    if let Host::Name(name) = host {
        return vec![named(name)];
    }
    let own_name = machine
        .host_name
        .iter()
        .filter(|_| bound.ip().is_unspecified());
    let addresses = reachable(bound, machine);
    own_name
        .map(|name| named(name))
        .chain(addresses.into_iter().map(|at| reached_at(host, scheme, at)))
        .collect()
}

/// The addresses at which a port that is bound to `bound` is reached: for others first, for this machine itself last.
#[must_use]
pub fn reachable(bound: SocketAddr, machine: &Machine) -> Vec<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return vec![bound];
    }
    machine
        .lan_addresses
        .iter()
        // `::` takes IPv4 connections as well, `0.0.0.0` takes no others.
        .filter(|ip| ip.is_ipv4() || bound.is_ipv6())
        .chain([&IpAddr::V4(Ipv4Addr::LOCALHOST)])
        .map(|ip| SocketAddr::new(*ip, bound.port()))
        .collect()
}

/// The URL that leads to `address`, at which a connection came in or could.
///
/// On the machine itself, the two sides have different hosts: cookies ignore ports, so with one host for
/// both, each side would see the other's sessions.
#[must_use]
pub fn reached_at(host: &Host, scheme: Scheme, address: SocketAddr) -> String {
    let (ip, port) = (address.ip().to_canonical(), address.port());
    let is_localhost = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST;
    let listens_on_both = *host == Host::Localhost;
    let authority = match scheme {
        Scheme::Https if is_localhost => format!("localhost:{port}"),
        // Where ::1 alone is listened on, 127.0.0.1 would lead nowhere.
        Scheme::Http if is_localhost && listens_on_both => {
            format!("{}:{port}", Ipv4Addr::LOCALHOST)
        }
        _ => SocketAddr::new(ip, port).to_string(),
    };
    format!("{}://{authority}", scheme.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        match text.parse() {
            Ok(ip) => Host::Address(ip),
            Err(_) if text == "localhost" => Host::Localhost,
            Err(_) => Host::Name(text.to_owned()),
        }
    }

    #[test]
    fn each_side_is_named_by_the_host_that_keeps_their_cookies_apart() {
        use Scheme::{Http, Https};
        for (listened_on, scheme, address, url) in [
            ("localhost", Http, "127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost", Http, "[::1]:8080", "http://127.0.0.1:8080"),
            (
                "localhost",
                Https,
                "127.0.0.1:8443",
                "https://localhost:8443",
            ),
            ("localhost", Https, "[::1]:8443", "https://localhost:8443"),
            ("127.0.0.1", Http, "127.0.0.1:80", "http://127.0.0.1:80"),
            ("127.0.0.1", Https, "127.0.0.1:443", "https://localhost:443"),
            // Where only one address is listened on, another one would lead nowhere.
            ("::1", Http, "[::1]:80", "http://[::1]:80"),
            ("::1", Https, "[::1]:443", "https://localhost:443"),
            ("127.0.0.2", Https, "127.0.0.2:443", "https://127.0.0.2:443"),
            ("::", Http, "[::ffff:10.0.0.7]:80", "http://10.0.0.7:80"),
            ("::", Http, "[fd12::1]:80", "http://[fd12::1]:80"),
            ("0.0.0.0", Https, "10.0.0.7:443", "https://10.0.0.7:443"),
            ("0.0.0.0", Http, "127.0.0.1:80", "http://127.0.0.1:80"),
            ("0.0.0.0", Https, "127.0.0.1:443", "https://localhost:443"),
            ("a.example", Http, "10.0.0.7:80", "http://10.0.0.7:80"),
        ] {
            let told = reached_at(&host(listened_on), scheme, address.parse().unwrap());
            assert_eq!(told, url, "listening on {listened_on}");
        }
    }

    #[test]
    fn an_address_that_stands_for_all_is_no_address_to_open() {
        let machine = Machine {
            host_name: Some("desk".to_owned()),
            lan_addresses: vec!["192.168.1.7".parse().unwrap(), "fd12::1".parse().unwrap()],
        };
        for (bound, reached) in [
            ("127.0.0.1:19000", &["127.0.0.1:19000"][..]),
            ("10.0.0.7:19000", &["10.0.0.7:19000"]),
            ("0.0.0.0:19000", &["192.168.1.7:19000", "127.0.0.1:19000"]),
            (
                "[::]:19000",
                &["192.168.1.7:19000", "[fd12::1]:19000", "127.0.0.1:19000"],
            ),
        ] {
            let addresses = reachable(bound.parse().unwrap(), &machine);
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            assert_eq!(addresses, reached, "{bound}");
        }
    }

    #[test]
    fn every_way_in_is_printed_and_no_other() {
        use Scheme::{Http, Https};
        let machine = Machine {
            host_name: Some("desk".to_owned()),
            lan_addresses: vec!["192.168.1.7".parse().unwrap(), "fd12::1".parse().unwrap()],
        };
        for (listened_on, scheme, bound, urls) in [
            (
                "localhost",
                Http,
                "127.0.0.1:8080",
                &["http://127.0.0.1:8080"][..],
            ),
            (
                "localhost",
                Https,
                "127.0.0.1:8443",
                &["https://localhost:8443"],
            ),
            (
                "192.168.1.7",
                Http,
                "192.168.1.7:80",
                &["http://192.168.1.7:80"],
            ),
            (
                "a.example",
                Https,
                "192.168.1.7:443",
                &["https://a.example:443"],
            ),
            (
                "0.0.0.0",
                Http,
                "0.0.0.0:80",
                &[
                    "http://desk:80",
                    "http://192.168.1.7:80",
                    "http://127.0.0.1:80",
                ],
            ),
            (
                "::",
                Https,
                "[::]:443",
                &[
                    "https://desk:443",
                    "https://192.168.1.7:443",
                    "https://[fd12::1]:443",
                    "https://localhost:443",
                ],
            ),
        ] {
            let bound = bound.parse().unwrap();
            let printed = to_print(&host(listened_on), scheme, bound, &machine);
            assert_eq!(printed, urls, "listening on {listened_on}");
        }
    }

    #[test]
    fn a_machine_without_name_and_network_still_has_itself() {
        let machine = Machine {
            host_name: None,
            lan_addresses: Vec::new(),
        };
        let bound = "[::]:80".parse().unwrap();
        let printed = to_print(&host("::"), Scheme::Http, bound, &machine);
        assert_eq!(printed, ["http://127.0.0.1:80"]);
    }
}
