import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const seedsEnd = 1_000_000_000

/**
 * A seed that follows from the compiled code below this folder: every change is tried with seeds that nothing was tried with before, and whoever runs the same
 * code again, on whatever machine, gets the same verdict.
 */
export function codeSeed(folder: string): number {
  const hash = createHash('sha256')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  for (const file of files.map((one) => one.split(path.sep).join('/')).toSorted())
    hash.update(`${file}\n`).update(readFileSync(path.join(folder, file)))
  return hash.digest().readUInt32LE() % seedsEnd
}
