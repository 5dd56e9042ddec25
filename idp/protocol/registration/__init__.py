"""What a client may register: rules over RFC 7591, OpenID Connect Registration and the logout words."""
