import type { Random } from '../../cluster/world.ts'

/** What a crowd is made of. Shares are parts of 1; whoever is in none of them pays. */
export interface CrowdHabits {
  /** Think it over and give the hold or the place back. */
  readonly leaveShare: number
  /** Let the hold run out. */
  readonly lapseShare: number
  /** Have their card declined. */
  readonly declineShare: number
  /** The longest that anyone thinks about a hold. */
  readonly thinkMsMax: number
}

export const usualHabits: CrowdHabits = { leaveShare: 0.05, lapseShare: 0.01, declineShare: 0.04, thinkMsMax: 3_000 }

/** What one shopper is going to do with a hold. */
export interface Habit {
  readonly plan: 'pay' | 'leave' | 'lapse'
  /** The payment token at checkout. */
  readonly payment: string
  /** Between the hold and what is done with it. */
  readonly thinkMs: number
  /** Time in the line after which the shopper leaves it. */
  readonly patienceMs: number
}

/** Leavers stand in line for up to this many times as long as anyone thinks. */
const patienceThinks = 5

export function pickHabit(crowd: CrowdHabits, random: Random): Habit {
  const { leaveShare, lapseShare, declineShare, thinkMsMax } = crowd
  const lot = random.next()
  const leaves = lot < leaveShare
  const lapses = !leaves && lot < leaveShare + lapseShare
  const declined = !leaves && !lapses && lot < leaveShare + lapseShare + declineShare
  return {
    plan: leaves ? 'leave' : lapses ? 'lapse' : 'pay',
    payment: declined ? 'tok_declined' : 'tok_ok',
    thinkMs: random.next() * thinkMsMax,
    patienceMs: leaves ? random.next() * patienceThinks * thinkMsMax : Number.POSITIVE_INFINITY,
  }
}
