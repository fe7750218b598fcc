import { Command } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

const schema = z.object({
  connections: z.int(),
  rounds: z.int(),
  seconds: z.int(),
  warmup: z.int(),
  into: z.string().optional(),
  json: z.boolean().default(false),
})

export type GeneratorOptions = z.output<typeof schema>

/** The command line of `bench:generators`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function generatorCommand(): Command {
  return new Command('bench:generators')
    .description(
      'Holds our load generator against two that others wrote: `POST /v1/call/buy` on a node by ours and by wrk, unique users each, and one call repeated ' +
        'again and again by ours and by ab, which can do nothing else, both through an nginx, for ab speaks only HTTP/1.0. Each pair asks a node of its own.',
    )
    .option('--connections <count>', 'kept-alive connections, one call under way on each', wholeNumber(1, 10_000), 64)
    .option('--rounds <count>', 'turns', wholeNumber(1, 1_000), 5)
    .option('--seconds <s>', 'length of each measurement', wholeNumber(1, 3_600), 3)
    .option('--warmup <s>', 'load before, by each of the two', wholeNumber(1, 600), 2)
    .option('--into <file>', 'write the result to this file')
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

export function generatorOptionsOf(command: Command): GeneratorOptions {
  return schema.parse(command.opts())
}
