"""How a person proves who they are: the journey, the factors, the upstreams. No Flask, no HTML."""
