import type { ScrapedRoles } from './every-role.ts'
import { type MetricFamily, readExposition } from './exposition.ts'

const roles = ['gateway', 'actors', 'orders'] as const

/** The lines of the table in docs/metrics.md: every metric of ours, by name. */
export function metricsTable({ embedded, gateway, actors, orders }: ScrapedRoles): readonly string[] {
  const pages = { gateway: [gateway], actors: [actors], orders }
  const told = new Map<string, { readonly by: Set<string>; readonly family: MetricFamily; readonly labels: Set<string> }>()
  const note = (page: string, role?: string): void => {
    for (const family of readExposition(page).values()) {
      if (!family.name.startsWith('sluice_')) continue
      const known = told.get(family.name) ?? { by: new Set<string>(), family, labels: new Set<string>() }
      told.set(family.name, known)
      for (const label of family.labels) known.labels.add(label)
      if (role !== undefined) known.by.add(role)
    }
  }
  for (const role of roles) for (const page of pages[role]) note(page, role)
  note(embedded)
  const rows = [...told.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return rows.map(([name, { by, family, labels }]) => {
    const who = by.size === roles.length ? 'all' : [...by].join(', ')
    return `| \`${name}\` | ${family.type} | ${[...labels].toSorted().join(', ')} | ${who} | ${family.help.replace(/\.$/, '')} |`
  })
}

/** The same lines as the document has them. */
export function documentedTable(markdown: string): readonly string[] {
  return markdown.split('\n').filter((line) => line.startsWith('| `sluice_'))
}
