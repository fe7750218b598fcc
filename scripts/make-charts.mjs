// Draws the charts of README and docs from bench/results/. Needs a build: node scripts/build.mjs && node scripts/make-charts.mjs [FOLDER]
// Bars and lines are medians, what is around them the least and the most of all rounds. An SVG follows the colours of its reader by itself.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { latencyCurve } from '../dist/bench/knee/latency-curve.js'
import { scaleCharts } from '../dist/bench/scale/scale-charts.js'
import { soakChart } from '../dist/bench/soak/soak-chart.js'

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/charts', import.meta.url))

const embedded = 'peers-embedded'
const cluster = 'peers-cluster'
const charts = {
  'peers-services': {
    title: 'Buys a second by deep connections, a sync to disk before every answer',
    result: embedded,
    bars: [
      ['sluice-rpc-32x64', 'Sluice, one process, msgpack-RPC', 'ours'],
      ['redis-32x64', 'Redis, pipelined Lua'],
      ['postgres-skip-locked-64', 'PostgreSQL, 64 rows, SKIP LOCKED'],
      ['postgres-update-64', 'PostgreSQL, one row, UPDATE'],
    ],
  },
  'peers-http': {
    title: 'Buys a second by 256 connections, a sync to disk every second',
    result: cluster,
    bars: [
      ['cluster-ws-256', 'Sluice cluster, WebSocket', 'ours'],
      ['cluster-http-256', 'Sluice cluster, HTTP', 'ours'],
      ['nginx-http-256', 'nginx + Lua + Redis'],
      ['fastify-2-http-256', 'Fastify + ioredis + Redis, two processes'],
      ['fastify-http-256', 'Fastify + ioredis + Redis, one process'],
    ],
  },
}

const width = 860
const labelWidth = 300
const valueWidth = 150
const rowHeight = 34
const top = 44
const barHeight = 18

mkdirSync(folder, { recursive: true })
for (const [name, chart] of Object.entries(charts)) writeFileSync(join(folder, `${name}.svg`), drawn(chart))
for (const [name, svg] of Object.entries(scaleCharts(resultOf('scale')))) writeFileSync(join(folder, `scale-${name}.svg`), svg)
writeFileSync(join(folder, 'soak.svg'), soakChart(resultOf('soak')))

for (const name of ['knee-embedded', 'knee-cluster']) {
  const result = resultOf(name)
  const { commit, machine } = result
  const file = `bench/results/${name}.json`
  writeFileSync(join(folder, `${name}.svg`), latencyCurve(result, { commit, cores: machine.cores, file }))
}

function resultOf(name) {
  return JSON.parse(readFileSync(new URL(`../bench/results/${name}.json`, import.meta.url), 'utf8'))
}

function drawn({ title, result, bars }) {
  const { standings, commit, machine, rounds } = resultOf(result)
  const rows = bars.map(([load, label, kind = 'theirs']) => ({ label, kind, ...standings[load].callsPerSecond }))
  const scale = (width - labelWidth - valueWidth) / Math.max(...rows.map(({ most }) => most))
  const height = top + rows.length * rowHeight + 34
  const origin = `Medians of ${rounds.length} rounds in turns with their spread, ${machine.cores} cores for both sides and the load, commit ${commit}: bench/results/${result}.json`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
  <style>
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 16px }
    .origin { font-size: 11px; fill: #59636e }
    .ours { fill: #0969da }
    .theirs { fill: #8c959f }
    .spread { stroke: #1f2328; stroke-width: 1.5 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .origin { fill: #9198a1 }
      .ours { fill: #4493f8 }
      .theirs { fill: #656c76 }
      .spread { stroke: #e6edf3 }
    }
  </style>
  <text class="title" x="0" y="20">${title}</text>
${rows.map((row, i) => rowOf(row, top + i * rowHeight, scale)).join('\n')}
  <text class="origin" x="0" y="${height - 8}">${origin}</text>
</svg>
`
}

function rowOf({ label, kind, median, least, most }, y, scale) {
  const middle = y + barHeight / 2
  const [from, to, end] = [least, most, median].map((value) => Math.round((labelWidth + value * scale) * 10) / 10)
  const spread = `<path class="spread" d="M${from} ${middle}H${to}M${from} ${middle - 4}v8M${to} ${middle - 4}v8"/>`
  return `  <text x="0" y="${middle + 5}">${label}</text>
  <rect class="${kind}" x="${labelWidth}" y="${y}" width="${Math.round((end - labelWidth) * 10) / 10}" height="${barHeight}" rx="2"/>
  ${spread}
  <text x="${Math.max(end, to) + 10}" y="${middle + 5}">${median.toLocaleString('en-US')}</text>`
}
