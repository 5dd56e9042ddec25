# The public page where anybody checks a signed document: no key, no database, no way to the key process.
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
COPY docker/requirements/build.lock docker/requirements/verify.lock ./
# A package mirror's pip.conf and authority come as build secrets, if at all: they leave no trace.
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=pip-ca.pem \
    python3 -m venv tools \
    && python3 -m venv --without-pip /opt/antin \
    && tools/bin/pip install --no-deps --require-hashes --only-binary :all: -r build.lock \
    && tools/bin/pip --python /opt/antin/bin/python install --no-deps --require-hashes --only-binary :all: -r verify.lock
COPY clients/verify verify
RUN tools/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir dist ./verify \
    && tools/bin/pip --python /opt/antin/bin/python install --no-index --no-deps dist/*.whl

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10012 verify \
    && useradd --uid 10006 --gid verify --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin verify \
    && install -d -o verify -g verify -m 0700 /var/lib/antin /var/lib/antin/kept
COPY --from=build /opt/antin /opt/antin
COPY docker/check_absent.py docker/check_health.py /usr/local/bin/
ENV PATH=/opt/antin/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1
# It starts, and what it must not hold is not there.
RUN python -c "import antin_verify.__main__, antin_verify.app" \
    && python /usr/local/bin/check_absent.py hsm signsvc idp policies pkcs11 sqlalchemy pyhanko

# A group of its own: not the one that may connect to the key process's sockets.
USER 10006:10012
WORKDIR /opt/antin
ENV VERIFY_HOST=0.0.0.0 \
    VERIFY_TRUSTED_PROXIES=1 \
    VERIFY_KEPT_DIR=/var/lib/antin/kept
EXPOSE 8088
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-I", "/usr/local/bin/check_health.py", "http://127.0.0.1:8088/healthz"]
CMD ["python", "-m", "antin_verify", "serve"]
