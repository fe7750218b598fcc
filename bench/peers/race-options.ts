import { Command, Option } from 'commander'
import { z } from 'zod'
import { BenchFault } from '../bench-fault.ts'
import type { Load } from '../load/load.ts'
import { wholeNumber } from '../whole-number.ts'
import { nameOf, type Race, type RaceName, raceNames, races } from './race.ts'

const schema = z.object({
  race: z.enum(raceNames),
  only: z.string().default(''),
  rounds: z.int(),
  seconds: z.int(),
  warmup: z.int(),
  snapshots: z.boolean().default(false),
  into: z.string().optional(),
  json: z.boolean().default(false),
})

export interface RaceOptions extends Omit<z.output<typeof schema>, 'only' | 'race'> {
  readonly name: RaceName
  readonly race: Race
}

/** The command line of `bench:peers`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function raceCommand(): Command {
  return new Command('bench:peers')
    .description(
      'Puts the same calls of `buy` on Sluice and on what a shop would use instead, in turns, each started afresh on this machine with the same durability, ' +
        "and tells rates, ratios and what the others leave out. A race takes some ten seconds for each that runs, in every round. What isn't installed is named before it begins.",
    )
    .addOption(
      new Option(
        '--race <name>',
        'embedded: one process, a sync before every answer, against Redis, Fastify, nginx and PostgreSQL; ' +
          'cluster: gateway, actor node, NATS and Redis, a sync a second, against the same; sold-out: refusals of a cluster against its full buys',
      )
        .choices(raceNames)
        .default('embedded'),
    )
    .option(
      '--only <names>',
      'of Sluice, and of what it is compared with, only what is named: redis,cluster-rpc-32x64,fastify-http-64; a side with no name runs whole',
    )
    .option('--rounds <count>', 'turns', wholeNumber(1, 1_000), 5)
    .option('--seconds <s>', 'length of each measurement', wholeNumber(1, 3_600), 3)
    .option('--warmup <s>', 'load before each', wholeNumber(0, 600), 1)
    .option('--snapshots', 'let servers compact their journals meanwhile, as they would')
    .option(
      '--into <file>',
      'write the result to this file, and if it is there, of the same commit, machine and settings, add the rounds to it',
    )
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

/** What the command was told, checked as a whole. Throws a {@link BenchFault}. */
export function raceOptionsOf(command: Command): RaceOptions {
  const { race: name, only, ...options } = schema.parse(command.opts())
  const race = races[name]
  const words = only.split(',').filter((word) => word !== '')
  const all = [...race.ours, ...race.theirs]
  const unknown = words.find((word) => !all.some((load) => isNamed(load, word)))
  if (unknown !== undefined) {
    const names = [...new Set(all.flatMap((load) => [load.peer, nameOf(load)]))]
    throw new BenchFault(`--only: the race ${name} has no ${unknown}, but ${names.join(', ')}`)
  }
  return { ...options, name, race: { ...race, ours: chosen(race.ours, words), theirs: chosen(race.theirs, words) } }
}

function chosen(loads: readonly Load[], words: readonly string[]): readonly Load[] {
  const named = loads.filter((load) => words.some((word) => isNamed(load, word)))
  return named.length === 0 ? loads : named
}

/** By its peer, which may run with several loads, or by its own name. */
function isNamed(load: Load, word: string): boolean {
  return word === load.peer || word === nameOf(load)
}
