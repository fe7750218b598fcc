import { z } from 'zod'

/** The part of Elasticsearch's query language that we speak, over documents in memory. What we do not speak is refused, as by the server. */

export type Fields = Readonly<Record<string, unknown>>

const clause: z.ZodType<Query> = z.lazy(() =>
  z.union([
    z.strictObject({ term: z.record(z.string(), z.union([z.string(), z.boolean()])) }),
    z.strictObject({ range: z.record(z.string(), z.strictObject({ gte: z.number().optional(), lte: z.number().optional() })) }),
    z.strictObject({ match: z.record(z.string(), matchSchema) }),
    z.strictObject({ match_bool_prefix: z.record(z.string(), matchSchema) }),
    z.strictObject({
      bool: z.strictObject({
        filter: z.array(clause).optional(),
        must: z.union([clause, z.array(clause)]).optional(),
        should: z.array(clause).optional(),
        minimum_should_match: z.number().optional(),
      }),
    }),
  ]),
)
const matchSchema = z.strictObject({
  query: z.string(),
  operator: z.literal('and').optional(),
  fuzziness: z.literal('AUTO').optional(),
  boost: z.number().optional(),
})
export const querySchema = clause

interface Match {
  readonly query: string
  readonly operator?: 'and' | undefined
  readonly fuzziness?: 'AUTO' | undefined
  readonly boost?: number | undefined
}

export type Query =
  | { readonly term: Readonly<Record<string, string | boolean>> }
  | { readonly range: Readonly<Record<string, { readonly gte?: number | undefined; readonly lte?: number | undefined }>> }
  | { readonly match: Readonly<Record<string, Match>> }
  | { readonly match_bool_prefix: Readonly<Record<string, Match>> }
  | {
      readonly bool: {
        readonly filter?: readonly Query[] | undefined
        readonly must?: Query | readonly Query[] | undefined
        readonly should?: readonly Query[] | undefined
        readonly minimum_should_match?: number | undefined
      }
    }

/** The score of a document that matches; undefined for one that does not. */
export function scoreOf(query: Query, fields: Fields): number | undefined {
  if ('term' in query) return every(query.term, (value, field) => valuesOf(fields, field).includes(value)) ? 1 : undefined
  if ('range' in query) {
    return every(query.range, ({ gte = -Infinity, lte = Infinity }, field) =>
      valuesOf(fields, field).some((value) => typeof value === 'number' && value >= gte && value <= lte),
    )
      ? 1
      : undefined
  }
  if ('match' in query) return matchScore(query.match, fields, false)
  if ('match_bool_prefix' in query) return matchScore(query.match_bool_prefix, fields, true)
  const { filter = [], must = [], should = [], minimum_should_match: least = 0 } = query.bool
  if (filter.some((one) => scoreOf(one, fields) === undefined)) return undefined
  const needed = (isList(must) ? must : [must]).map((one) => scoreOf(one, fields))
  const wished = should.flatMap((one) => scoreOf(one, fields) ?? [])
  if (wished.length < least) return undefined
  let sum = wished.reduce((a, b) => a + b, 0)
  for (const score of needed) {
    if (score === undefined) return undefined
    sum += score
  }
  return sum
}

/** All values of a field, those of copied and sub-fields included, as our mapping has them. */
function valuesOf(fields: Fields, field: string): readonly unknown[] {
  if (field === 'words') return ['title', 'description', 'categories'].flatMap((one) => valuesOf(fields, one))
  const value = fields[field.replace(/\.words$/, '')]
  return Array.isArray(value) ? value : value === undefined ? [] : [value]
}

function matchScore(clauses: Readonly<Record<string, Match>>, fields: Fields, isPrefix: boolean): number | undefined {
  let score = 0
  for (const [field, { query, operator, fuzziness, boost = 1 }] of Object.entries(clauses)) {
    const words = valuesOf(fields, field).flatMap((value) => wordsOf(String(value)))
    const asked = wordsOf(query)
    const hits = asked.filter((word, at) =>
      words.some((one) =>
        isPrefix && at === asked.length - 1
          ? one.startsWith(word)
          : one === word || (fuzziness === 'AUTO' && distance(one, word) <= (word.length < 3 ? 0 : word.length < 6 ? 1 : 2)),
      ),
    ).length
    if (hits === 0 || (operator === 'and' && hits < asked.length)) return undefined
    score += hits * boost
  }
  return score
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

function every<T>(record: Readonly<Record<string, T>>, holds: (value: T, field: string) => boolean): boolean {
  return Object.entries(record).every(([field, value]) => holds(value, field))
}

function isList(value: Query | readonly Query[]): value is readonly Query[] {
  return Array.isArray(value)
}
