import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { projectFolder } from '../deploy/compose-file.ts'

export const dashboardFolder = join(projectFolder, 'ops/deploy/grafana/dashboards')

const datasource = z.object({ type: z.literal('prometheus'), uid: z.string() })
const grid = z.strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1).max(24), h: z.int().min(1) })
const chart = z.looseObject({
  id: z.int(),
  type: z.enum(['timeseries', 'stat']),
  title: z.string().min(1),
  gridPos: grid,
  datasource,
  targets: z.array(z.looseObject({ refId: z.string(), datasource, expr: z.string().min(1) })).min(1),
})
const row = z.looseObject({ id: z.int(), type: z.literal('row'), title: z.string().min(1), gridPos: grid })
const dashboard = z.looseObject({
  uid: z.string().regex(/^[a-z-]{1,40}$/),
  title: z.string(),
  schemaVersion: z.int(),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string(), definition: z.string(), datasource })) }),
  panels: z.array(z.union([chart, row])),
})
export type Dashboard = z.output<typeof dashboard>

/** Those that Grafana is given, by name; throws on what it would not take. */
export function readDashboards(folder = dashboardFolder): ReadonlyMap<string, Dashboard> {
  const names = readdirSync(folder).toSorted()
  return new Map(names.map((name) => [name, dashboard.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))]))
}

export interface Query {
  /** For example `sale: Units`. */
  readonly where: string
  readonly expr: string
}

/** Every query of every panel, its variables filled in as Grafana would; windows are so long. */
export function queriesOf(dashboards: ReadonlyMap<string, Dashboard>, window: string): readonly Query[] {
  return [...dashboards].flatMap(([name, { panels }]) =>
    panels.flatMap((panel) =>
      panel.type === 'row'
        ? []
        : panel.targets.map(({ expr }) => ({
            where: `${name.replace('.json', '')}: ${panel.title}`,
            expr: expr.replaceAll('$sku', '.*').replaceAll('$__rate_interval', window),
          })),
    ),
  )
}
