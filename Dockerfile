# The image of the exporter: the program, root certificates and time zones, and nothing else.
#
#	docker build --tag smartlead_exporter .
#
# `make image` does the same and tells the program its version. For several platforms at once, without emulation, as the
# compiler runs on the building machine's own:
#
#	docker buildx build --platform linux/amd64,linux/arm64 --tag … --push .

# As exact as a name can be. Where it has to be an image of certain bytes, append @sha256:… to the name below.
ARG GO_VERSION=1.26.8

FROM --platform=$BUILDPLATFORM docker.io/library/golang:${GO_VERSION}-alpine AS go

# All but the program.
FROM scratch AS base
COPY --from=go /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=go /usr/local/go/lib/time/zoneinfo.zip /usr/share/zoneinfo.zip
COPY LICENSE /LICENSE
COPY deploy/image/config.yml /etc/smartlead_exporter/config.yml
# Flags by their environment variables, so that `docker run IMAGE --log.level=debug` adds to them instead of replacing
# them, and so that the health check asks with the settings of the exporter it is about.
ENV SMARTLEAD_EXPORTER_CONFIG_FILE=/etc/smartlead_exporter/config.yml \
    ZONEINFO=/usr/share/zoneinfo.zip
# A number, so that Kubernetes can tell that it isn't root without looking into the image.
USER 65532:65532
EXPOSE 10045
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 CMD ["/bin/smartlead_exporter", "--health"]
ENTRYPOINT ["/bin/smartlead_exporter"]
ARG VERSION=unknown
ARG REVISION=unknown
ARG BUILD_DATE=unknown
LABEL org.opencontainers.image.title="smartlead_exporter" \
      org.opencontainers.image.description="Shows the statistics of Smartlead e-mail campaigns to Prometheus" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$BUILD_DATE"

# A release has its binaries before it has images: --target release takes them from the context.
FROM base AS release
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/smartlead_exporter /bin/smartlead_exporter

FROM go AS build
WORKDIR /src
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
ARG BUILD_DATE=unknown
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    package=github.com/prometheus/common/version && \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false -ldflags "-s -w \
        -X $package.Version=$VERSION -X $package.Revision=$REVISION \
        -X $package.BuildUser=smartlead_exporter -X $package.BuildDate=$BUILD_DATE" \
        -o /out/smartlead_exporter .

FROM base
COPY --from=build /out/smartlead_exporter /bin/smartlead_exporter
