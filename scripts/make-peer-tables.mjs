// Writes the tables of docs/peers.md anew from bench/results/: node scripts/make-peer-tables.mjs [FILE]
import { readFileSync, writeFileSync } from 'node:fs'

const page = new URL('../docs/peers.md', import.meta.url)
const target = process.argv[2] ?? page

/** What stands in a table: who, and whose multiple of it is told. Names are those of the results. */
const tables = {
  'peers-embedded': {
    ours: ['sluice-rpc-32x64', 'sluice-ws-256', 'sluice-http-256', 'sluice-http-64'],
    columns: { 'by msgpack-RPC': () => 'sluice-rpc-32x64', 'by HTTP': () => 'sluice-http-256' },
  },
  'peers-cluster': {
    ours: ['cluster-rpc-32x64', 'cluster-ws-256', 'cluster-http-256', 'cluster-http-64'],
    columns: {
      'by msgpack-RPC': () => 'cluster-rpc-32x64',
      'by WebSocket': () => 'cluster-ws-256',
      'by HTTP': (their) => (their.endsWith('-64') ? 'cluster-http-64' : 'cluster-http-256'),
    },
  },
}

const titles = {
  sluice: 'Sluice',
  cluster: 'Sluice',
  redis: 'Redis, pipelined Lua',
  fastify: 'Fastify + ioredis + Redis',
  'fastify-2': 'Fastify, two processes + Redis',
  nginx: 'nginx + Lua + Redis',
  'postgres-update': 'PostgreSQL, one row',
  'postgres-skip-locked': 'PostgreSQL, 64 rows, `SKIP LOCKED`',
}

writeFileSync(target, Object.entries(tables).reduce(withTable, readFileSync(page, 'utf8')))

/** The page with the table between its marks. */
function withTable(text, [name, table]) {
  const block = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`)
  return text.replace(block, (_all, begin, end) => `${begin}\n${tableOf(name, table).join('\n')}\n\n${end}`)
}

function tableOf(name, { ours, columns }) {
  const { loads, standings, ratios } = JSON.parse(readFileSync(new URL(`../bench/results/${name}.json`, import.meta.url), 'utf8'))
  const quote = (shown, pointer) => `[${shown}](../bench/results/${name}.json#${pointer})`
  const spread = ({ median, least, most }) => `${count(median)} (${count(least)} to ${count(most)})`
  const row = (load) => {
    const times = Object.values(columns).map((ourOf) => {
      if (ours.includes(load)) return ''
      const our = ourOf(load)
      return quote(spread(ratios[our][load]), `/ratios/${our}/${load}`)
    })
    return [titleOf(load), quote(spread(standings[load].callsPerSecond), `/standings/${load}/callsPerSecond`), ...times]
  }
  const head = ['', 'buys a second', ...Object.keys(columns).map((column) => `Sluice ${column} is so many times it`)]
  return [head, head.map(() => '---'), ...loads.map(row)].map((cells) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |'))
}

/** `fastify-2-http-256`: two Fastify processes, 256 HTTP connections. */
function titleOf(load) {
  const [, peer, transport, connections, depth] = /^(.*?)(?:-(rpc|ws|http))?-(\d+)(?:x(\d+))?$/.exec(load)
  const how = { rpc: 'msgpack-RPC, ', ws: 'WebSocket, ', http: 'HTTP, ' }[transport] ?? ''
  return `${titles[peer]}: ${how}${connections}${depth === undefined ? '' : ` x ${depth}`}`
}

function count(value) {
  return value.toLocaleString('en-US')
}
