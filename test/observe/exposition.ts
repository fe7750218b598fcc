/** One metric of a page in Prometheus' text format, with what its series are told apart by; `le` and `quantile` are left out. */
export interface MetricFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labels: ReadonlySet<string>
}

const suffixes = ['_bucket', '_sum', '_count'] as const

/** Reads a page of metrics, by name. Throws on a line that belongs to no metric. */
export function readExposition(page: string): ReadonlyMap<string, MetricFamily> {
  const families = new Map<string, MetricFamily & { readonly labels: Set<string> }>()
  const helps = new Map<string, string>()
  for (const line of page.split('\n')) {
    const [, name = '', rest = ''] = /^# (?:HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (line.startsWith('# HELP')) helps.set(name, rest)
    else if (line.startsWith('# TYPE')) {
      families.set(name, { name, type: rest, help: helps.get(name) ?? '', labels: new Set() })
    } else if (line !== '') {
      const [, series = '', labels = ''] = /^([a-zA-Z0-9_:]+)(?:\{(.*)\})? \S+$/.exec(line) ?? []
      const family = families.get(series) ?? families.get(series.replace(new RegExp(`(?:${suffixes.join('|')})$`), ''))
      if (family === undefined) throw new Error(`a line of no metric: ${line}`)
      for (const [, label = ''] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) {
        if (label !== 'le' && label !== 'quantile') family.labels.add(label)
      }
    }
  }
  return families
}
