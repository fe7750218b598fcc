import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { projectFolder } from '../deploy/compose-file.ts'
import { type ScrapedRoles, scrapeEveryRole, shopper } from './every-role.ts'
import { readExposition } from './exposition.ts'
import { documentedTable, metricsTable } from './metrics-table.ts'
import { promtool } from './promtool.ts'

let pages: ScrapedRoles
beforeAll(async () => {
  pages = await scrapeEveryRole()
})

function eachPage(): readonly (readonly [name: string, page: string])[] {
  const { orders, ...others } = pages
  return [...Object.entries(others), ['orders', orders[0]], ['orders by HTTP', orders[1]]]
}

test("OBS-10 the page of an embedded node and of each role passes Prometheus' own checks", async () => {
  for (const [name, page] of eachPage())
    expect({ name, ...(await promtool(['check', 'metrics'], page)) }).toEqual({ name, code: 0, out: '' })
})

test('OBS-10 a page that breaks a rule is found', async () => {
  const page = '# HELP sluice_calls Calls\n# TYPE sluice_calls counter\nsluice_calls 1\n'
  expect(await promtool(['check', 'metrics'], page)).toMatchObject({ code: 3 })
})

test('OBS-11 docs/metrics.md has every metric with its type, labels, roles and meaning, and no other', () => {
  const documented = documentedTable(readFileSync(join(projectFolder, 'docs/metrics.md'), 'utf8'))
  expect(documented).toEqual(metricsTable(pages))
})

test('OBS-12 no label has a user, an order, an address or a connection for a value', () => {
  const known = new Set([
    'shard',
    'sku',
    'kind',
    'state',
    'method',
    'code',
    'layer',
    'transport',
    'lane',
    'link',
    'outcome',
    'question',
    'result',
  ])
  for (const label of ['subject', 'from', 'to', 'why', 'odds', 'currency', 'version', 'role']) known.add(label)
  for (const [name, page] of eachPage()) {
    const labels = [...readExposition(page).values()].filter((one) => one.name.startsWith('sluice_')).flatMap((one) => [...one.labels])
    expect(
      labels.filter((label) => !known.has(label)),
      name,
    ).toEqual([])
    expect(page, name).not.toContain(shopper)
  }
})
