import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../../../bench/whole-number.ts'
import type { Terminal } from '../../../ops/cli/terminal.ts'
import { sabotageNames } from '../sabotage.ts'

/** In place of a sabotage's name: each of them. */
export const allSabotages = 'all'

const schema = z.object({
  seeds: z.int(),
  start: z.int().optional(),
  seed: z.int().optional(),
  trace: z.boolean().default(false),
  sabotage: z.string().optional(),
  search: z.boolean().default(false),
  jobs: z.int(),
  patience: z.number(),
  json: z.boolean().default(false),
})

export interface SimulateOptions extends Omit<z.output<typeof schema>, 'start' | 'seed'> {
  readonly start: number
}

/** Seeds are 32 bits; a start is drawn from the easily typed part of them. */
const seedMax = 2 ** 32 - 1
const drawnMax = 1_000_000_000
const seedsMax = 1_000_000

/** The command line of `simulate`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function simulateCommand(terminal: Pick<Terminal, 'out' | 'err'>): Command {
  return new Command('simulate')
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .description(
      'Runs a whole cluster in one process under a seeded clock, network and disk, with faults, once for each seed, and checks what it promises. ' +
        'Ends with 1 if a promise was broken, or if many seeds never came to a situation that they are there for.',
    )
    .option('--seeds <count>', 'how many', wholeNumber(1, seedsMax), 100)
    .option('--start <seed>', 'the first one; the others follow it (default: drawn)', wholeNumber(0, seedMax))
    .option('--seed <seed>', 'only this one', wholeNumber(0, seedMax))
    .option('--trace', 'print everything that happens; with --seed')
    .addOption(
      new Option('--sabotage <name>', 'break something first, to see it noticed; all with --search').choices([
        ...sabotageNames,
        allSabotages,
      ]),
    )
    .option('--search', 'find the first seeds that catch the sabotage')
    .option('--jobs <count>', 'processes at a time', wholeNumber(1, 256), availableParallelism())
    .option('--patience <seconds>', 'real time after which a seed is said not to end', seconds, 300)
    .option('--json', 'print one JSON document, and nothing else, to standard output')
    .exitOverride()
}

/** What the command was told, checked as a whole; tells the command what is wrong, which throws. */
export function simulateOptionsOf(command: Command): SimulateOptions {
  const { start, seed, ...options } = schema.parse(command.opts())
  if (options.trace && seed === undefined) command.error('error: --trace is of one seed: give --seed')
  if (options.search && options.sabotage === undefined)
    command.error('error: --search is for a seed that catches something: give --sabotage')
  if (options.search && seed !== undefined) command.error('error: --search begins at --start and looks at more than one --seed')
  if (options.sabotage === allSabotages && !options.search) command.error('error: --sabotage all is for --search')
  const seeds = seed === undefined ? options.seeds : 1
  const first = seed ?? start ?? randomInt(drawnMax)
  if (first + seeds - 1 > seedMax) command.error(`error: ${seeds} seeds from ${first} go beyond the last, ${seedMax}`)
  return { ...options, seeds, start: first }
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 3_600)) throw new InvalidArgumentError('It has to be a number of seconds from above 0 to 3600.')
  return value
}
