//! Where a caller is: addresses in one form, countries that exist, and how far two places are from each other.

use std::net::IpAddr;

/// An address as RFC 5952 writes it; one of IPv4 that was mapped into IPv6 as the IPv4 address that it is. `None` when
/// the text is no address.
///
/// ```
/// use chancery_policy::qnsp::place::canonical_address;
///
/// assert_eq!(canonical_address("2001:DB8:0:0::1").as_deref(), Some("2001:db8::1"));
/// assert_eq!(canonical_address("::ffff:192.0.2.1").as_deref(), Some("192.0.2.1"));
/// assert_eq!(canonical_address("192.0.2.256"), None);
/// ```
pub fn canonical_address(text: &str) -> Option<String> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical().to_string())
}

/// The codes of ISO 3166-1 alpha-2 that are officially assigned.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY \
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM \
    PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT \
    ZA ZM ZW";

/// The code of a country in capitals, from any case. `None` when there is no such country.
///
/// ```
/// use chancery_policy::qnsp::place::country;
///
/// assert_eq!(country("de"), Some("DE"));
/// assert_eq!(country("XX"), None);
/// ```
pub fn country(code: &str) -> Option<&'static str> {
    COUNTRIES.split(' ').find(|known| known.eq_ignore_ascii_case(code))
}

/// Degrees north and east.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    pub latitude: f64,
    pub longitude: f64,
}

/// The earth's mean radius.
const RADIUS_KM: f64 = 6_371.0;

/// Kilometres along the great circle, on a sphere.
pub fn distance_km(from: Coordinates, to: Coordinates) -> f64 {
    let half_sine = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin();
    let north = half_sine(from.latitude, to.latitude);
    let east = half_sine(from.longitude, to.longitude);
    let parallels = from.latitude.to_radians().cos() * to.latitude.to_radians().cos();
    // Rounding may leave a little more than 1 at opposite places.
    let haversine = (north * north + parallels * east * east).clamp(0.0, 1.0);
    2.0 * RADIUS_KM * haversine.sqrt().asin()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    const BERLIN: Coordinates = Coordinates { latitude: 52.52, longitude: 13.405 };
    const NEW_YORK: Coordinates = Coordinates { latitude: 40.7128, longitude: -74.006 };

    #[test]
    fn equal_addresses_have_one_text() {
        for (text, canonical) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::FFFF:192.0.2.1", "192.0.2.1"),
            ("::ffff:c000:201", "192.0.2.1"),
            ("0:0:0:0:0:0:0:1", "::1"),
            ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("::", "::"),
        ] {
            assert_eq!(canonical_address(text).as_deref(), Some(canonical), "{text}");
        }
        for text in
            ["", "192.0.2", "192.0.2.01", "192.0.2.1:80", "[::1]", "fe80::1%eth0", "::1/64", "localhost", " ::1"]
        {
            assert_eq!(canonical_address(text), None, "{text}");
        }
    }

    #[test]
    fn there_are_249_countries() {
        let codes: Vec<_> = COUNTRIES.split(' ').collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted_by(|one, next| one < next));
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
        assert_eq!((country("uS"), country("GB")), (Some("US"), Some("GB")));
        for unknown in ["", "U", "USA", "UK", "EU", "XK", "ZZ", "D ", "D E"] {
            assert_eq!(country(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn distances_are_great_circles() {
        assert!((distance_km(BERLIN, NEW_YORK) - 6_385.0).abs() < 5.0, "{}", distance_km(BERLIN, NEW_YORK));
        let quarter = Coordinates { latitude: 90.0, longitude: 77.0 };
        let equator = Coordinates { latitude: 0.0, longitude: -12.0 };
        assert!((distance_km(quarter, equator) - 10_007.54).abs() < 0.01);
        let opposite = Coordinates { latitude: 0.0, longitude: 168.0 };
        assert!((distance_km(equator, opposite) - 20_015.09).abs() < 0.01);
        let across_the_date_line =
            (Coordinates { latitude: 0.0, longitude: 179.5 }, Coordinates { latitude: 0.0, longitude: -179.5 });
        assert!((distance_km(across_the_date_line.0, across_the_date_line.1) - 111.19).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn a_canonical_address_is_its_own_canonical_form(bits in any::<u128>(), v4 in any::<u32>()) {
            for address in [IpAddr::V6(Ipv6Addr::from(bits)), IpAddr::V4(Ipv4Addr::from(v4)),
                IpAddr::V6(Ipv4Addr::from(v4).to_ipv6_mapped())] {
                let canonical = canonical_address(&address.to_string());
                prop_assert_eq!(&canonical, &Some(address.to_canonical().to_string()));
                prop_assert_eq!(canonical.as_deref().and_then(canonical_address), canonical);
            }
        }

        #[test]
        fn a_distance_is_symmetric_and_at_most_half_the_earth(
            a in -90.0..=90.0, b in -180.0..=180.0, c in -90.0..=90.0, d in -180.0..=180.0,
        ) {
            let (one, other) = (Coordinates { latitude: a, longitude: b }, Coordinates { latitude: c, longitude: d });
            let distance = distance_km(one, other);
            prop_assert!((0.0..=20_015.1).contains(&distance));
            prop_assert!((distance - distance_km(other, one)).abs() < 1e-6);
            prop_assert!(distance_km(one, one) == 0.0);
        }
    }
}
