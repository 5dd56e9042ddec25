# The identity provider and its worker: a web context, without any way to load PKCS#11.
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
COPY docker/requirements/build.lock docker/requirements/idp.lock ./
# A package mirror's pip.conf and authority come as build secrets, if at all: they leave no trace.
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=pip-ca.pem \
    python3 -m venv tools \
    && python3 -m venv --without-pip /opt/antin \
    && tools/bin/pip install --no-deps --require-hashes --only-binary :all: -r build.lock \
    && tools/bin/pip --python /opt/antin/bin/python install --no-deps --require-hashes --only-binary :all: -r idp.lock
COPY pyproject.toml README.md ./
COPY hsm hsm
COPY idp idp
COPY policies policies
COPY signsvc signsvc
COPY docker/keep_context.py ./
# One wheel, of which the image keeps its own context's part; what is kept must still import.
RUN tools/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir dist . \
    && tools/bin/pip --python /opt/antin/bin/python install --no-index --no-deps dist/*.whl \
    && /opt/antin/bin/python keep_context.py idp /opt/antin/lib/python3.11/site-packages

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10010 antin \
    && useradd --uid 10002 --gid antin --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin idp
COPY --from=build /opt/antin /opt/antin
COPY docker/with-secrets.sh docker/check_absent.py docker/check_health.py docker/register-demo.sh /usr/local/bin/
ENV PATH=/opt/antin/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1
# It starts, and what it must not hold is not there.
RUN python -c "import idp.app, idp.serve, idp.work, idp.__main__" \
    && python /usr/local/bin/check_absent.py hsm.token hsm.acts.sign pkcs11

# The group is the one that may connect to the key process's socket.
USER 10002:10010
WORKDIR /opt/antin
ENV IDP_HOST=0.0.0.0 \
    IDP_KEY_PROCESS=unix:/run/antin/idp/hsm.sock
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-I", "/usr/local/bin/check_health.py", "http://127.0.0.1:8081/healthz"]
ENTRYPOINT ["/usr/local/bin/with-secrets.sh"]
CMD ["python", "-m", "idp", "serve"]
