import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listSettings, variableOf } from '../../ops/settings.ts'
import { projectFolder } from '../deploy/compose-file.ts'
import { queriesOf, readDashboards } from './dashboards.ts'
import { documentedTable } from './metrics-table.ts'
import { alertsOf, recordsOf, ruleText } from './rule-files.ts'

const operations = readFileSync(join(projectFolder, 'docs/operations.md'), 'utf8')
const metrics = readFileSync(join(projectFolder, 'docs/metrics.md'), 'utf8')
const alerts = alertsOf(ruleText('alerts.yml'))
const records = recordsOf(ruleText('rules.yml'))

/** Sections of the third level by their headings. */
const sections = new Map(
  operations
    .split('\n### ')
    .slice(1)
    .map((text) => [text.split('\n', 1)[0] ?? '', text]),
)

test('OBS-60 every alert has a section that says what it means, where to look and what to do, and names it; and no section is without an alert', () => {
  expect([...sections.keys()]).toEqual(alerts.map(({ name }) => name))
  for (const [name, text] of sections) {
    for (const part of ['**Means:**', '**Look:**', '**Do:**']) expect(text.split(part), name).toHaveLength(2)
    expect(ruleText('alerts.yml')).toContain(`runbook: 'docs/operations.md#${name.toLowerCase()}'`)
  }
})

test('OBS-61 every metric in rules and dashboards is one that docs/metrics.md has from real scrapes, or that is recorded', () => {
  const table = new Map(
    documentedTable(metrics)
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, name = '', type = '']) => [name.replaceAll('`', ''), type]),
  )
  const queries = [
    ...queriesOf(readDashboards(), '1m'),
    ...[...records.values(), ...alerts.map(({ expr }) => expr)].map((expr) => ({ where: 'rules', expr })),
  ]
  const unknown = queries.flatMap(({ where, expr }) =>
    [...expr.matchAll(/[a-z_:0-9]*sluice_[a-z_:0-9]+/g)]
      .map(([name]) => name)
      .filter((name) => !isKnown(name, table))
      .map((name) => `${where}: ${name}`),
  )
  expect(unknown).toEqual([])
})

function isKnown(name: string, table: ReadonlyMap<string, string>): boolean {
  if (name.includes(':')) return records.has(name)
  const whole = name.replace(/_(?:bucket|sum|count)$/, '')
  const type = table.get(whole)
  return type === 'histogram' || type === 'summary' ? name !== whole : table.has(name)
}

test('OBS-62 what the documents for operators link to is there, and every setting that they name is one', () => {
  const variables = new Set(listSettings().map(({ name }) => variableOf(name)))
  for (const [name, text] of [
    ['operations.md', operations],
    ['metrics.md', metrics],
  ] as const) {
    for (const [, path = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g))
      expect(existsSync(join(projectFolder, 'docs', path)), `${name}: ${path}`).toBe(true)
    for (const [, anchor = ''] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(anchorsOf(text), `${name}: #${anchor}`).toContain(anchor)
    const named = [...text.matchAll(/`(SLUICE_[A-Z_]+)`/g)].map(([, variable = '']) => variable)
    expect(
      named.filter((variable) => !variables.has(variable)),
      name,
    ).toEqual([])
  }
})

function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(' ', '-')
      .replace(/[^\w-]/g, ''),
  )
}
