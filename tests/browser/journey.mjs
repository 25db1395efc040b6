// The whole way of a developer, as a person would go it: from registering to a credential that works.
