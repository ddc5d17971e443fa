# Node 24 is a long-term-support line (until April 2028), newer than the oldest Node that the tests run on. Debian's
# slim image has the C library that the prebuilt argon2 code is made for, and little else.
FROM node:24-bookworm-slim AS build
WORKDIR /app
# The packages first: they change less often than the sources, so this layer is mostly there already.
COPY package.json package-lock.json .npmrc ./
COPY packages/verifier/package.json packages/verifier/
COPY packages/guard/package.json packages/guard/
COPY packages/pages/package.json packages/pages/
RUN npm ci
COPY prisma.config.ts tsconfig.json tsconfig.build.json ./
COPY prisma prisma
COPY proto proto
COPY scripts scripts
COPY packages packages
COPY src src
RUN npm run build
# The packages that the authority needs while it runs, and nothing else (ADR 40).
RUN npm prune --omit=dev && rm node_modules/@countersign/pages

FROM node:24-bookworm-slim
# Inside a container every address may be listened on; what is reachable from outside is decided by whoever runs it.
# The default of ISSUER holds for a loopback address only, so it has to be given.
# Proxies and orchestrators need some seconds to see that a container goes: DRAIN_DELAY.
ENV HTTP_HOST=0.0.0.0 GRPC_HOST=0.0.0.0 OPERATIONS_HOST=0.0.0.0 OPERATIONS_PORT=9464 DRAIN_DELAY=5s DATA_DIR=/data
RUN install -d -o node -g node -m 0700 /data
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# node_modules has links to these two.
COPY --from=build /app/packages/verifier packages/verifier
COPY --from=build /app/packages/guard packages/guard
# The code reads these relative to itself.
COPY prisma/migrations prisma/migrations
COPY proto proto
COPY package.json ./
# The image's user "node", by number: orchestrators see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8080 50051 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "dist/healthCheck.js"]
# Without a shell in between, so that the signal to stop arrives.
CMD ["node", "dist/main.js"]
