import { alignedRows } from '../aligned-rows.ts'
import type { Load } from '../load/load.ts'
import type { Outcome, Spread } from './race-rounds.ts'
import { answersMean, missingOf, nameOf, type Race } from './race.ts'

/** For a reader at a terminal: rates, ratios, and what the others do not do. */
export function tableOf(race: Race, { standings, ratios }: Outcome, rounds: number): readonly string[] {
  const { ours, theirs } = race
  const rows: (readonly string[])[] = [['', 'calls/s', '', 'p99 ms', ...ours.map((load) => `${nameOf(load)} is`)]]
  for (const load of [...ours, ...theirs]) {
    const name = nameOf(load)
    const standing = standings[name]
    if (standing === undefined) continue
    const { callsPerSecond, p99Ms } = standing
    const times = ours.map((our) => timesOf(ratios[nameOf(our)]?.[name]))
    rows.push([
      name,
      count(callsPerSecond.median),
      `${count(callsPerSecond.least)} to ${count(callsPerSecond.most)}`,
      `${p99Ms.median}`,
      ...times,
    ])
  }
  const notes = [`Medians of ${rounds} rounds in turns, with the least and the most; ${race.about}: ${answersMean[race.durability]}.`]
  return [...alignedRows(rows), ...notes, ...missingLines(theirs)]
}

/** Contenders that lack the same are told together. */
function missingLines(theirs: readonly Load[]): readonly string[] {
  const lacking = new Map<string, string[]>()
  for (const load of theirs) {
    const missing = missingOf[load.peer].join('; ')
    if (missing !== '') lacking.set(missing, [...(lacking.get(missing) ?? []), nameOf(load)])
  }
  return [...lacking].map(([missing, names]) => `Without ${missing}: ${names.join(', ')}.`)
}

function timesOf(ratio: Spread | undefined): string {
  return ratio === undefined ? '' : `${ratio.median}x (${ratio.least} to ${ratio.most})`
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
