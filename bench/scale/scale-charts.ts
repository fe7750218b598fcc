import { type ChartLine, type ChartPanel, lineChart } from '../charts/line-chart.ts'
import type { Spread } from '../peers/race-rounds.ts'
import { type LineName, lineNames } from './curves.ts'
import type { CurveResult, ScaleResult, Standing } from './scale-result.ts'

const closedLoop = 100

/** A chart of each curve, by its name. */
export function scaleCharts(result: ScaleResult): Readonly<Record<string, string>> {
  const { curves, rounds, machine, commit } = result
  const origin = `Medians of ${rounds} rounds in turns with their spread, ${machine['cores']} cores for all and the load, commit ${commit}: bench/results/scale.json`
  return Object.fromEntries(
    Object.entries(curves).map(([name, curve]) => {
      const { title, about, xTitle, isLog } = curve
      const panels = name === 'load' ? latencyPanels(curve) : ratePanels(curve)
      return [name, lineChart({ title, about, xTitle, isLog, panels, origin })]
    }),
  )
}

function ratePanels(curve: CurveResult): readonly ChartPanel[] {
  return [
    { title: 'calls a second', lines: linesOf(curve, ({ callsPerSecond }) => callsPerSecond) },
    { title: 'latency p99, ms', lines: linesOf(curve, ({ p99Ms }) => p99Ms) },
  ]
}

/** Of loads on schedule: the closed loop's latencies are those of as many calls as it has under way. */
function latencyPanels(curve: CurveResult): readonly ChartPanel[] {
  const shares = Object.fromEntries(
    Object.entries(curve.lines).map(([line, standings]) => [line, standings.filter(({ x }) => x < closedLoop)]),
  )
  const onSchedule = { ...curve, lines: shares }
  return [
    { title: 'latency p50, ms', lines: linesOf(onSchedule, ({ p50Ms }) => p50Ms) },
    { title: 'latency p99, ms', lines: linesOf(onSchedule, ({ p99Ms }) => p99Ms) },
    { title: 'event loop p99, ms late', lines: linesOf(onSchedule, ({ loopDelayP99Ms }) => loopDelayP99Ms) },
  ]
}

const nameOf: Readonly<Record<LineName, string>> = { embedded: 'one process', cluster: 'cluster' }

function linesOf({ lines }: CurveResult, figureOf: (one: Standing) => Spread): readonly ChartLine[] {
  return lineNames.flatMap((line) => {
    const standings = lines[line]
    if (standings === undefined) return []
    const points = standings.map((one) => {
      const { median, least, most } = figureOf(one)
      return { x: one.x, y: median, least, most }
    })
    return [{ name: nameOf[line], points }]
  })
}
