import type { KneePoint } from './knee-bed.ts'
import type { KneeResult } from './knee-result.ts'
import { titleOf } from './knee-text.ts'

/** Narrow for its text, so that it can be read on a phone. */
const width = 680
const height = 500
const plot = { left: 60, right: 650, top: 92, bottom: 410 } as const

/** Where a figure comes from, if it is kept. */
export interface Origin {
  readonly commit: string
  readonly cores: number
  readonly file: string
}

/**
 * Latency over throughput, as an SVG that follows the colours of its reader: at the knee the curve turns from going right, more served, to going up, longer waits. Each point says how many calls were
 * under way. Latency is drawn by its logarithm, because p99 beyond the knee is many times that before it.
 */
export function latencyCurve(result: KneeResult, origin?: Origin): string {
  const { byConnections, byThreads, knee, repeats, seconds } = result
  const all = [...byConnections, ...byThreads]
  const scales = scalesFor(all)
  const title = `Latency over throughput: ${titleOf(result)}`
  const runs = `Medians of ${repeats} runs of ${seconds} s`
  const source = origin === undefined ? runs : `${runs}, ${origin.cores} cores with the load, commit ${origin.commit}: ${origin.file}`
  const kneeText = knee.isReached
    ? `knee: ${count(knee.concurrency)} calls under way, ${count(knee.callsPerSecond)} calls/s, p50 ${short(knee.p50Ms)} ms, p99 ${short(knee.p99Ms)} ms`
    : 'no knee: throughput was still rising'
  const [kneeX, kneeY] = [scales.x(knee.callsPerSecond), scales.y(knee.p50Ms)]
  const mark = knee.isReached
    ? `  <path class="at" d="M${kneeX} ${plot.top}V${plot.bottom}"/>\n  <circle class="mark" cx="${kneeX}" cy="${kneeY}" r="9"/>\n`
    : ''
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}; ${kneeText}">
  <style>
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 16px }
    .small, .origin { font-size: 13px; fill: #59636e }
    .origin { font-size: 11px }
    .grid { stroke: #d1d9e0; stroke-width: 1 }
    .half, .most { fill: none; stroke-width: 2; stroke-linejoin: round }
    .half { stroke: #0969da }
    .most { stroke: #bc4c00; stroke-dasharray: 6 4 }
    .dot-half { fill: #0969da }
    .dot-most { fill: #bc4c00 }
    .threads { fill: none; stroke: #59636e; stroke-width: 1.5 }
    .mark { fill: none; stroke: #1a7f37; stroke-width: 2 }
    .at { stroke: #1a7f37; stroke-width: 1; stroke-dasharray: 2 4 }
    .knee { fill: #1a7f37; font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .small, .origin { fill: #9198a1 }
      .grid { stroke: #3d444d }
      .half { stroke: #4493f8 }
      .most { stroke: #f0883e }
      .dot-half { fill: #4493f8 }
      .dot-most { fill: #f0883e }
      .threads { stroke: #9198a1 }
      .mark, .at { stroke: #3fb950 }
      .knee { fill: #3fb950 }
    }
  </style>
  <text class="title" x="0" y="20">${title}</text>
  <text class="knee" x="0" y="44">${kneeText}</text>
${keyOf(byThreads.length > 0)}
${gridOf(scales)}
${mark}${lineOf('most', byConnections, scales, ({ p99Ms }) => p99Ms)}
${lineOf('half', byConnections, scales, ({ p50Ms }) => p50Ms)}
${byThreads.map(({ callsPerSecond, p50Ms }) => `  <circle class="threads" cx="${scales.x(callsPerSecond)}" cy="${scales.y(p50Ms)}" r="6"/>`).join('\n')}
${labelsOf(byConnections, scales)}
  <text class="small" x="${plot.right}" y="${plot.bottom + 44}" text-anchor="end">calls answered a second</text>
  <text class="origin" x="0" y="${height - 8}">${source}</text>
</svg>
`
}

interface Scales {
  readonly x: (callsPerSecond: number) => number
  readonly y: (ms: number) => number
  readonly xTicks: readonly number[]
  readonly yTicks: readonly number[]
}

function scalesFor(points: readonly KneePoint[]): Scales {
  const most = Math.max(...points.map(({ callsPerSecond }) => callsPerSecond))
  const xStep = roundStep(most / 5)
  const xEnd = Math.ceil((most * 1.02) / xStep) * xStep
  const low = Math.log10(Math.min(...points.map(({ p50Ms }) => p50Ms)) * 0.8)
  const high = Math.log10(Math.max(...points.map(({ p99Ms }) => p99Ms)) * 1.15)
  const yTicks = [1, 2, 5]
    .flatMap((first) => Array.from({ length: 9 }, (_, i) => Number((first * 10 ** (i - 3)).toPrecision(1))))
    .filter((ms) => Math.log10(ms) >= low && Math.log10(ms) <= high)
    .toSorted((a, b) => a - b)
  return {
    x: (callsPerSecond) => tenth(plot.left + ((plot.right - plot.left) * callsPerSecond) / xEnd),
    y: (ms) => tenth(plot.bottom - ((plot.bottom - plot.top) * (Math.log10(ms) - low)) / (high - low)),
    xTicks: Array.from({ length: Math.round(xEnd / xStep) + 1 }, (_, i) => i * xStep),
    yTicks,
  }
}

/** 1, 2 or 5 times a power of ten, the next one up. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((times) => times * power >= least) ?? 10) * power
}

function keyOf(hasThreads: boolean): string {
  const entries = [
    `<path class="half" d="M0 64h28"/><circle class="dot-half" cx="14" cy="64" r="4"/><text class="small" x="36" y="68">p50, labelled with calls under way</text>`,
    `<path class="most" d="M280 64h28"/><circle class="dot-most" cx="294" cy="64" r="4"/><text class="small" x="316" y="68">p99</text>`,
    ...(hasThreads
      ? [`<circle class="threads" cx="372" cy="64" r="6"/><text class="small" x="386" y="68">p50 while threads are raised</text>`]
      : []),
  ]
  return entries.map((entry) => `  ${entry}`).join('\n')
}

function gridOf({ x, y, xTicks, yTicks }: Scales): string {
  const rows = yTicks.map(
    (ms) =>
      `  <path class="grid" d="M${plot.left} ${y(ms)}H${plot.right}"/><text class="small" x="${plot.left - 8}" y="${tenth(y(ms) + 4)}" text-anchor="end">${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}</text>`,
  )
  const columns = xTicks.map(
    (calls) =>
      `  <path class="grid" d="M${x(calls)} ${plot.bottom}v5"/><text class="small" x="${x(calls)}" y="${plot.bottom + 20}" text-anchor="middle">${count(calls)}</text>`,
  )
  return [...rows, `  <path class="grid" d="M${plot.left} ${plot.bottom}H${plot.right}"/>`, ...columns].join('\n')
}

function lineOf(kind: 'half' | 'most', points: readonly KneePoint[], { x, y }: Scales, of: (point: KneePoint) => number): string {
  const places = points.map((point) => [x(point.callsPerSecond), y(of(point))] as const)
  const path = `  <path class="${kind}" d="M${places.map(([at, up]) => `${at} ${up}`).join('L')}"/>`
  return [path, ...places.map(([at, up]) => `  <circle class="dot-${kind}" cx="${at}" cy="${up}" r="4"/>`)].join('\n')
}

/** Up and left of the curve of p50, which comes from the left and then goes up; those left out that would stand on another. */
function labelsOf(points: readonly KneePoint[], { x, y }: Scales): string {
  const placed: (readonly [number, number])[] = []
  const lines: string[] = []
  for (const { callsPerSecond, p50Ms, concurrency } of points) {
    const [at, up] = [tenth(x(callsPerSecond) - 9), tenth(y(p50Ms) - 7)]
    if (placed.some(([otherX, otherY]) => Math.abs(at - otherX) < labelWidth && Math.abs(up - otherY) < labelHeight)) continue
    placed.push([at, up])
    lines.push(`  <text class="small" x="${at}" y="${up}" text-anchor="end">${count(concurrency)}</text>`)
  }
  return lines.join('\n')
}

const labelWidth = 44
const labelHeight = 15

function short(ms: number): string {
  return ms.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
