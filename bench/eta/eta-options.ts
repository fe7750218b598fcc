import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'
import { distributions } from './distributions.ts'

/** Sales are tuned on with this seed, and judged with any other. */
const tuningSeed = 1
const judgingSeed = 2026

const schema = z.object({
  sales: z.int(),
  seed: z.int().optional(),
  tuning: z.boolean().default(false),
  only: z.string().optional(),
  json: z.boolean().default(false),
})

export interface EtaOptions {
  readonly sales: number
  readonly seed: number
  /** Names of the distributions that sales are drawn from, in turns. */
  readonly names: readonly string[]
  readonly json: boolean
}

/** The command line of `bench:eta`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function etaCommand(): Command {
  const names = distributions.map(({ name, what, isHeldOut }) => `  ${name.padEnd(14)}${what}${isHeldOut ? ' (held out)' : ''}`)
  return new Command('bench:eta')
    .description(
      'Plays sales that are drawn from known distributions through the inventory actor, under a clock of its own, asks at regular moments for places all over ' +
        'the line what a gateway would tell them, and says how often the truth fell inside.',
    )
    .option('--sales <count>', 'sales, drawn from the distributions in turns', wholeNumber(1, 10_000), 200)
    .option(
      '--seed <number>',
      `what the sales follow from (default: ${judgingSeed}, or ${tuningSeed} with --tuning)`,
      wholeNumber(0, 2 ** 31),
    )
    .option('--tuning', 'leave out the distributions that are held out: for whoever changes the estimator')
    .option('--only <name>', 'one distribution', named)
    .option('--json', 'print one JSON object as the last line')
    .addHelpText('after', `\nDistributions:\n${names.join('\n')}`)
    .exitOverride()
}

export function etaOptionsOf(command: Command): EtaOptions {
  const { sales, seed, tuning, only, json } = schema.parse(command.opts())
  const chosen = distributions.filter(({ name, isHeldOut }) => (only === undefined ? !(tuning && isHeldOut) : name === only))
  return { sales, seed: seed ?? (tuning ? tuningSeed : judgingSeed), names: chosen.map(({ name }) => name), json }
}

function named(text: string): string {
  if (distributions.some(({ name }) => name === text)) return text
  throw new InvalidArgumentError(`It must be one of ${distributions.map(({ name }) => name).join(', ')}.`)
}
