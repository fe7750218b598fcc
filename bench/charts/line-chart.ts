/** One place of a line, with the least and the most that were seen there. */
export interface ChartPoint {
  readonly x: number
  readonly y: number
  readonly least?: number
  readonly most?: number
}

export interface ChartLine {
  readonly name: string
  readonly points: readonly ChartPoint[]
}

/** Lines over one axis of their own; its values begin at 0. */
export interface ChartPanel {
  readonly title: string
  readonly lines: readonly ChartLine[]
}

export interface LineChart {
  readonly title: string
  /** What is shown, in a line or two. */
  readonly about: string
  readonly xTitle: string
  /** Where x spans decades: each takes as much room as the next. */
  readonly isLog?: boolean
  /** Below one another, over the same x. */
  readonly panels: readonly ChartPanel[]
  /** Where the figures come from. */
  readonly origin: string
}

const width = 860
const left = 70
const right = 190
const top = 84
const aboutLetters = 130
const panelHeight = 190
const panelGap = 56
const bottom = 62
const plotWidth = width - left - right
const ticksWanted = { x: 8, y: 4 } as const
const labelGap = 16
/** Of the lines of a panel; readable on white and on black, as `colours` are. */
const colours = [
  { light: '#0969da', dark: '#4493f8' },
  { light: '#bc4c00', dark: '#f0883e' },
  { light: '#1a7f37', dark: '#3fb950' },
  { light: '#8250df', dark: '#ab7df8' },
  { light: '#bf3989', dark: '#f778ba' },
] as const

/** The chart as an SVG that follows the colours of its reader by itself. */
export function lineChart(chart: LineChart): string {
  const { title, panels, origin, xTitle } = chart
  const height = top + panels.length * panelHeight + (panels.length - 1) * panelGap + bottom
  const xs = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(({ x }) => x)))
  const axis = xAxis(xs, chart.isLog === true)
  const plotEnd = height - bottom
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
  <style>
    text { font: 12px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 16px }
    .panel { font-weight: 600 }
    .origin { font-size: 11px; fill: #59636e }
    .grid { stroke: #d1d9e0; stroke-width: 1 }
    .line { fill: none; stroke-width: 2 }
    .spread { stroke: none; opacity: .18 }
${colours.map(({ light }, i) => ofColour(i, light)).join('\n')}
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .origin { fill: #9198a1 }
      .grid { stroke: #3d444d }
${colours.map(({ dark }, i) => ofColour(i, dark)).join('\n')}
    }
  </style>
  <text class="title" x="0" y="20">${escaped(title)}</text>
${linesOf(chart.about)
  .map((line, i) => `  <text x="0" y="${40 + i * 16}">${escaped(line)}</text>`)
  .join('\n')}
${panels.map((panel, i) => drawnPanel(panel, axis, top + i * (panelHeight + panelGap))).join('\n')}
${axis.ticks.map((x) => `  <text x="${axis.at(x)}" y="${plotEnd + 18}" text-anchor="middle">${numberText(x)}</text>`).join('\n')}
  <text x="${left + plotWidth / 2}" y="${plotEnd + 36}" text-anchor="middle">${escaped(xTitle)}</text>
  <text class="origin" x="0" y="${height - 6}">${escaped(origin)}</text>
</svg>
`
}

interface Axis {
  readonly ticks: readonly number[]
  /** The place of a value, in units of the drawing. */
  at(value: number): number
}

function xAxis(xs: readonly number[], isLog: boolean): Axis {
  const [from, to] = [Math.min(...xs), Math.max(...xs)]
  const scaled = isLog ? Math.log10 : (value: number): number => value
  const reach = scaled(to) - scaled(from) || 1
  const at = (value: number): number => tenths(left + ((scaled(value) - scaled(from)) / reach) * plotWidth)
  // Where something was measured; on a linear axis, round numbers.
  return { at, ticks: isLog ? [...new Set(xs)].toSorted((a, b) => a - b) : ticksBetween(from, to, ticksWanted.x) }
}

function drawnPanel({ title, lines }: ChartPanel, x: Axis, y: number): string {
  const most = Math.max(...lines.flatMap(({ points }) => points.map((point) => point.most ?? point.y)))
  const ticks = ticksBetween(0, most > 0 ? most : 1, ticksWanted.y)
  const end = Math.max(most, ticks.at(-1) ?? 1)
  const at = (value: number): number => tenths(y + panelHeight - (value / end) * (panelHeight - labelGap))
  const labels = apart(lines.map(({ points }) => at(points.at(-1)?.y ?? 0)))
  return [
    `  <text class="panel" x="0" y="${y - 2}">${escaped(title)}</text>`,
    ...ticks.flatMap((tick) => [
      `  <path class="grid" d="M${left} ${at(tick)}H${left + plotWidth}"/>`,
      `  <text x="${left - 8}" y="${at(tick) + 4}" text-anchor="end">${numberText(tick)}</text>`,
    ]),
    ...lines.flatMap((line, i) => drawnLine(line, `c${i % colours.length}`, x, at)),
    ...lines.map(
      ({ name }, i) =>
        `  <text class="f${i % colours.length}" x="${left + plotWidth + 8}" y="${(labels[i] ?? 0) + 4}">${escaped(name)}</text>`,
    ),
  ].join('\n')
}

function drawnLine({ points }: ChartLine, colour: string, x: Axis, at: (value: number) => number): readonly string[] {
  const fill = `f${colour.slice(1)}`
  const path = points.map((point) => `${x.at(point.x)} ${at(point.y)}`).join('L')
  const over = points.map((point) => `${x.at(point.x)} ${at(point.most ?? point.y)}`)
  const under = points.map((point) => `${x.at(point.x)} ${at(point.least ?? point.y)}`).toReversed()
  const hasSpread = points.some(({ least, most }) => least !== undefined && most !== undefined)
  return [
    ...(hasSpread ? [`  <path class="spread ${fill}" d="M${[...over, ...under].join('L')}Z"/>`] : []),
    `  <path class="line ${colour}" d="M${path}"/>`,
    // So many that they would hide the line are left out.
    ...(points.length > dotsMost
      ? []
      : points.map((point) => `  <circle class="${fill}" cx="${x.at(point.x)}" cy="${at(point.y)}" r="3"/>`)),
  ]
}

const dotsMost = 20

function ofColour(i: number, colour: string): string {
  return `    .c${i} { stroke: ${colour} } .f${i} { fill: ${colour} }`
}

/** The same places, moved so far down that names do not cover each other. */
function apart(places: readonly number[]): readonly number[] {
  const order = places.map((place, i) => ({ place, i })).toSorted((a, b) => a.place - b.place)
  const moved = [...places]
  let last = Number.NEGATIVE_INFINITY
  for (const { place, i } of order) {
    last = Math.max(place, last + labelGap)
    moved[i] = tenths(last)
  }
  return moved
}

/** Round numbers, some of them. */
function ticksBetween(from: number, to: number, wanted: number): readonly number[] {
  const rough = (to - from) / wanted || 1
  const decade = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((times) => times * decade >= rough) ?? 10) * decade
  const ticks: number[] = []
  for (let tick = Math.ceil(from / step); tick * step <= to + step / 1e6; tick++) ticks.push(tick * step)
  return ticks
}

/** Words in lines that fit. */
function linesOf(text: string): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= aboutLetters) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function numberText(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 2 })
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
