// Writes the dashboards that Grafana is given from what scripts/dashboards/ says of them: node scripts/make-dashboards.mjs [folder]
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cluster } from './dashboards/cluster.mjs'
import { funnel } from './dashboards/funnel.mjs'
import { payments } from './dashboards/payments.mjs'
import { sale } from './dashboards/sale.mjs'

const [folder = fileURLToPath(new URL('../ops/deploy/grafana/dashboards', import.meta.url))] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
for (const [name, dashboard] of Object.entries({ sale, funnel, cluster, payments }))
  writeFileSync(`${folder}/${name}.json`, textOf(dashboard))

/** A line for each panel, so that a change of one shows as that. */
function textOf({ panels, ...rest }) {
  const head = JSON.stringify(rest, undefined, 2).replace(/\n\}$/, '')
  return `${head},\n  "panels": [\n${panels.map((panel) => `    ${JSON.stringify(panel)}`).join(',\n')}\n  ]\n}\n`
}
