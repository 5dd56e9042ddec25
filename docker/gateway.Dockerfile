# The gateway: TLS in front of the identity provider and the signing service.
#
# The base is pinned by tag; pin its digest where you build (--build-arg BASE=debian@sha256:…).
ARG BASE=docker.io/library/debian:12.15-slim

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx-light \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled \
    && useradd --uid 10005 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin gateway
COPY docker/gateway.conf docker/gateway-proxy.conf /etc/antin/
COPY docker/check-gateway.sh /usr/local/bin/

USER 10005:10005
EXPOSE 8441 8442 8443 8444
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/usr/local/bin/check-gateway.sh"]
STOPSIGNAL SIGQUIT
CMD ["nginx", "-e", "stderr", "-c", "/etc/antin/gateway.conf"]
