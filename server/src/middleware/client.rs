//! Where a request comes from.

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, header},
};
use sqlx::types::ipnetwork::IpNetwork;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use taskwire_backend::Client;

/// The proxies whose word is taken for where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Arc<[IpNetwork]>);

impl From<&[IpNetwork]> for Proxies {
    fn from(networks: &[IpNetwork]) -> Self {
        Self(networks.into())
    }
}

impl Proxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client's address. Each proxy appends to `X-Forwarded-For` whom it heard from, so the list is read from its
    /// end, as far as trusted proxies have written it; whatever stands before that is the client's own invention.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        // In bytes: what the client invents need not be text, and hides nothing of what proxies have written after it.
        for hop in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            if !self.trusts(address) {
                break;
            }
            let Some(before) = std::str::from_utf8(hop).ok().and_then(|hop| parse(hop.trim())) else { break };
            address = before.to_canonical();
        }
        address
    }
}

/// An address, with a port or without.
fn parse(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().or_else(|_| with_port()).ok()
}

/// Puts the [`Client`] among the request's extensions, with a fresh count of its time in the database.
pub fn note(proxies: &Proxies, mut request: Request) -> Request {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(Arc::from);
    let address = peer.map(|peer| proxies.client(peer, request.headers()));
    request.extensions_mut().insert(Client { address, user_agent, ..Client::default() });
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client(trusted: &[&str], peer: &str, forwarded: &[impl AsRef<[u8]>]) -> String {
        let trusted: Vec<IpNetwork> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_ref()).unwrap());
        }
        Proxies::from(&*trusted).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        assert_eq!(client(&[], "127.0.0.1", &["198.51.100.1"]), "127.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn the_list_is_believed_as_far_as_trusted_proxies_have_written_it() {
        let trusted = &["10.0.0.0/8", "::1/128"];
        assert_eq!(client(trusted, "10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client(trusted, "10.0.0.1", &["1.1.1.1, 198.51.100.1"]), "198.51.100.1", "the first is invented");
        assert_eq!(client(trusted, "10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(
            client(trusted, "10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.0.0.2"]),
            "198.51.100.1",
            "on lines of their own"
        );
        assert_eq!(client(trusted, "::ffff:10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client(trusted, "::1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client(trusted, "::1", &["[2001:db8::7]"]), "2001:db8::7");
    }

    #[test]
    fn what_is_no_address_ends_the_list() {
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["[[2001:db8::7]]"]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.1]"]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[b"\xff\xfe, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[b"198.51.100.1, \xff"]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[] as &[&str]), "10.0.0.1");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use axum::http::HeaderValue;
    use taskwire_fuzz::{bytes, check, produce, text};

    const PIECES: &[&str] = &[
        "198.51.100.1",
        "10.0.0.1",
        "10.0.0.2",
        "::1",
        "2001:db8::7",
        "::ffff:10.0.0.1",
        "[",
        "]",
        ":4711",
        ",",
        ", ",
        " ",
        "\t",
        "unknown",
        "for=",
    ];

    fn proxies() -> Proxies {
        Proxies::from(["10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap()).as_slice())
    }

    #[test]
    fn an_address_is_read_in_each_of_its_spellings() {
        check!().with_type().for_each(|(v4, v6, port): &(u32, u128, u16)| {
            for address in [IpAddr::V4((*v4).into()), IpAddr::V6((*v6).into())] {
                assert_eq!(parse(&address.to_string()), Some(address));
                assert_eq!(parse(&SocketAddr::new(address, *port).to_string()), Some(address));
            }
            assert_eq!(parse(&format!("[{}]", std::net::Ipv6Addr::from(*v6))), Some(IpAddr::V6((*v6).into())));
        });
    }

    #[test]
    fn an_address_that_is_read_stands_there() {
        check!().with_generator(text(PIECES)).for_each(|text| {
            let Some(address) = parse(text) else { return };
            let without_port = |text: &str| text.rsplit_once(':').map(|(bare, _)| bare.to_owned()).unwrap_or_default();
            let bare =
                |text: &str| text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).to_owned();
            let spellings = [bare(text), bare(&without_port(text))];
            assert!(spellings.iter().any(|one| one.parse() == Ok(address)), "{address}");
        });
    }

    #[test]
    fn whatever_a_client_invents_it_is_where_the_proxy_heard_it_from() {
        check!().with_generator((bytes(PIECES), bytes(PIECES), produce::<bool>())).for_each(
            |(first, second, lines)| {
                let honest = b"203.0.113.9, 10.0.0.2";
                let lines = match lines {
                    true => vec![first.clone(), second.clone(), honest.to_vec()],
                    false => vec![first.clone(), [second.as_slice(), b",", honest].concat()],
                };
                let lines: Result<Vec<_>, _> = lines.into_iter().map(HeaderValue::try_from).collect();
                let Ok(lines) = lines else { return };
                let headers = lines.into_iter().map(|line| (header::HeaderName::from_static("x-forwarded-for"), line));
                let mut map = HeaderMap::new();
                for (name, line) in headers {
                    map.append(name, line);
                }
                let client = |peer: &str| proxies().client(peer.parse().unwrap(), &map).to_string();
                assert_eq!(client("10.0.0.1"), "203.0.113.9");
                assert_eq!(client("192.0.2.1"), "192.0.2.1", "whom nobody trusts says nothing");
            },
        );
    }

    #[test]
    fn the_client_is_whoever_the_last_trusted_proxy_names() {
        check!().with_generator(text(PIECES)).for_each(|line| {
            let Ok(value) = HeaderValue::try_from(line) else { return };
            let headers = HeaderMap::from_iter([(header::HeaderName::from_static("x-forwarded-for"), value)]);
            let peer: IpAddr = "10.0.0.1".parse().unwrap();
            let hops: Vec<_> = line.rsplit(',').map(|hop| parse(hop.trim()).map(|hop| hop.to_canonical())).collect();
            // Everybody before has passed it on: trusted, and an address.
            let last = hops.iter().position(|hop| hop.is_none_or(|hop| !proxies().trusts(hop)));
            let wanted = match last {
                Some(at) => hops[at].or(at.checked_sub(1).and_then(|before| hops[before])),
                None => hops.last().copied().flatten(),
            };
            assert_eq!(proxies().client(peer, &headers), wanted.unwrap_or(peer));
        });
    }
}
