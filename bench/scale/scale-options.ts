import { Command } from 'commander'
import { z } from 'zod'
import { BenchFault } from '../bench-fault.ts'
import { wholeNumber } from '../whole-number.ts'
import { type CurveName, curveNames } from './curves.ts'

const schema = z.object({
  curve: z.string(),
  rounds: z.int(),
  seconds: z.int(),
  warmup: z.int(),
  into: z.string().optional(),
  json: z.boolean().default(false),
})

export interface ScaleOptions extends Omit<z.output<typeof schema>, 'curve'> {
  readonly curves: readonly CurveName[]
}

/** The command line of `bench:scale`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function scaleCommand(): Command {
  return new Command('bench:scale')
    .description(
      'Measures how a node and a cluster on this machine do with more: SKUs, users, shards, longer ids, actor processes, and load below the peak. Each place of a curve ' +
        'is a load on servers of its own, and rounds go forwards and backwards in turns, so that what else the machine does meets all alike. ' +
        'Tells medians with the least and the most, and for half of the peak whether the promised latencies hold.',
    )
    .option('--curve <names>', `${curveNames.join(', ')}, with commas between, or all`, 'all')
    .option('--rounds <count>', 'times that everything is measured', wholeNumber(1, 100), 2)
    .option('--seconds <s>', 'length of each measurement', wholeNumber(1, 600), 2)
    .option('--warmup <s>', 'load before each', wholeNumber(0, 600), 1)
    .option(
      '--into <file>',
      'write the result to this file; if it is there, of the same commit, machine and settings, the curves take their place in it',
    )
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

/** What the command was told, checked as a whole. Throws a {@link BenchFault}. */
export function scaleOptionsOf(command: Command): ScaleOptions {
  const { curve, ...options } = schema.parse(command.opts())
  const words = curve.split(',').filter((word) => word !== '')
  const unknown = words.find((word) => word !== 'all' && !curveNames.some((name) => name === word))
  if (unknown !== undefined || words.length === 0)
    throw new BenchFault(`--curve: there is no ${unknown ?? 'name'}, but ${curveNames.join(', ')} and all`)
  return { ...options, curves: curveNames.filter((name) => words.includes('all') || words.includes(name)) }
}
