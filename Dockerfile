# Sluice in a container: docker build -t sluice .
# Debian 13, because uWebSockets.js has binaries for Node 24 only for its C library and later.

FROM node:24-trixie-slim AS build
WORKDIR /sluice
COPY package.json package-lock.json ./
# No package of ours needs its install script: lmdb and msgpackr bring binaries.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs

FROM node:24-trixie-slim AS packages
WORKDIR /sluice
COPY package.json package-lock.json ./
# Without the binaries of uWebSockets.js for other systems and other Nodes (a Node's own is in its name), which are most of its 200 MB.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && find node_modules/uws-new -name '*.node' ! -name "uws_linux_*_$(node -p process.versions.modules).node" -delete \
  && rm -rf node_modules/uws-old

FROM node:24-trixie-slim
ENV NODE_ENV=production
# An empty folder that is the user's, so that a named volume mounted there is too.
RUN install -d -o node -g node -m 0700 /data
WORKDIR /sluice
COPY --from=packages /sluice/node_modules node_modules
COPY --from=build /sluice/dist dist
COPY package.json LICENSE ./
USER node

# A container's loopback reaches nobody. Other addresses ask for a key, and the ops port has to stay inside: publish 7080 and, if services need it, 7082.
ENV SLUICE_HOST=0.0.0.0 SLUICE_RPC_HOST=0.0.0.0 SLUICE_OPS_HOST=0.0.0.0 SLUICE_DATA_FOLDER=/data
EXPOSE 7080 7081 7082
# Alive, not ready: a node that waits for NATS or Redis must not be restarted for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "dist/ops/deploy/health-check.js"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/ops/main.js"]
CMD ["start"]
