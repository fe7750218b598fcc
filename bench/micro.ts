import Table from 'cli-table3'
import { Command } from 'commander'
import { z } from 'zod'
import { benchProgram, print } from './bench-program.ts'
import { buyPath } from './micro/buy-path.ts'
import { edgeDecode } from './micro/edge-decode.ts'
import { innerCodec } from './micro/inner-codec.ts'
import { inventory } from './micro/inventory.ts'
import { linePosition } from './micro/line-position.ts'
import { type MicroFigure, runMicro } from './micro/micro-run.ts'
import { positionEncoding } from './micro/position-encoding.ts'
import { tokenBuckets } from './micro/token-buckets.ts'
import { wholeNumber } from './whole-number.ts'

const suites = [edgeDecode, innerCodec, inventory, buyPath, tokenBuckets, linePosition, positionEncoding]
const optionsSchema = z.object({ filter: z.string(), time: z.number(), json: z.boolean().default(false) })

const command = new Command('bench')
  .description('Measures the parts that every call goes through, each by itself, and tells what one operation takes.')
  .option('--filter <text>', 'only cases with this in their name, for example "line:"', '')
  .option('--time <ms>', 'time for each case', wholeNumber(10, 600_000), 500)
  .option('--json', 'print one JSON array as the last line')
  .exitOverride()

await benchProgram(
  command,
  () => optionsSchema.parse(command.opts()),
  async ({ filter, time, json }) => {
    const figures = await runMicro(suites, filter, time, ({ name }) => tell(name))
    print(tableOf(figures))
    if (json) print(JSON.stringify(figures))
  },
)

/** Shows somebody who waits that something happens. */
function tell(name: string): void {
  if (process.stderr.isTTY) process.stderr.write(`measured ${name}\n`)
}

function tableOf(figures: readonly MicroFigure[]): string {
  const right = { hAlign: 'right' } as const
  const table = new Table({
    head: ['what', 'median', 'p99', 'a second', 'event loop blocked'],
    style: { head: [], border: [] },
  })
  for (const { name, unit, medianNs, p99Ns, operationsPerSecond, operations, blockedMs } of figures) {
    table.push([
      name,
      { ...right, content: `${took(medianNs)} / ${unit}` },
      { ...right, content: took(p99Ns) },
      { ...right, content: operationsPerSecond.toLocaleString('en-US') },
      { ...right, content: `${blockedMs} ms for ${operations.toLocaleString('en-US')}` },
    ])
  }
  return table.toString()
}

function took(ns: number): string {
  return ns < 10_000 ? `${ns} ns` : `${Math.round(ns / 10) / 100} us`
}
