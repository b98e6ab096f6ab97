# reconciler in an image: no root, nothing but Python and what it needs, every package pinned by its hash.
#
#   docker build --tag reconciler .
#   docker run --rm --read-only --tmpfs /tmp --volume "$PWD:/work" --user "$(id -u):$(id -g)" \
#     --env TIKTOK_ACCESS_TOKEN reconciler plan
#
# The tag below moves with Python's and Debian's fixes. To build the same image twice, pin it by its digest:
#   docker buildx imagetools inspect python:3.11-slim-bookworm    # prints sha256:…
#   docker build --build-arg PYTHON=python:3.11-slim-bookworm@sha256:… .
ARG PYTHON=python:3.11-slim-bookworm

# ---------------------------------------------------------------------------------------------------------------- build
FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# The packages first: they change less often than the source, and their layer is kept.
COPY requirements/build.lock requirements/runtime.lock requirements/
RUN python -m venv --without-pip /opt/reconciler \
    && pip install --require-hashes --only-binary :all: -r requirements/build.lock \
    && pip --python /opt/reconciler/bin/python install --require-hashes --only-binary :all: -r requirements/runtime.lock

COPY pyproject.toml README.md LICENSE audiences.yaml ./
COPY schemas schemas
COPY examples examples
COPY reconciler reconciler
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/reconciler/bin/python install --no-deps --no-index dist/*.whl

# ------------------------------------------------------------------------------------------------------------------ run
FROM ${PYTHON}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="reconciler" \
      org.opencontainers.image.description="TikTok audiences managed like infrastructure" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"

COPY --from=build /opt/reconciler /opt/reconciler

# Its home is where anyone may write, whichever user it runs as; nothing else of the image is ever written to.
ENV PATH="/opt/reconciler/bin:${PATH}" \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1

WORKDIR /work
USER 10001:10001
ENTRYPOINT ["reconciler"]
CMD ["--help"]
