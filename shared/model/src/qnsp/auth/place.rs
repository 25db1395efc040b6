//! Where a sign-in comes from.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    body,
    ids::Invalid,
    qnsp::{Number, Text},
};

/// An address in its canonical form; one of IPv4 that was mapped into IPv6 as the IPv4 address that it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct IpAddress(String);

impl IpAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IpAddress {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let address = text.parse::<IpAddr>().map_err(|_| Invalid("must be an IP address"))?;
        Ok(Self(address.to_canonical().to_string()))
    }
}

/// Two letters, in capitals however they were written. Whether there is such a country is not said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CountryCode(String);

impl CountryCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CountryCode {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if is_code { Ok(Self(text.to_ascii_uppercase())) } else { Err(Invalid("must be two letters")) }
    }
}

body! {
    pub struct GeoLocation {
        #[schema(value_type = Option<String>)]
        pub country: Option<CountryCode> as "country",
        pub city: Option<Text<0, 2000>> as "city",
        pub latitude: Option<Number<-90, 90>> as "latitude",
        pub longitude: Option<Number<-180, 180>> as "longitude",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_countries_have_one_form() {
        let address = |text: &str| IpAddress::try_from(text.to_owned()).map(|address| address.0);
        assert_eq!(address("::ffff:192.0.2.1").as_deref(), Ok("192.0.2.1"));
        assert_eq!(address("2001:DB8::0001").as_deref(), Ok("2001:db8::1"));
        assert!(address("192.0.2.1:80").is_err() && address("localhost").is_err());
        let country = |text: &str| CountryCode::try_from(text.to_owned()).map(|country| country.0);
        assert_eq!(country("de").as_deref(), Ok("DE"));
        assert!(country("DEU").is_err() && country("D1").is_err() && country("ö").is_err());
    }
}
