# The key process: the only image with a PKCS#11 module. Also its ceremony and its tools.
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
COPY docker/requirements/build.lock docker/requirements/hsm.lock ./
# A package mirror's pip.conf and authority come as build secrets, if at all: they leave no trace.
ENV PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=pip-ca.pem \
    python3 -m venv tools \
    && python3 -m venv --without-pip /opt/antin \
    && tools/bin/pip install --no-deps --require-hashes --only-binary :all: -r build.lock \
    && tools/bin/pip --python /opt/antin/bin/python install --no-deps --require-hashes --only-binary :all: -r hsm.lock
COPY pyproject.toml README.md ./
COPY hsm hsm
COPY idp idp
COPY policies policies
COPY signsvc signsvc
COPY docker/keep_context.py ./
# One wheel, of which the image keeps its own context's part; what is kept must still import.
RUN tools/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir dist . \
    && tools/bin/pip --python /opt/antin/bin/python install --no-index --no-deps dist/*.whl \
    && /opt/antin/bin/python keep_context.py hsm /opt/antin/lib/python3.11/site-packages

FROM ${BASE}
# SoftHSM stands in for the HSM; derive from this image to add a vendor's module.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsofthsm2 python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10010 antin \
    && useradd --uid 10001 --gid antin --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin hsm \
    && install -d -o hsm -g antin -m 0700 /var/lib/antin \
    && install -d -o hsm -g antin -m 0750 /run/antin/signsvc /run/antin/idp /run/antin/admin /enrolment
COPY --from=build /opt/antin /opt/antin
COPY docker/with-secrets.sh docker/check_absent.py docker/check_health.py docker/enrol_demo.py /usr/local/bin/
ENV PATH=/opt/antin/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1
# It starts, and what it must not hold is not there.
RUN python -c "import hsm.app, hsm.__main__, hsm.ceremony, hsm.schema.migrate" \
    && python /usr/local/bin/check_absent.py flask granian pyhanko.sign

USER 10001:10010
WORKDIR /var/lib/antin
ENV HSM_MODULE=/usr/lib/softhsm/libsofthsm2.so \
    SOFTHSM2_CONF=/var/lib/antin/softhsm2.conf \
    HSM_PIN_FILE=/run/secrets/pin \
    HSM_LAST_CHECKPOINT_FILE=/var/lib/antin/last-checkpoint \
    HSM_SIGNSVC__ADDRESS=unix:/run/antin/signsvc/hsm.sock \
    HSM_IDP__ADDRESS=unix:/run/antin/idp/hsm.sock \
    HSM_ADMIN__ADDRESS=unix:/run/antin/admin/hsm.sock \
    HSM_METRICS_ADDRESS=127.0.0.1:8086
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-I", "/usr/local/bin/check_health.py", "http://127.0.0.1:8086/healthz"]
ENTRYPOINT ["/usr/local/bin/with-secrets.sh"]
CMD ["python", "-m", "hsm", "serve"]
