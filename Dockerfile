# One image for all services: SERVICES picks what a container runs (docs/configuration.md).
# docker build -t moleculer-commerce . ; scripts/build-docker-images.sh builds and pushes it with a tag and labels.

# The version of .nvmrc, with which everything was tested.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not in the image: Node by npm (183 MB), which the base has; declarations and source maps, which nothing reads (57 MB).
RUN ["npm", "ci", "--ignore-scripts", "--omit=dev"]
RUN ["find", "node_modules", "-depth", "(", \
	"-path", "node_modules/node-linux-*", "-o", "-path", "node_modules/node-win-*", "-o", "-path", "node_modules/.bin", "-o", "-path", "node_modules/.bin/*", \
	"-o", "-type", "f", "-regex", ".*[.]\\(map\\|d[.][cm]?ts\\)", ")", "-delete"]

FROM ${NODE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="moleculer-commerce" \
	org.opencontainers.image.description="An order-taking commerce backend" \
	org.opencontainers.image.licenses="MIT" \
	org.opencontainers.image.version="${VERSION}" \
	org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY . .
# Types are stripped at the first import, which takes half of a start: the results are in the image, for this user.
# A volume at /data gets the owner that the folder has here.
RUN ["install", "--directory", "--owner=10001", "--group=10001", "/app/.cache", "/data"]
USER 10001:10001
# A home, because the SDK of AWS asks for one; a user without an entry in /etc/passwd has none.
ENV HOME=/tmp \
	HOST=0.0.0.0 \
	HEALTH_PORT=9000 \
	METRICS_PORT=9100 \
	NODE_ENV=production \
	NODE_COMPILE_CACHE=/app/.cache/compile
RUN ["node", "scripts/fill-compile-cache.ts"]
# Of the gateway, of health checks and of metrics.
EXPOSE 8080 9000 9100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["node", "launch/health-check.cjs"]
# Another command of cli/ takes its place: docker run … moleculer-commerce cli/migrate.ts
ENTRYPOINT ["node"]
CMD ["cli/node.ts"]
