# The desk where officials sign: a client of both services by HTTP, with no way to the key process.
#
# The base is pinned by tag; pin its digest where you build (--build-arg BASE=debian@sha256:…).
ARG BASE=docker.io/library/debian:12.15-slim

FROM ${BASE} AS build
# Debian's stable release is the pin: its packages change for security alone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-pip python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY docker/requirements/build.lock docker/requirements/desk.lock ./
# A package mirror's pip.conf and authority come as build secrets, if at all: they leave no trace.
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=pip-ca.pem \
    python3 -m venv tools \
    && python3 -m venv --without-pip /opt/antin \
    && tools/bin/pip install --no-deps --require-hashes --only-binary :all: -r build.lock \
    && tools/bin/pip --python /opt/antin/bin/python install --no-deps --require-hashes --only-binary :all: -r desk.lock
COPY clients/desk desk
RUN tools/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir dist ./desk \
    && tools/bin/pip --python /opt/antin/bin/python install --no-index --no-deps dist/*.whl

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10013 desk \
    && useradd --uid 10007 --gid desk --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin desk
COPY --from=build /opt/antin /opt/antin
COPY docker/with-secrets.sh docker/check_absent.py docker/check_health.py /usr/local/bin/
ENV PATH=/opt/antin/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1
# It starts, and what it must not hold is not there.
RUN python -c "import desk.__main__, desk.serve, desk.wsgi" \
    && python /usr/local/bin/check_absent.py hsm signsvc idp policies pkcs11 grpc pyhanko

# A group of its own: not the one that may connect to the key process's sockets.
USER 10007:10013
WORKDIR /opt/antin
ENV DESK_HOST=0.0.0.0 \
    DESK_TRUSTED_PROXIES=1
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-I", "/usr/local/bin/check_health.py", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/usr/local/bin/with-secrets.sh"]
CMD ["python", "-m", "desk", "serve"]
