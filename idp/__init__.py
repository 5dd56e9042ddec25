"""Who are you? The OpenID provider of the province: today for systems, by client_credentials."""
