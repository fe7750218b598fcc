import { z } from 'zod'

export type Yaml = string | number | boolean | null | readonly Yaml[] | YamlMap
export interface YamlMap {
  readonly [key: string]: Yaml
}

interface Line {
  readonly indent: number
  readonly text: string
  readonly number: number
}

const oneLine = z.union([z.string(), z.array(z.union([z.string(), z.number(), z.boolean()]))])
const keyed = /^([\w./-]+|<<):(?: (.*))?$/
const plainScalar = /^(?![-?&*!|>%@`'"{}[\],#]|.*(?:: | #|:$))[\x20-\x7e]+$/
const ambiguous = /^(?:y|n|yes|no|on|off|~|null|[-+.]?\d[\d_]*(?:[.:eExXo].*)?)$/i

/**
 * Reads the part of YAML that our files are written in: maps and lists by indentation, lists of quoted texts on one line, quoted and plain
 * scalars, comments on lines of their own, an anchor on a map and its merge. Anything else is refused rather than guessed at, so what this reads,
 * every reader of YAML reads alike.
 */
export function readPlainYaml(text: string): Yaml {
  const reader = new PlainYaml(text)
  return reader.document()
}

class PlainYaml {
  readonly #lines: readonly Line[]
  readonly #anchors = new Map<string, YamlMap>()
  #at = 0

  constructor(text: string) {
    this.#lines = text
      .split('\n')
      .map((line, i) => ({ indent: line.search(/\S|$/), text: line.trim(), number: i + 1 }))
      .filter((line) => line.text !== '' && !line.text.startsWith('#'))
  }

  document(): Yaml {
    const value = this.#block(0)
    const left = this.#lines[this.#at]
    if (left !== undefined) throw refused(left, 'indented unlike the lines before')
    return value
  }

  /** What stands at `indent`, up to the first line that stands further left. */
  #block(indent: number): Yaml {
    const first = this.#lines[this.#at]
    if (first === undefined || first.indent < indent) return null
    return first.text.startsWith('- ') ? this.#list(first.indent) : this.#map(first.indent)
  }

  #list(indent: number): readonly Yaml[] {
    const items: Yaml[] = []
    for (let line = this.#next(indent); line?.text.startsWith('- ') === true; line = this.#next(indent)) {
      const text = line.text.slice(2)
      if (keyed.test(text)) items.push(this.#map(indent + 2, { ...line, indent: indent + 2, text }))
      else {
        items.push(scalar(line, text))
        this.#at++
      }
    }
    return items
  }

  /** `opening` is a map's first line that a list's dash stands before. */
  #map(indent: number, opening?: Line): YamlMap {
    const map: Record<string, Yaml> = {}
    const own = new Set<string>()
    for (let line = opening ?? this.#next(indent); line !== undefined; line = this.#next(indent)) {
      const [, key, rest = ''] = keyed.exec(line.text) ?? []
      if (key === undefined) throw refused(line, 'neither `key: value` nor `- item`')
      if (own.has(key)) throw refused(line, `${key} stands there twice`)
      own.add(key)
      this.#at++
      if (key !== '<<') map[key] = this.#value(line, rest)
      else for (const [name, inherited] of Object.entries(this.#merged(line, rest))) map[name] ??= inherited
    }
    return map
  }

  #value(line: Line, rest: string): Yaml {
    const anchor = /^&([\w-]+)$/.exec(rest)?.[1]
    if (rest !== '' && anchor === undefined) return scalar(line, rest)
    const value = this.#block(line.indent + 1)
    if (anchor !== undefined && isMap(value)) this.#anchors.set(anchor, value)
    return value
  }

  #merged(line: Line, rest: string): YamlMap {
    const map = this.#anchors.get(rest.slice(1))
    if (map === undefined || !rest.startsWith('*')) throw refused(line, 'there is no such anchor')
    return map
  }

  #next(indent: number): Line | undefined {
    const line = this.#lines[this.#at]
    return line?.indent === indent ? line : undefined
  }
}

function scalar(line: Line, text: string): Yaml {
  if (/^['"[]/.test(text)) return quoted(line, text)
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^\d{1,9}$/.test(text) && !/^0\d/.test(text)) return Number(text)
  if (!plainScalar.test(text) || ambiguous.test(text)) throw refused(line, `${text} has to be quoted`)
  return text
}

/** One quoted text, or a list of them; either quote, and nothing inside that the two would read differently. */
function quoted(line: Line, text: string): Yaml {
  try {
    return oneLine.parse(JSON.parse(text.replace(/'([^'"\\]*)'/g, '"$1"')))
  } catch (error) {
    throw refused(line, error instanceof Error ? error.message : String(error))
  }
}

function isMap(value: Yaml): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(line: Line, why: string): Error {
  return new Error(`line ${line.number}: ${why}: ${line.text}`)
}
