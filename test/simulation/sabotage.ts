import type { Patch } from './sabotage-patch.ts'
import { codeSabotages } from './sabotages/code-sabotages.ts'
import type { StoreSabotage } from './store/stored-journal.ts'

/** One mechanism broken on purpose, the way a plausible mistake would: a simulation that does not notice it proves nothing. */
export type Sabotage = StoreSwitch | CodeSabotage

interface SabotageFacts {
  readonly name: string
  /** What is broken, in one sentence. */
  readonly how: string
  /** The promises that the checkers should see broken; any one of them is a catch. */
  readonly breaks: readonly string[]
}

/** A switch of the simulated store, given to the run as an option. */
export interface StoreSwitch extends SabotageFacts {
  readonly where: 'store'
  readonly name: StoreSabotage
}

/** A change of the real, compiled code, made as a process of the simulation loads it (sabotaged-code.ts). */
export interface CodeSabotage extends SabotageFacts {
  readonly where: 'code'
  readonly patches: readonly Patch[]
}

const storeSwitches: readonly StoreSwitch[] = [
  {
    name: 'no-fence',
    where: 'store',
    how: 'An epoch that was superseded can still write, and is told that it stands.',
    breaks: ['G1', 'G3', 'G4', 'G5'],
  },
  {
    name: 'no-chain',
    where: 'store',
    how: 'A record is taken without a look at the one before it.',
    breaks: ['G3', 'G5', 'G12'],
  },
  {
    name: 'unconditional-snapshot',
    where: 'store',
    how: 'A snapshot replaces one that is newer, although the journal between the two is trimmed.',
    breaks: ['G3', 'G5', 'G12'],
  },
]

export const sabotages: readonly Sabotage[] = [...storeSwitches, ...codeSabotages]

export const sabotageNames: readonly string[] = sabotages.map(({ name }) => name)

export function sabotageOf(name: string): Sabotage {
  const sabotage = sabotages.find((one) => one.name === name)
  if (sabotage === undefined) throw new RangeError(`there is no sabotage ${name}`)
  return sabotage
}
