import type { z } from 'zod'

export type Checked<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'problems'; readonly problems: readonly string[] }

/**
 * Checks what an operator wrote, which is called `whole` where a problem has no other place. Each problem is one line that names its place:
 * `skus[0].stock: must be at least 0`.
 */
export function checkBySchema<T>(schema: z.ZodType<T>, value: unknown, whole: string): Checked<T> {
  const parsed = schema.safeParse(value, { error: issueText })
  if (parsed.success) return { kind: 'value', value: parsed.data }
  return { kind: 'problems', problems: parsed.error.issues.map((issue) => `${pathText(issue.path, whole)}: ${issue.message}`) }
}

/** Words for what the schema refuses, in place of zod's own; a schema's own message goes first. */
function issueText(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames.get(issue.expected) ?? issue.expected}`
    case 'too_small':
      return `must ${sizeText(issue.origin, 'at least', issue.minimum)}`
    case 'too_big':
      return `must ${sizeText(issue.origin, 'at most', issue.maximum)}`
    case 'unrecognized_keys':
      return `has a field that is not known: ${issue.keys.join(', ')}`
    case 'invalid_format':
      return issue.format === 'datetime' ? 'must be an ISO 8601 time with its offset, such as 2026-01-31T10:00:00Z' : undefined
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap((option) => option.map((one) => one.message)))].join(', or ')
    default:
      return undefined
  }
}

const typeNames = new Map([
  ['int', 'a whole number'],
  ['number', 'a number'],
  ['string', 'a text'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
])

function sizeText(origin: string, bound: string, size: number | bigint): string {
  if (size === 1 && bound === 'at least' && origin !== 'number' && origin !== 'int') return 'not be empty'
  if (origin === 'string') return `have ${bound} ${size} characters`
  if (origin === 'array') return `have ${bound} ${size} entries`
  return `be ${bound} ${size}`
}

function pathText(path: readonly PropertyKey[], whole: string): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text === '' ? whole : text.replace(/^\./, '')
}
