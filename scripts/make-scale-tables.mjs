// Writes the tables of docs/scale.md anew from bench/results/: node scripts/make-scale-tables.mjs [FILE]
import { readFileSync, writeFileSync } from 'node:fs'

const page = new URL('../docs/scale.md', import.meta.url)
const target = process.argv[2] ?? page
const [scale, soak] = ['scale', 'soak'].map((name) =>
  JSON.parse(readFileSync(new URL(`../bench/results/${name}.json`, import.meta.url), 'utf8')),
)

const lineNames = { embedded: 'one process', cluster: 'cluster' }
const closedLoop = 100

const tables = Object.fromEntries(Object.keys(scale.curves).map((name) => [`scale-${name}`, curveRows(name)]))
const blocks = { ...tables, 'half-of-peak': halfRows(), soak: soakRows(), bound: boundRows() }
writeFileSync(target, Object.entries(blocks).reduce(withTable, readFileSync(page, 'utf8')))

/** The page with the table between its marks. */
function withTable(text, [name, rows]) {
  const block = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`)
  const [head, ...others] = rows
  const lines = [head, head.map(() => '---'), ...others].map((cells) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |'))
  return text.replace(block, (_all, begin, end) => `${begin}\n${lines.join('\n')}\n\n${end}`)
}

function curveRows(name) {
  const { xTitle, lines } = scale.curves[name]
  const isLoad = name === 'load'
  const head = [
    '',
    xTitle,
    'calls a second',
    'p50, ms',
    'p99, ms',
    'event loop p99, ms late',
    ...(isLoad ? [] : ['events in a record', 'memory, MB']),
  ]
  const rows = Object.entries(lines).flatMap(([line, standings]) =>
    standings.map((one, i) => {
      const at = `/curves/${name}/lines/${line}/${i}`
      const cell = (figure) => quote('scale', spread(one[figure]), `${at}/${figure}`)
      const x = isLoad && one.x === closedLoop ? 'all that comes back is sent again' : count(one.x)
      return [
        lineNames[line],
        x,
        ...['callsPerSecond', 'p50Ms', 'p99Ms', 'loopDelayP99Ms', ...(isLoad ? [] : ['batchMean', 'memoryMb'])].map(cell),
      ]
    }),
  )
  return [head, ...rows]
}

function halfRows() {
  const rows = Object.entries(scale.halfOfPeak).map(([line, { p99Ms, p99MsMax, loopDelayP99Ms, loopDelayP99MsMax, holds }]) => [
    lineNames[line],
    quote('scale', `${p99Ms}`, `/halfOfPeak/${line}/p99Ms`),
    quote('scale', `${p99MsMax}`, `/halfOfPeak/${line}/p99MsMax`),
    quote('scale', `${loopDelayP99Ms}`, `/halfOfPeak/${line}/loopDelayP99Ms`),
    quote('scale', `${loopDelayP99MsMax}`, `/halfOfPeak/${line}/loopDelayP99MsMax`),
    holds ? 'yes' : 'no',
  ])
  return [['', 'p99, ms', 'to be under', 'event loop p99, ms late', 'to be under', 'holds'], ...rows]
}

function soakRows() {
  const rows = soak.findings.map(({ series, unit, level, perHour, leastPerHour, mostPerHour, allowedPerHour, verdict }, i) => {
    const figure = (shown, name) => quote('soak', count(shown), `/findings/${i}/${name}`)
    const told =
      level === undefined
        ? ['', '', '']
        : [
            figure(level, 'level'),
            figure(perHour, 'perHour'),
            `${figure(leastPerHour, 'leastPerHour')} to ${figure(mostPerHour, 'mostPerHour')}`,
          ]
    return [`${series}, ${unit}`, ...told, figure(allowedPerHour, 'allowedPerHour'), verdict]
  })
  return [['', 'level', 'an hour adds', 'with 95 % between', 'may add', ''], ...rows]
}

function boundRows() {
  const { bound } = soak
  const figure = (pointer, value) => quote('soak', count(value), `/bound/${pointer}`)
  const told = Object.entries(bound.answers).map(([what, answers]) => [
    `newcomers, where ${what}`,
    Object.entries(answers)
      .map(([code, times]) => `\`${code}\` ${figure(`answers/${what}/${code}`, times)}`)
      .join(', '),
  ])
  const { done, refused, p99Ms } = bound.checkouts
  return [
    ['', 'while newcomers came'],
    ...told,
    ['memory at the beginning, MB', figure('fromMb', bound.fromMb)],
    ['memory at the end, MB', figure('toMb', bound.toMb)],
    ['people with a hold who checked out', figure('checkouts/done', done)],
    ['and were refused', figure('checkouts/refused', refused)],
    ['p99 of that, ms', figure('checkouts/p99Ms', p99Ms)],
  ]
}

function spread({ median, least, most }) {
  return `${count(median)} (${count(least)} to ${count(most)})`
}

function quote(result, shown, pointer) {
  return `[${shown}](../bench/results/${result}.json#${pointer.replaceAll(' ', '%20')})`
}

function count(value) {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 })
}
