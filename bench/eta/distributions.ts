import { between, exponential, logNormal, pareto, scaled } from './chances.ts'
import type { BuyerPlan, SalePlan } from './sale-plan.ts'
import type { SeededChance } from './seeded-chance.ts'

/**
 * The sales on which the estimates of the line are judged. Written down before the estimator that is judged by them; what is changed in here makes
 * former results worthless. Each draws its sale from a seed.
 */
export interface Distribution {
  readonly name: string
  readonly what: string
  /** Never looked at while the estimator is tuned. */
  readonly isHeldOut: boolean
  /** Of a kind that an estimator which learns from the holds that have ended cannot know. */
  readonly isUnlike: boolean
  readonly draw: (random: SeededChance) => SalePlan
}

/** Everything of a sale that its distribution does not say. */
function usual(random: SeededChance, wish: Partial<SalePlan> & { readonly sharePaid?: number } = {}): SalePlan {
  const { sharePaid = between(random, 0.3, 0.85), ...rest } = wish
  const stock = rest.stock ?? Math.round(scaled(random, 60, 600))
  const holdTtlMs = rest.holdTtlMs ?? Math.round(between(random, 45_000, 180_000))
  const people = Math.round(stock * between(random, 2, 7))
  return {
    stock,
    holdTtlMs,
    paymentTtlMs: Math.round(holdTtlMs * between(random, 1, 4)),
    grantsPerSecond: 0,
    rush: { people, withinMs: Math.round(between(random, 1_000, 20_000)) },
    late: { people: Math.round(people * between(random, 0, 0.5)), withinMs: Math.round(holdTtlMs * between(random, 2, 6)) },
    quantities: [1],
    patienceMs: () => Infinity,
    exits: [],
    restocks: [],
    pauses: [],
    outages: [],
    buyer: payers(sharePaid, holdTtlMs, (chance) => exponential(chance, holdTtlMs / 4)),
    ...rest,
  }
}

type BuyerOf = SalePlan['buyer']

/** A share pays after a time of its own; of the others half give their hold back, half let it run out. Who is too slow lets it run out as well. */
function payers(share: number, holdTtlMs: number, afterMs: (random: SeededChance) => number): BuyerOf {
  return (random) => {
    if (random.is(share)) return paying(random, afterMs(random))
    return random.is(0.5) ? { does: 'leave', afterMs: between(random, 2_000, holdTtlMs) } : { does: 'nothing' }
  }
}

function paying(random: SeededChance, afterMs: number, declinedShare = 0.05): BuyerPlan {
  return { does: 'pay', afterMs, paymentMs: logNormal(random, 2_500, 0.6), isDeclined: random.is(declinedShare) }
}

export const distributions: readonly Distribution[] = [
  {
    name: 'steady',
    what: 'a constant share pays, at exponential times',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => usual(random),
  },
  {
    name: 'log-normal',
    what: 'times until checkout are log-normal; slow ones run into the end of their hold',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => {
      const holdTtlMs = Math.round(between(random, 45_000, 180_000))
      const [median, spread] = [holdTtlMs * between(random, 0.15, 0.6), between(random, 0.3, 1)]
      const share = between(random, 0.5, 0.95)
      return usual(random, { holdTtlMs, buyer: payers(share, holdTtlMs, (chance) => logNormal(chance, median, spread)) })
    },
  },
  {
    name: 'heavy-tails',
    what: 'times until checkout have Pareto tails, and so have payments',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => {
      const holdTtlMs = Math.round(between(random, 45_000, 180_000))
      const shape = between(random, 0.6, 1.5)
      const share = between(random, 0.6, 0.95)
      return usual(random, {
        holdTtlMs,
        buyer: (chance) => {
          if (!chance.is(share)) return { does: 'nothing' }
          const afterMs = pareto(chance, 8_000, shape)
          return { does: 'pay', afterMs, paymentMs: pareto(chance, 1_000, shape), isDeclined: chance.is(0.1) }
        },
      })
    },
  },
  {
    name: 'bimodal',
    what: 'quick payers, and people who let their hold run out',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => {
      const share = between(random, 0.25, 0.8)
      const quickMs = between(random, 5_000, 20_000)
      return usual(random, {
        buyer: (chance) => (chance.is(share) ? paying(chance, logNormal(chance, quickMs, 0.4)) : { does: 'nothing' }),
      })
    },
  },
  {
    name: 'mostly-expire',
    what: 'five to fifteen in a hundred pay, nearly all holds run out',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => {
      const share = between(random, 0.05, 0.15)
      return usual(random, { buyer: (chance) => (chance.is(share) ? paying(chance, exponential(chance, 20_000)) : { does: 'nothing' }) })
    },
  },
  {
    name: 'impatient',
    what: 'people in line leave it one by one, and in bursts of ten to forty in a hundred, holds included',
    isHeldOut: false,
    isUnlike: true,
    draw: (random) => {
      const plan = usual(random)
      const patience = plan.holdTtlMs * between(random, 2, 8)
      const exits = [1, 2].map(() => ({ atMs: Math.round(plan.holdTtlMs * between(random, 0.3, 3)), share: between(random, 0.1, 0.4) }))
      return { ...plan, patienceMs: (chance) => exponential(chance, patience), exits }
    },
  },
  {
    name: 'restocks',
    what: 'operators put in units once or twice in the middle',
    isHeldOut: false,
    isUnlike: true,
    draw: (random) => {
      const plan = usual(random)
      const restocks = Array.from({ length: random.between(1, 2) }, () => ({
        atMs: Math.round(plan.holdTtlMs * between(random, 0.5, 3)),
        units: Math.ceil(plan.stock * between(random, 0.1, 0.6)),
      }))
      return { ...plan, restocks }
    },
  },
  {
    name: 'pauses',
    what: 'an operator pauses the sale once, for a fifth of a hold up to a whole one',
    isHeldOut: false,
    isUnlike: true,
    draw: (random) => {
      const plan = usual(random)
      const pause = {
        atMs: Math.round(plan.holdTtlMs * between(random, 0.3, 2)),
        forMs: Math.round(plan.holdTtlMs * between(random, 0.2, 1)),
      }
      return { ...plan, pauses: [pause] }
    },
  },
  {
    name: 'paced',
    what: 'grantsPerSecond lets the stock out over one to five holds',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => {
      const plan = usual(random)
      const seconds = (plan.holdTtlMs / 1_000) * between(random, 1, 5)
      return { ...plan, grantsPerSecond: Math.max(1, Math.round(plan.stock / seconds)) }
    },
  },
  {
    name: 'quantities',
    what: 'people want one to four units, all or nothing',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => usual(random, { quantities: random.pick([[1, 2, 3, 4], [1, 1, 1, 4], [2, 4], [4]]) }),
  },
  {
    name: 'tiny-stock',
    what: 'two to twelve units, of which most come back',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => usual(random, { stock: random.between(2, 12), sharePaid: between(random, 0.05, 0.5) }),
  },
  {
    name: 'huge-stock',
    what: 'three to six thousand units',
    isHeldOut: false,
    isUnlike: false,
    draw: (random) => {
      const stock = random.between(3_000, 6_000)
      const people = Math.round(stock * between(random, 1.5, 2.5))
      return usual(random, { stock, rush: { people, withinMs: 10_000 }, late: { people: 0, withinMs: 0 } })
    },
  },
  {
    name: 'outages',
    what: 'the payment provider is out once, for a tenth of a hold up to two',
    isHeldOut: false,
    isUnlike: true,
    draw: (random) => {
      const plan = usual(random)
      const outage = {
        atMs: Math.round(plan.holdTtlMs * between(random, 0.1, 1.5)),
        forMs: Math.round(plan.holdTtlMs * between(random, 0.1, 2)),
      }
      return { ...plan, outages: [outage] }
    },
  },
  {
    name: 'day-night',
    what: 'how many pay and how fast changes in waves over the sale',
    isHeldOut: false,
    isUnlike: true,
    draw: (random) => {
      const plan = usual(random)
      const [middle, swing] = [between(random, 0.35, 0.65), between(random, 0.15, 0.3)]
      const [period, phase] = [plan.holdTtlMs * between(random, 2, 8), between(random, 0, 2 * Math.PI)]
      return {
        ...plan,
        buyer: (chance, atMs, turn) => {
          const wave = Math.sin((2 * Math.PI * atMs) / period + phase)
          const meanMs = (plan.holdTtlMs / 5) * 2 ** wave
          return payers(middle + swing * wave, plan.holdTtlMs, (inner) => exponential(inner, meanMs))(chance, atMs, turn)
        },
      }
    },
  },
  {
    name: 'fading',
    what: 'who came first wants it most: the share that pays falls, or rises, with each hold',
    isHeldOut: false,
    isUnlike: true,
    draw: (random) => {
      const plan = usual(random)
      const [first, last] = random.is(0.7)
        ? [between(random, 0.6, 0.9), between(random, 0.1, 0.4)]
        : [between(random, 0.1, 0.4), between(random, 0.6, 0.9)]
      return {
        ...plan,
        buyer: (chance, atMs, turn) => {
          const share = last + (first - last) * Math.exp(-turn / plan.stock)
          return payers(share, plan.holdTtlMs, (inner) => exponential(inner, plan.holdTtlMs / 4))(chance, atMs, turn)
        },
      }
    },
  },
  {
    name: 'bots',
    what: 'programs take most of the stock at the opening and let it run out; people come after them',
    isHeldOut: true,
    isUnlike: true,
    draw: (random) => {
      const plan = usual(random)
      const bots = plan.stock * between(random, 0.4, 0.9)
      const share = between(random, 0.5, 0.85)
      return {
        ...plan,
        buyer: (chance, atMs, turn) => {
          if (turn < bots) return { does: 'nothing' }
          return payers(share, plan.holdTtlMs, (inner) => logNormal(inner, plan.holdTtlMs / 4, 0.5))(chance, atMs, turn)
        },
      }
    },
  },
  {
    name: 'everything',
    what: 'quantities, impatience, a restock, a pause, an outage and pacing, each in half of the sales',
    isHeldOut: true,
    isUnlike: true,
    draw: (random) => {
      const plan = usual(random, random.is(0.5) ? { quantities: [1, 2, 3, 4] } : {})
      const when = (): number => Math.round(plan.holdTtlMs * between(random, 0.2, 3))
      const patience = plan.holdTtlMs * between(random, 3, 10)
      const isImpatient = random.is(0.5)
      const restocks = random.is(0.5) ? [{ atMs: when(), units: Math.ceil(plan.stock * between(random, 0.1, 0.4)) }] : []
      const pauses = random.is(0.5) ? [{ atMs: when(), forMs: Math.round(plan.holdTtlMs * between(random, 0.1, 0.5)) }] : []
      const outages = random.is(0.5) ? [{ atMs: when(), forMs: Math.round(plan.holdTtlMs * between(random, 0.1, 1)) }] : []
      const grantsPerSecond = random.is(0.5) ? Math.max(1, Math.round(plan.stock / (plan.holdTtlMs / 1_000))) : 0
      const patienceMs = (chance: SeededChance): number => (isImpatient ? exponential(chance, patience) : Infinity)
      return { ...plan, patienceMs, restocks, pauses, outages, grantsPerSecond }
    },
  },
  {
    name: 'copied-pace',
    what: 'everyone needs the same time: all pay or give up within a few seconds of each other, round after round',
    isHeldOut: true,
    isUnlike: false,
    draw: (random) => {
      const share = between(random, 0.3, 0.7)
      const plan = usual(random)
      const paceMs = plan.holdTtlMs * between(random, 0.2, 0.8)
      return {
        ...plan,
        buyer: (chance) => {
          const afterMs = paceMs + between(chance, 0, 5_000)
          return chance.is(share) ? paying(chance, afterMs) : { does: 'leave', afterMs }
        },
      }
    },
  },
]
