import type { Plain } from '../../protocol/msgpack-writer.ts'
import { type Cell, table, timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'

type PlainMap = { readonly [key: string]: Plain | undefined }

/** Any result for people: fields one per line, lists of maps as tables below them. */
export function plainText(value: Plain, terminal: Terminal): string {
  if (isList(value)) return listText(value, terminal)
  if (!isMap(value)) return `${cellOf('', value)}\n`
  const fields = Object.entries(value)
  const simple = fields.filter(([, field]) => !isList(field))
  const lists = fields.filter(([, field]) => isList(field))
  const head = simple.map(([name, field]) => `${name}: ${cellOf(name, field)}\n`).join('')
  const tables = lists.map(([name, field]) => `\n${name}:\n${isList(field) ? listText(field, terminal) : ''}`).join('')
  return head + tables
}

function listText(values: readonly Plain[], terminal: Terminal): string {
  if (values.length === 0) return 'none\n'
  const maps = values.filter(isMap)
  if (maps.length < values.length) return values.map((value) => `${cellOf('', value)}\n`).join('')
  const headings = [...new Set(maps.flatMap((map) => Object.keys(map)))]
  return table(
    terminal,
    headings,
    maps.map((map) => headings.map((heading) => cellOf(heading, map[heading]))),
  )
}

/** Names of times end with `At`. */
function cellOf(name: string, value: Plain | undefined): Cell {
  if (value === undefined || value === null) return '-'
  if (typeof value === 'number') return name.endsWith('At') ? timeText(value) : value
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isList(value: Plain | undefined): value is readonly Plain[] {
  return Array.isArray(value)
}

function isMap(value: Plain): value is PlainMap {
  return typeof value === 'object' && value !== null && !isList(value)
}
