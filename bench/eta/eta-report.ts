import { type Calibration, calibrationOf } from './calibration.ts'
import type { DrawnSale } from './drawn-sales.ts'

/** The outcome, as `--json` prints it. */
export interface EtaReport {
  readonly seed: number
  readonly all: Calibration
  readonly distributions: readonly ({ readonly name: string } & Calibration)[]
}

export function reportOf(seed: number, sales: readonly DrawnSale[]): EtaReport {
  const names = [...new Set(sales.map(({ name }) => name))]
  return {
    seed,
    all: calibrationOf(sales.map(({ played }) => played)),
    distributions: names.map((name) => ({
      name,
      ...calibrationOf(sales.filter((sale) => sale.name === name).map(({ played }) => played)),
    })),
  }
}

export function linesOf({ all, distributions }: EtaReport): readonly string[] {
  const head = ['', 'sales', 'told', 'of all', '<= p50', '<= p90', 'p90/wait', 'width/wait', 'loss', 'likely', 'unlikely', 'none']
  const rows = [...distributions, { name: 'all', ...all }].map((one) => [
    one.name,
    `${one.judged}/${one.sales}`,
    String(one.told),
    percent(one.toldShare),
    percent(one.insideP50),
    percent(one.insideP90),
    one.p90OverWait.toFixed(2),
    one.widthOverWait.toFixed(2),
    one.loss.toFixed(3),
    `${percent(one.likelyServed)} of ${one.oddsTold.likely}`,
    `${percent(one.unlikelyServed)} of ${one.oddsTold.unlikely}`,
    `${percent(one.noneServed)} of ${one.oddsTold.none}`,
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  return [head, ...rows].map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '),
  )
}

function percent(share: number): string {
  return Number.isNaN(share) ? '-' : `${(share * 100).toFixed(1)} %`
}
