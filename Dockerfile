# docker build -t telltale .                     the service
# docker build -t telltale-broker --target broker .   Mosquitto with our configuration
# Both are Debian 12 and packages: the first installs the one that scripts/package.sh makes.

FROM debian:12 AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
COPY scripts/packages.sh scripts/packages.sh
RUN source scripts/packages.sh && need_packages build package
COPY . .
ARG TELLTALE_REVISION=unknown
RUN bash scripts/package.sh /out

FROM debian:12-slim AS broker
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN groupadd --system --gid 10002 mosquitto && useradd --system --uid 10002 --gid mosquitto --home-dir /var/lib/mosquitto --shell /usr/sbin/nologin mosquitto \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends mosquitto openssl && rm -rf /var/lib/apt/lists/* \
 && install -d -o mosquitto -g mosquitto -m 700 /var/lib/mosquitto
COPY broker/mosquitto-production.conf /etc/mosquitto/telltale.d/production.conf
COPY broker/acl.example deploy/compose/acl.extra /usr/share/telltale/
COPY deploy/compose/mosquitto.conf /etc/mosquitto/compose.conf
COPY --chmod=755 deploy/pki.sh /usr/bin/telltale-pki
COPY --chmod=755 deploy/compose/first-start.sh /usr/bin/first-start
USER 10002:10002
VOLUME /var/lib/mosquitto
EXPOSE 8883 8884
CMD ["/usr/sbin/mosquitto", "-c", "/etc/mosquitto/compose.conf"]

# Last, so that it is what `docker build` makes.
FROM debian:12-slim AS telltale
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN --mount=type=bind,from=build,source=/out,target=/out \
    groupadd --system --gid 10001 telltale && useradd --system --uid 10001 --gid telltale --home-dir /var/lib/telltale --shell /usr/sbin/nologin telltale \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends /out/telltale.deb && rm -rf /var/lib/apt/lists/*
# In a container others have to reach it; keys are asked for all the same (docs/rest.md).
ENV TELLTALE_HTTP__LISTEN=0.0.0.0:8080
USER 10001:10001
WORKDIR /var/lib/telltale
VOLUME /var/lib/telltale
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s CMD ["/usr/bin/telltale", "healthcheck"]
ENTRYPOINT ["/usr/bin/telltale"]
CMD ["serve", "--config", "/etc/telltale/telltale.toml"]
