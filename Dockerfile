# syntax=docker/dockerfile:1
# The release binary on a base that holds the C library, libstdc++ and certificate authorities, and no shell.
FROM swift:6.3-bookworm AS build
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
        libyaml-dev libsodium-dev zlib1g-dev libssl-dev libcurl4-openssl-dev libnghttp2-dev pkg-config binutils git \
        ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN scripts/build && install -D .build/release/countersign /out/countersign

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/countersign /usr/local/bin/countersign
USER nonroot
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/countersign"]
CMD ["serve"]
