import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { exampleVariables, mountsOf, projectFolder, readComposeFile } from '../deploy/compose-file.ts'
import { readPlainYaml } from '../deploy/plain-yaml.ts'
import { dashboardFolder, readDashboards } from './dashboards.ts'

const dashboards = readDashboards()

test('OBS-30 there are dashboards of the sale, the funnel, the cluster and the payments, as Grafana takes them', () => {
  expect([...dashboards.keys()]).toEqual(['cluster.json', 'funnel.json', 'payments.json', 'sale.json'])
  for (const { panels } of dashboards.values()) {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { gridPos, title } of panels) expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
  }
  expect(new Set([...dashboards.values()].map(({ uid }) => uid)).size).toBe(dashboards.size)
})

test('OBS-30 no two panels of a dashboard lie on each other', () => {
  for (const [name, { panels }] of dashboards) {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size, name).toBe(cells.length)
  }
})

test('OBS-31 the dashboards are what scripts/make-dashboards.mjs makes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-dashboards-'))
  try {
    execFileSync(process.execPath, [join(projectFolder, 'scripts/make-dashboards.mjs'), folder])
    for (const name of readdirSync(folder)) {
      const kept = readFileSync(join(dashboardFolder, name), 'utf8')
      expect(kept, `${name}; run: node scripts/make-dashboards.mjs`).toBe(readFileSync(join(folder, name), 'utf8'))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

const providers = z.object({ providers: z.tuple([z.looseObject({ options: z.object({ path: z.string() }) })]) })
const sources = z.object({ datasources: z.tuple([z.looseObject({ uid: z.string() })]) })

test('OBS-32 Grafana is given the dashboards where its provider looks for them, and every panel asks the data source that it is given', () => {
  const compose = readComposeFile(Object.fromEntries(exampleVariables().map((name) => [name, 'x'])))
  const { grafana, prometheus } = compose.services
  if (grafana === undefined || prometheus === undefined) throw new Error('no such services')
  const mounts = new Map(mountsOf(grafana).map(({ source, target }) => [target, source]))
  const {
    providers: [provider],
  } = providers.parse(readDeployed(mounts.get('/etc/grafana/provisioning/dashboards'), 'files.yml'))
  expect(join(projectFolder, mounts.get(provider.options.path) ?? '')).toBe(dashboardFolder)
  const {
    datasources: [source],
  } = sources.parse(readDeployed(mounts.get('/etc/grafana/provisioning/datasources'), 'prometheus.yml'))
  for (const { panels, templating } of dashboards.values()) {
    const asked = panels.flatMap((panel) => (panel.type === 'row' ? [] : [panel.datasource, ...panel.targets.map((one) => one.datasource)]))
    for (const { uid } of [...asked, ...templating.list.map((one) => one.datasource)]) expect(uid).toBe(source.uid)
  }
  expect(mountsOf(prometheus)).toContainEqual({ source: './ops/deploy/prometheus', target: '/etc/prometheus' })
})

function readDeployed(folder: string | undefined, file: string): unknown {
  return readPlainYaml(readFileSync(join(projectFolder, folder ?? '', file), 'utf8'))
}
