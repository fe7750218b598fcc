import { existsSync, lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { BenchFault } from './bench-fault.ts'

export function keepResult(path: string, result: unknown): void {
  keepText(path, `${JSON.stringify(result, null, 2)}\n`)
}

/** What was kept there stays until all of the new text is: a disk that is full takes no earlier result with it. */
export function keepText(path: string, text: string): void {
  // A device, a pipe or a link is written to: a file in its place is not what was asked for.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) {
    writeFileSync(path, text)
    return
  }
  const whole = `${path}.new`
  try {
    writeFileSync(whole, text)
    renameSync(whole, path)
  } catch (error) {
    rmSync(whole, { force: true })
    throw error
  }
}

/**
 * The result that further measurements are added to, undefined if there is no such file.
 * Throws a {@link BenchFault} if `program` did not write it, or if it was taken on other terms.
 */
export function keptResult<Result extends Readonly<Record<string, unknown>>>(
  path: string,
  schema: z.ZodType<Result>,
  terms: object,
  program: string,
): Result | undefined {
  if (!existsSync(path)) return undefined
  const kept = parsed(path, schema, program)
  for (const [name, value] of Object.entries(terms)) {
    if (!isDeepStrictEqual(kept[name], value))
      throw new BenchFault(`${path} was taken with another ${name}: give another file, or take it away`)
  }
  return kept
}

function parsed<Result>(path: string, schema: z.ZodType<Result>, program: string): Result {
  // A device may have no end.
  if (!statSync(path).isFile()) throw new BenchFault(`${path} is no result of ${program}`)
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new BenchFault(`${path} is no result of ${program}`, error)
  }
}
