import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BenchFault } from '../bench-fault.ts'
import type { OtherGenerator } from './other-generator.ts'

const plenty = 100_000_000

/** ab sends one request again and again: a repeat of one call of one user, which is answered as the first was. */
export const ab: OtherGenerator = {
  name: 'ab',
  program: 'ab',
  package: 'apache2-utils',
  isOld: true,
  wordsFor: ({ folder, url, userHeader, body, run, connections, seconds }) => {
    const file = join(folder, 'body.json')
    writeFileSync(file, body.replaceAll('#', '0'))
    const request = ['-p', file, '-T', 'application/json', '-H', `${userHeader}: ${run}0`]
    // The time comes first: it sets a number of requests, which is then raised.
    return ['-q', '-k', '-t', `${seconds}`, '-n', `${plenty}`, '-c', `${connections}`, ...request, url]
  },
  readCount: (output) => {
    const refused = /Non-2xx responses:\s+(\d+)/.exec(output)?.[1]
    // Answers of another length count as failed: a hold's time left has not always as many digits. Those without an answer are others.
    const lost = /\(Connect: (\d+), Receive: (\d+), Length: \d+, Exceptions: (\d+)\)/.exec(output)?.slice(1).join(', ')
    if (refused !== undefined || (lost !== undefined && lost !== '0, 0, 0'))
      throw new BenchFault(`ab: ${refused ?? 'no'} refusals, lost: ${lost}`)
    return Number(/Requests per second:\s+([\d.]+)/.exec(output)?.[1] ?? NaN)
  },
}
