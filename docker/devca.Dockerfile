# The development CA, OCSP responder and time-stamping authority of the demonstration. Never for real use.
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
COPY docker/requirements/build.lock docker/requirements/devca.lock ./
# A package mirror's pip.conf and authority come as build secrets, if at all: they leave no trace.
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=pip-ca.pem \
    python3 -m venv tools \
    && python3 -m venv --without-pip /opt/antin \
    && tools/bin/pip install --no-deps --require-hashes --only-binary :all: -r build.lock \
    && tools/bin/pip --python /opt/antin/bin/python install --no-deps --require-hashes --only-binary :all: -r devca.lock
COPY clients/devca devca
RUN tools/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir dist ./devca \
    && tools/bin/pip --python /opt/antin/bin/python install --no-index --no-deps dist/*.whl

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10010 antin \
    && useradd --uid 10004 --gid antin --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin devca \
    && install -d -o devca -g antin -m 0700 /var/lib/antin \
    && install -d -o devca -g antin -m 0750 /authority/public /authority/enrolment
COPY --from=build /opt/antin /opt/antin
COPY docker/check_health.py docker/init-devca.sh /usr/local/bin/
ENV PATH=/opt/antin/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1
RUN python -c "import devca.__main__, devca.app"

USER 10004:10010
WORKDIR /opt/antin
ENV DEVCA_DIRECTORY=/var/lib/antin/devca
EXPOSE 8085
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-I", "/usr/local/bin/check_health.py", "http://127.0.0.1:8085/healthz"]
CMD ["devca", "serve", "--host", "0.0.0.0"]
