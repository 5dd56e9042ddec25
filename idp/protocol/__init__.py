"""OAuth's rules as pure functions: no request object, no clock, no store. Time is passed in."""
