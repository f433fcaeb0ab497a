//! IP addresses and ranges, as the address operators compare them.

use std::net::IpAddr;

/// Whether an address lies in a range in CIDR form, or is that address; `None` where either of them
/// cannot be read.
///
/// "IAM User Guide, IAM JSON policy elements: Condition operators", *IP address condition
/// operators*.
pub(crate) fn lies_in(address: &str, range: &str) -> Option<bool> {
    let address: IpAddr = address.parse().ok()?;
    let (network, prefix) = match range.split_once('/') {
        Some((network, prefix)) => (network, Some(prefix.parse::<u32>().ok()?)),
        None => (range, None),
    };
    let network: IpAddr = network.parse().ok()?;
    let (bits, address, network) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (32, u128::from(address.to_bits()), u128::from(network.to_bits()))
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => (128, address.to_bits(), network.to_bits()),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return Some(false),
    };
    let host_bits = u32::checked_sub(bits, prefix.unwrap_or(bits))?;
    let differing = (address ^ network).checked_shr(host_bits).unwrap_or(0);
    Some(differing == 0)
}

#[cfg(test)]
mod tests {
    use super::lies_in;

    #[test]
    fn addresses_lie_in_ranges() {
        for (address, range, expected) in [
            ("203.0.113.1", "203.0.113.0/24", Some(true)),
            ("203.0.114.1", "203.0.113.0/24", Some(false)),
            ("203.0.113.1", "203.0.113.1", Some(true)),
            ("203.0.113.1", "0.0.0.0/0", Some(true)),
            ("2001:db8::1", "2001:DB8::/32", Some(true)),
            ("2001:db8::1", "::/0", Some(true)),
            ("2001:db8::1", "0.0.0.0/0", Some(false)),
            ("203.0.113.1", "203.0.113.0/33", None),
            ("203.0.113.1", "somewhere", None),
            ("nowhere", "203.0.113.0/24", None),
        ] {
            assert_eq!(lies_in(address, range), expected, "{address} in {range}");
        }
    }
}
