# The image of ASHAT: operator, checks, agent and `deploy` in one. What it holds is put together by scripts/image.ts, the same that builds the image
# without an engine (`npm run image`), so there is one list of contents. The Node that runs in it is the one of package-lock.json.
#
#     docker build -t ashat .
#     docker build -t ashat --build-arg SOURCE_DATE_EPOCH=0 --output type=docker,rewrite-timestamp=true .    (reproducible)
#
# Where this was written there was no engine: a test reads it, nobody has built it yet. What it runs (scripts/image.ts --rootfs) is tested.
#
# Tags move. To pin what builds, name it by digest: --build-arg BUILD_IMAGE=node@sha256:... ; nothing of it is in the result.
ARG BUILD_IMAGE=node:24.21.0-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY LICENSE ./
COPY src src
COPY scripts scripts
ARG SOURCE_DATE_EPOCH=0
RUN apt-get update && SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} node scripts/image.ts --rootfs /rootfs

FROM scratch
COPY --from=build /rootfs/ /
USER 65532:65532
ENV PATH=/usr/bin HOME=/home/nonroot NODE_ENV=production
WORKDIR /
ENTRYPOINT ["/usr/bin/node", "/ashat.mjs"]
LABEL org.opencontainers.image.title="ashat" \
      org.opencontainers.image.description="Moves an update from ALPHA through the Public server and OMEGA to the Licensed Mainframes: verified, approved, recorded." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
