import type { z } from 'zod'

type RawIssue = z.core.$ZodRawIssue
type Issue = z.core.$ZodIssue

/** One line for each thing that is wrong with checked data: `skus[0].stock: must be at least 0`. */
export function issueLines(error: z.ZodError): readonly string[] {
  return error.issues.map((issue) => {
    const path = pathText(issue.path)
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
}

/** Words for what a schema refuses, in place of zod's own; pass it as `error` to `safeParse`. A schema's own message goes first. */
export function issueText(issue: RawIssue): string | undefined {
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
      return issue.format === 'datetime'
        ? 'must be an ISO 8601 time with its offset, such as 2026-01-31T10:00:00Z'
        : `must be a ${issue.format}`
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap((option) => option.map((one: Issue) => one.message)))].join(', or ')
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

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}
