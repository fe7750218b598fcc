import Table from 'cli-table3'
import type { KneePoint } from './knee-bed.ts'
import type { Bottleneck, KneeResult } from './knee-result.ts'

const headOfPoints = ['', 'threads', 'connections', 'under way', 'calls/s', 'least to most', 'p50 ms', 'p99 ms', 'refused', 'cores']

/** For a reader at a terminal. */
export function linesOf(result: KneeResult): readonly string[] {
  const { byThreads, byConnections, knee, links, bottleneck } = result
  const lines: string[] = [titleOf(result)]
  if (byThreads.length > 0) {
    lines.push(`threads are raised, each with ${(byThreads[0]?.connections ?? 0).toLocaleString('en-US')} connections`)
    lines.push(tableOf(byThreads, 'taken', ({ threads }) => threads === knee.threads))
  }
  lines.push(`connections are raised, with ${plural(knee.threads, 'thread')}`)
  lines.push(tableOf(byConnections, 'knee', ({ concurrency }) => knee.isReached && concurrency === knee.concurrency))
  lines.push(...kneeLines(result))
  if (links !== undefined && bottleneck !== undefined) {
    lines.push('each link alone, with as many calls under way as at the end')
    lines.push(linkTable(result))
    lines.push(...bottleneckLines(bottleneck, result))
  }
  return lines
}

export function titleOf({ peer, transport, link, durability, slowed = {} }: KneeResult): string {
  const what = peer === 'sluice' ? 'one process' : 'a cluster'
  const of = link === undefined ? `${what} by ${transport}` : `${link} of ${what}`
  const slow = Object.entries(slowed).map(([name, rate]) => `, ${name} slowed to ${count(rate)}/s`)
  return `${of}${durability === undefined ? '' : `, ${durability}`}${slow.join('')}`
}

function kneeLines({ knee }: KneeResult): readonly string[] {
  const where = `${plural(knee.threads, 'thread')}, ${plural(knee.connections, 'connection')} x ${plural(knee.depth, 'call')}: ${count(knee.callsPerSecond)} calls/s, p50 ${knee.p50Ms.toFixed(2)} ms, p99 ${knee.p99Ms.toFixed(2)} ms`
  if (!knee.isReached)
    return [`no knee: throughput still rose at ${count(knee.concurrency)} calls under way (${where}); raise --connections`]
  return [`knee: ${where}; more calls under way come to ${count(knee.capacity)} calls/s and only wait longer`]
}

function bottleneckLines({ links, inOneThread, busiest, coresInUse, coresOfMachine }: Bottleneck, { knee }: KneeResult): readonly string[] {
  const [first = '', ...others] = links
  const lines = [
    others.length === 0 ? `narrowest link: ${first}` : `narrowest link: ${links.join(' or ')}, within the spread of their runs`,
  ]
  if (inOneThread !== undefined) {
    lines.push(
      `  gateway, bus and actor share a thread: together they would do ${count(inOneThread)} calls/s, where the chain did ${count(knee.capacity)}`,
    )
  }
  if (busiest !== undefined) lines.push(`  the busiest process was ${busiest.process}, with ${busiest.cores} cores`)
  const share = coresInUse / coresOfMachine
  if (share > fullShare) {
    lines.push(`  the machine itself is a limit: ${coresInUse} of its ${coresOfMachine} cores were in use, the load generator's included`)
  }
  return lines
}

/** Of the machine's cores; other programs and the system have the rest. */
const fullShare = 0.85

function tableOf(points: readonly KneePoint[], mark: string, isMarked: (point: KneePoint) => boolean): string {
  const table = new Table({ head: headOfPoints, style: { head: [], border: [], compact: true } })
  for (const point of points) {
    const { threads, connections, concurrency, callsPerSecond, least, most, p50Ms, p99Ms, errorShare, cores } = point
    const numbers = [
      count(threads),
      count(connections),
      count(concurrency),
      count(callsPerSecond),
      `${count(least)} to ${count(most)}`,
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      `${Math.round(errorShare * 1000) / 10} %`,
    ]
    const each = Object.entries(cores).map(([name, one]) => `${name} ${one}`)
    table.push([isMarked(point) ? mark : '', ...numbers.map(right), each.join(', ')])
  }
  return table.toString()
}

function linkTable({ links = [], bottleneck, knee }: KneeResult): string {
  const table = new Table({
    head: ['', 'link', 'calls/s', 'least to most', 'us a call', 'of the chain'],
    style: { head: [], border: [], compact: true },
  })
  for (const { name, callsPerSecond, least, most } of links) {
    const isNarrowest = bottleneck?.links.includes(name) === true
    const cells = [
      count(callsPerSecond),
      `${count(least)} to ${count(most)}`,
      (1e6 / callsPerSecond).toPrecision(3),
      `${count(Number((callsPerSecond / knee.capacity).toPrecision(2)))}x`,
    ]
    table.push([isNarrowest ? 'narrowest' : '', name, ...cells.map(right)])
  }
  return table.toString()
}

function right(content: string): { readonly hAlign: 'right'; readonly content: string } {
  return { hAlign: 'right', content }
}

function plural(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? '' : 's'}`
}

function count(value: number): string {
  return (value < 10 ? value : Math.round(value)).toLocaleString('en-US')
}
