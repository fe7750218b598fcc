// Writes ops/plan/capacity.json, what `sluice plan` calculates with, anew from bench/results/: node scripts/make-capacity.mjs [FILE]
import { readFileSync, writeFileSync } from 'node:fs'

const target = process.argv[2] ?? new URL('../ops/plan/capacity.json', import.meta.url)
writeFileSync(target, `${JSON.stringify(measured(), null, 2)}\n`)

function measured() {
  const [race, line, million, users, bytes] = ['peers-cluster', 'line-60000', 'million', 'users', 'call-bytes'].map(resultOf)
  const { machine } = race
  const [ticket] = million.result.memory
  const { snapshot } = million.result
  const { gatewayFigures } = line.result
  const socketsPerGateway = line.result.sockets / line.result.gateways
  const [ws, http] = ['ws', 'http'].map((transport) => bytes.result.find((report) => report.transport === transport))
  return {
    machine: `${machine.cores} cores ${machine.processor}, Node ${machine.node.replace('v', '')}`,
    callsPerCore: {
      gateway: {
        ws: perCore(race, 'cluster-ws-256', 'gateway-1'),
        http: perCore(race, 'cluster-http-256', 'gateway-1'),
        rpc: perCore(race, 'cluster-rpc-32x64', 'gateway-1'),
      },
      // In a rush its batches are full, as they are here: what comes from all gateways gathers at the owner.
      actors: perCore(race, 'cluster-rpc-32x64', 'actors-1'),
      // Of many gateways each sends frames of its own, with few calls in them.
      nats: perCore(race, 'cluster-http-256', 'nats-1'),
      redis: perCore(race, 'cluster-rpc-32x64', 'redis-1'),
    },
    hotSkuPerSecond: race.standings['cluster-rpc-32x64'].callsPerSecond.median,
    socketsPerGateway,
    coresPerSocket: Number((median(gatewayFigures.map(({ cores }) => cores)) / socketsPerGateway).toPrecision(3)),
    bytesPerSocket: median(gatewayFigures.map(({ bytesPerSocket }) => bytesPerSocket)),
    bytesPerTicket: {
      owner: ticket.actorResidentBytes,
      view: ticket.viewBytes,
      snapshot: Math.round(snapshot.bytes / snapshot.tickets),
    },
    bytesPerUser: users.result.bytesPerUser,
    bytesPerCall: {
      client: { ws: ws.bytesPerCall, http: http.bytesPerCall },
      bus: { call: ws.server.bytesPerEvent.commands + ws.server.bytesPerEvent.answers, toEachGateway: ws.server.bytesPerEvent.broadcasts },
      storeNetwork: ws.server.bytesPerEvent.storeNetwork,
      storeMemory: ws.server.bytesPerEvent.storeMemory,
    },
  }
}

/** Calls a second for each core that a process took. */
function perCore({ rounds }, load, process) {
  return Math.round(median(rounds.map(({ reports }) => reports[load].callsPerSecond / reports[load].server.coresOf[process])))
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function resultOf(name) {
  return JSON.parse(readFileSync(new URL(`../bench/results/${name}.json`, import.meta.url), 'utf8'))
}
