import { z } from 'zod'

/**
 * A number that stands in a document because it was measured: a link to its result, whose fragment is a JSON Pointer to the figure, as in
 * `[**4.2 times** (3.9 to 4.4)](bench/results/peers-embedded.json#/ratios/a/b)`. Of a figure with a spread the text says the median, or the median, the least and the
 * most.
 */
export interface Quote {
  readonly text: string
  /** Name of the file in bench/results/. */
  readonly result: string
  readonly pointer: string
}

const quoteLink = /\[([^\]]+)\]\((?:\.\.\/)*bench\/results\/([\w-]+\.json)#([^)\s]*)\)/g
const spreadSchema = z.object({ median: z.number(), least: z.number(), most: z.number() })

export function quotesIn(markdown: string): readonly Quote[] {
  return [...markdown.matchAll(quoteLink)].map(([, text = '', result = '', pointer = '']) => ({ text, result, pointer }))
}

/** What is wrong with a quote, or undefined. `result` is the whole of its file. */
export function faultOf({ text, pointer }: Quote, result: unknown): string | undefined {
  const found = valueAt(result, pointer)
  const figures = figuresOf(found)
  if (figures === undefined) return `${pointer} is no figure of its result: ${JSON.stringify(found)}`
  const shown = [...text.matchAll(/((?<=^|\s)-\d[\d,]*(?:\.\d+)?|\d[\d,]*(?:\.\d+)?)(?:\s*(%|KB|MB|GB|million))?/g)]
  if (shown.length !== 1 && shown.length !== figures.length)
    return `"${text}" does not say the median, or the median, the least and the most`
  const isRight = shown.every(([, number = '', unit = ''], i) => agrees(number, unit, figures[i]))
  return isRight ? undefined : `"${text}" is not ${figures.join(', ')}`
}

/** Follows a JSON Pointer in a link, where spaces are encoded. Source: RFC 6901, section 6; names of figures need no other escapes. */
function valueAt(result: unknown, pointer: string): unknown {
  let value = result
  for (const name of decodeURIComponent(pointer).split('/').slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Object.entries(value).find(([key]) => key === name)?.[1]
  }
  return value
}

function figuresOf(value: unknown): readonly number[] | undefined {
  if (typeof value === 'number') return [value]
  const spread = spreadSchema.safeParse(value)
  return spread.success ? [spread.data.median, spread.data.least, spread.data.most] : undefined
}

const scales: Readonly<Record<string, number>> = { '': 1, '%': 0.01, KB: 1e3, MB: 1e6, GB: 1e9, million: 1e6 }

/** Whether the figure, rounded to as many digits as are shown, is the number; zeros at the end of a whole one may be rounded, if two digits are left. */
function agrees(shown: string, unit: string, figure: number | undefined): boolean {
  const scale = scales[unit]
  if (figure === undefined || scale === undefined) return false
  const digits = shown.replaceAll(',', '')
  const [whole = '', decimals] = digits.split('.')
  const step = decimals === undefined ? 10 ** (/^\d{2,}?(0*)$/.exec(whole)?.[1]?.length ?? 0) : 10 ** -decimals.length
  return Math.abs(figure / scale - Number(digits)) <= step / 2 + 1e-9
}

const amount = String.raw`\d[\d,]*(?:\.\d+)?(?:\s+to\s+\d[\d,]*(?:\.\d+)?)?`
const units = [
  ...['times', '%', 'ms', 'µs', 's', 'seconds', 'microseconds', 'bytes', 'KB', 'MB', 'GB', String.raw`[MG]bit\/s`, 'million'],
  ...['calls', 'buys', 'requests', 'answers', 'records', 'series', 'sockets', 'WebSockets', 'cores', String.raw`(?:a|per) second`],
]
const words = ['(?:two|three|four|five|six|seven|eight|nine|ten) times (?:as|its|that)', 'half a million', 'hundreds of thousands']
const claim = new RegExp(String.raw`\b(?:${amount}\s*(?:${units.join('|')})|\d[\d.]*x|${words.join('|')})(?![\w-])`, 'g')

/** Amounts that are no quotes: outside of links, code and what a command prints. They may be settings, limits or arithmetic; somebody has to say so. */
export function amountsIn(markdown: string): readonly string[] {
  const prose = markdown
    .replaceAll(/```[\s\S]*?```/g, '')
    .replaceAll(/`[^`\n]*`/g, '')
    .replaceAll(/\[[^\]]*\]\([^)]*\)/g, '')
  return [...prose.matchAll(claim)].map(([text]) => text.replaceAll(/\s+/g, ' '))
}
