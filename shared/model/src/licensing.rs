//! Licensing: bodies of service keys and their authorisations in communities.
