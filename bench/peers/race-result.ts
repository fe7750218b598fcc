import { z } from 'zod'
import { keptResult } from '../kept-result.ts'
import { type Outcome, outcomeOf, type Round } from './race-rounds.ts'
import { answersMean, missingOf, nameOf, type Race } from './race.ts'

/** What has to be alike for rounds to be of one run. */
export interface RaceTerms {
  /** The command that takes it. */
  readonly what: string
  readonly commit: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly seconds: number
  readonly warmupSeconds: number
  /** The loads, by name. */
  readonly loads: readonly string[]
}

/** One file of bench/results/: from which machine, commit and settings, what came of it, and all reports it came from. */
export interface RaceResult extends RaceTerms, Outcome {
  readonly about: string
  readonly durability: Race['durability']
  readonly answersMean: string
  /** Of each contender what it does not do, which Sluice does. */
  readonly missing: Readonly<Record<string, readonly string[]>>
  readonly rounds: readonly Round[]
}

export function raceResult(race: Race, terms: RaceTerms, rounds: readonly Round[]): RaceResult {
  const { about, durability } = race
  const missing = Object.fromEntries(race.theirs.map((load) => [nameOf(load), missingOf[load.peer]]))
  return { ...terms, about, durability, answersMean: answersMean[durability], missing, ...outcomeOf(race, rounds), rounds }
}

const figures = z.looseObject({ callsPerSecond: z.number(), p99Ms: z.number() })
const roundSchema = z.object({ at: z.string(), loadAverage: z.number(), reports: z.record(z.string(), figures) })
/** Of what this program wrote itself only that is looked at which outcomes are made of; the rest is carried along. */
const isRound = (value: unknown): boolean => roundSchema.safeParse(value).success
const savedSchema = z.looseObject({ rounds: z.array(z.custom<Round>(isRound)) })

/** The rounds of a result that further ones are added to, none if there is no such file. Throws as {@link keptResult}. */
export function savedRounds(path: string, terms: RaceTerms): readonly Round[] {
  return keptResult(path, savedSchema, terms, 'bench:peers')?.rounds ?? []
}
