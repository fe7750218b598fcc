import type { LinePlace } from '../../protocol/client/operator-calls.ts'
import type { SkuStatus } from '../../protocol/results.ts'

type Units = Pick<SkuStatus, 'available' | 'held' | 'ordered' | 'sold'> & { readonly sku: string }

/** G1: every unit that was put in is in exactly one of four places. Empty if so. */
export function unitProblems({ sku, available, held, ordered, sold }: Units, units: number): string[] {
  const counts = { available, held, ordered, sold }
  const sum = available + held + ordered + sold
  const problems = Object.entries(counts).flatMap(([name, count]) => (count < 0 ? [`${sku}: ${count} units are ${name}`] : []))
  return sum === units ? problems : [...problems, `${sku}: ${JSON.stringify(counts)} are ${sum} units, put in were ${units}`]
}

/** A line as operators see it: numbers rise from the head on, nobody is in it twice, and everyone's `ahead` is the people before. */
export function lineProblems(sku: string, line: readonly LinePlace[]): string[] {
  const problems: string[] = []
  for (const [index, place] of line.entries()) {
    const before = line[index - 1]
    if (before !== undefined && before.ticket >= place.ticket)
      problems.push(`${sku}: ticket ${before.ticket} stands before ${place.ticket}`)
    if (place.ahead !== index) problems.push(`${sku}: ticket ${place.ticket} has ${place.ahead} ahead and stands behind ${index}`)
  }
  if (new Set(line.map((place) => place.user)).size !== line.length) problems.push(`${sku}: somebody is in the line twice`)
  return problems
}
