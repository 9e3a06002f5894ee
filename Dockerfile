# syntax=docker/dockerfile:1
# An image that holds countersign, the libraries that it needs, certificate authorities, and nothing else: no shell, no
# package manager. scripts/image-root makes all of it, so that what is tested without a container engine is what ships.
FROM swift:6.3-bookworm AS build
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
        libyaml-dev libsodium-dev zlib1g-dev pkg-config binutils git ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN scripts/image-root /image

FROM scratch
COPY --from=build /image /
# A number: whoever checks that it is not root has no names to look up.
USER 65532:65532
ENV HOME=/home/countersign SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /home/countersign
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/countersign"]
CMD ["serve"]
