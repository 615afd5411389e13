//! The names under which this machine can be reached: what a certificate for it should cover.
//! Asks the operating system, and decides nothing about certificates.

use std::net::IpAddr;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use tokio_rustls::rustls::pki_types::{DnsName, ServerName};

use super::settings::Subject;

/// The name everybody has for the machine they sit at (RFC 6761 §6.3).
const LOCALHOST: &str = "localhost";

/// The most network addresses that go into a certificate. Machines full of containers have hundreds.
const LAN_ADDRESSES_MAX: usize = 16;

/// This machine's own name, if it has one that can stand in a certificate.
#[must_use]
pub fn host_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    DnsName::try_from(name.as_str()).is_ok().then_some(name)
}

/// The addresses under which other machines nearby reach this one, at most `LAN_ADDRESSES_MAX`.
#[must_use]
pub fn lan_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else {
        return Vec::new();
    };
    let mut addresses: Vec<IpAddr> = interfaces
        .filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP))
        .filter_map(|interface| address_of(&interface))
        .filter(|ip| lasts(*ip))
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.truncate(LAN_ADDRESSES_MAX);
    addresses
}

/// All names that a certificate for this machine should cover, each once.
pub(crate) fn names_to_cover(subject: &Subject) -> Vec<ServerName<'static>> {
    let dns = [LOCALHOST.to_owned()]
        .into_iter()
        .chain(host_name())
        .chain(subject.dns.iter().cloned())
        .filter_map(|name| ServerName::try_from(name).ok());
    let loopback = [
        IpAddr::from(std::net::Ipv4Addr::LOCALHOST),
        IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
    ];
    let lan = if subject.auto_lan_ips {
        lan_addresses()
    } else {
        Vec::new()
    };
    let ips = loopback
        .into_iter()
        .chain(lan)
        .chain(subject.ips.iter().copied())
        .map(|ip| ServerName::IpAddress(ip.into()));
    let mut names: Vec<ServerName<'static>> = Vec::new();
    for name in dns.chain(ips) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn address_of(interface: &InterfaceAddress) -> Option<IpAddr> {
    let address = interface.address.as_ref()?;
    match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
        (Some(v4), _) => Some(IpAddr::V4(v4.ip())),
        (_, Some(v6)) => Some(IpAddr::V6(v6.ip())),
        _ => None,
    }
}

/// Whether the address will be the same tomorrow, and can stand in a URL today.
///
/// Link-local addresses need a zone, which URLs do not have. Global IPv6 addresses of people's
/// machines change every day (RFC 8981), so a certificate would miss them soon.
fn lasts(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_last_are_kept_and_others_left_out() {
        for (address, kept) in [
            ("192.168.1.7", true),
            ("10.0.0.1", true),
            ("203.0.113.9", true),
            ("fd12:3456::1", true),
            ("127.0.0.1", false),
            ("169.254.7.7", false),
            ("0.0.0.0", false),
            ("::1", false),
            ("fe80::1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(lasts(address.parse().unwrap()), kept, "{address}");
        }
    }

    #[test]
    fn the_names_are_this_machine_s_and_those_asked_for_each_once() {
        let subject = Subject {
            dns: vec!["chat.example.org".to_owned(), "localhost".to_owned()],
            ips: vec!["203.0.113.9".parse().unwrap(), "127.0.0.1".parse().unwrap()],
            auto_lan_ips: false,
            ..Subject::default()
        };
        let names: Vec<String> = names_to_cover(&subject)
            .iter()
            .map(|name| name.to_str().into_owned())
            .collect();
        let mut expected = vec!["localhost".to_owned()];
        expected.extend(host_name().filter(|name| name != "localhost"));
        expected.extend(["chat.example.org", "127.0.0.1", "::1", "203.0.113.9"].map(String::from));
        assert_eq!(names, expected);
    }

    #[test]
    fn every_address_of_the_local_network_is_named_unless_switched_off() {
        let names = names_to_cover(&Subject::default());
        for ip in lan_addresses() {
            assert!(names.contains(&ServerName::IpAddress(ip.into())), "{ip}");
        }
    }
}
