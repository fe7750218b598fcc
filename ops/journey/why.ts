import { moneyText } from '../../protocol/money-text.ts'
import { timeText } from '../cli/tables.ts'
import { counted } from '../counted.ts'
import type { StockLedger } from '../journal/stock-ledger.ts'
import type { SkuBook } from './journey-reader.ts'
import type { SkuAnswer } from './sku-times.ts'
import type { JourneyOutcome, JourneyStep, Refusal, SkuJourney, StepKind } from './user-journey.ts'

/** What became of a user and a SKU, with the reason: `together` are the SKUs that a limit of its sale counts. */
export function tellJourney(user: string, book: SkuBook, steps: readonly JourneyStep[], together: readonly SkuBook[]): SkuJourney {
  const answers = book.times.spans
  const refused = refusalsOf(user, book, steps, together)
  const outcome = outcomeOf(steps)
  const why = steps.length === 0 ? whyNothing(book, refused) : whySteps(outcome, steps, book)
  return {
    sku: book.sku,
    sale: book.ledger?.settings.sale ?? '',
    outcome,
    why: [...why, ...limitsText(user, book, refused, together)],
    refused,
    steps,
    answers,
  }
}

const outcomes: Readonly<Record<Exclude<StepKind, 'refundAsked' | 'refundDone' | 'refundRefused'>, JourneyOutcome>> = {
  lobby: 'lobby',
  drawn: 'waiting',
  queued: 'waiting',
  held: 'holding',
  turn: 'holding',
  ordered: 'paying',
  overdue: 'paying',
  refunding: 'refunding',
  paid: 'bought',
  declined: 'declined',
  cancelled: 'cancelled',
  refunded: 'refunded',
  unrefunded: 'unrefunded',
  expired: 'expired',
  absent: 'absent',
  soldout: 'soldout',
  left: 'left',
}

/** Whoever has bought something has bought it, whatever came later of other claims; else the latest claim counts. */
function outcomeOf(steps: readonly JourneyStep[]): JourneyOutcome {
  const bought = new Map<number, number>()
  for (const { kind, claim, amountMinor = 0 } of steps) {
    if (kind === 'paid') bought.set(claim, priceOf(steps, claim))
    if (kind === 'refundDone') bought.set(claim, (bought.get(claim) ?? 0) - amountMinor)
  }
  if ([...bought.values()].some((left) => left > 0)) return 'bought'
  if (bought.size > 0 && steps.at(-1)?.kind === 'refundDone') return 'refunded'
  const last = steps.findLast((step) => !step.kind.startsWith('refund') || step.kind === 'refunded' || step.kind === 'refunding')
  return last === undefined ? 'none' : outcomes[claimStep(last.kind)]
}

function claimStep(kind: StepKind): keyof typeof outcomes {
  return kind === 'refundAsked' || kind === 'refundDone' || kind === 'refundRefused' ? 'paid' : kind
}

/** Free things are bought too. */
function priceOf(steps: readonly JourneyStep[], claim: number): number {
  return Math.max(1, steps.find((step) => step.kind === 'ordered' && step.claim === claim)?.amountMinor ?? 1)
}

function whySteps(outcome: JourneyOutcome, steps: readonly JourneyStep[], book: SkuBook): readonly string[] {
  const last = steps.at(-1)
  if (last === undefined) return []
  const at = timeText(last.at)
  const begun = steps.findLast(({ kind, claim }) => claim === last.claim && (kind === 'queued' || kind === 'drawn' || kind === 'held'))
  const turn = steps.findLast(({ kind, claim }) => claim === last.claim && (kind === 'held' || kind === 'turn'))
  const order = steps.findLast(({ kind, claim }) => claim === last.claim && kind === 'ordered')
  const what = order === undefined ? 'The order' : `Order ${order.order ?? `of claim ${order.claim}`} over ${priceText(order)}`
  switch (outcome) {
    case 'bought':
      return boughtText(steps)
    case 'refunded':
      return [`${what} was paid, and all of its money has gone back at ${at}.`]
    case 'unrefunded':
      return [`${what} ended at ${at} with money that the payment provider does not give back: somebody has to see to it.`]
    case 'paying':
      return last.kind === 'overdue'
        ? [`${what} was not settled in time; at ${at} its units went on, and the payment provider is still being asked.`]
        : [`${what} is being paid, by ${last.until === undefined ? 'its deadline' : timeText(last.until)} at the latest.`]
    case 'refunding':
      return [`${what} is given back since ${at}: it was given up, or paid when its units had gone on.`]
    case 'holding':
      return [`Holds ${counted(last.qty, 'unit')} since ${at} and has not checked out yet.`]
    case 'waiting': {
      const ahead = book.ledger === undefined ? undefined : aheadOf(book.ledger, last.claim)
      return [`Waits in line since ${at}${ahead === undefined ? '' : `, with ${peopleText(ahead)} ahead now`}.`]
    }
    case 'lobby':
      return [`Waits for the draw since ${at}.`]
    case 'declined':
      return [`${what} was declined by the payment provider at ${at}; its units went to the next in line.`]
    case 'cancelled':
      return [`${what} ended at ${at} without a payment: nothing was taken.`]
    case 'expired':
      return [`Held ${counted(last.qty, 'unit')} from ${timeText(turn?.at ?? last.at)} to ${at} and did not check out in time.`]
    case 'absent': {
      const { absenceMs = 0 } = book.ledger?.settings ?? {}
      return [`No device of this user was there for more than ${durationText(absenceMs)}, so that the place in line was given up at ${at}.`]
    }
    case 'soldout': {
      const ahead = begun?.ahead === undefined ? '' : `, with ${peopleText(begun.ahead)} ahead at the beginning`
      return [`Stood in line from ${timeText(begun?.at ?? last.at)}${ahead}; at ${at} no unit could come free for this place any more.`]
    }
    case 'left':
      return [`Gave ${turn === undefined ? 'the place in line' : 'the hold'} up at ${at}.`]
    case 'none':
      return []
  }
}

function aheadOf(ledger: StockLedger, ticket: number): number {
  let ahead = 0
  for (const { claim, state } of ledger.allClaims()) if (state === 'queued' && claim < ticket) ahead++
  return ahead
}

function boughtText(steps: readonly JourneyStep[]): readonly string[] {
  return steps
    .filter(({ kind }) => kind === 'paid')
    .map(({ claim, qty, at }) => {
      const order = steps.find((step) => step.kind === 'ordered' && step.claim === claim)
      const back = steps.reduce((sum, step) => sum + (step.kind === 'refundDone' && step.claim === claim ? (step.amountMinor ?? 0) : 0), 0)
      const refunded = order === undefined || back === 0 ? '' : `, of which ${priceText({ ...order, amountMinor: back })} has gone back`
      return `Bought ${counted(qty, 'unit')} at ${timeText(at)}${order === undefined ? '' : `: order ${order.order ?? ''} over ${priceText(order)}`}${refunded}.`
    })
}

function priceText({ amountMinor = 0, currency }: Pick<JourneyStep, 'amountMinor' | 'currency'>): string {
  return currency === undefined ? `${amountMinor} minor units` : moneyText(amountMinor, currency)
}

const answerText: Readonly<Record<SkuAnswer, string>> = {
  NOT_OPEN: 'it was not open yet (NOT_OPEN)',
  lobby: 'a place in the draw was to be had',
  open: 'a hold or a place in line was to be had',
  PAUSED: 'it was paused (PAUSED)',
  CLOSED: 'it was closed (CLOSED)',
  SOLD_OUT: 'all units were sold for good (SOLD_OUT)',
  LINE_FULL: 'the line was full (LINE_FULL)',
}
const spansTold = 6

/** The journal has no claim of the user; it can only say what anyone was answered who came. */
function whyNothing({ sku, ledger, times: { spans } }: SkuBook, refused: readonly Refusal[]): readonly string[] {
  if (refused.some(({ code }) => code === 'LIMIT_REACHED')) return []
  if (ledger === undefined) return [`The beginning of ${sku} is past the archive's time, and what is left of it does not name this user.`]
  const told = spans
    .slice(-spansTold)
    .map(({ answer, from, to }) => `  ${timeText(from)} to ${to === undefined ? 'the end' : timeText(to)}: ${answerText[answer]}`)
  const limit = `A buy of more than ${ledger.settings.perUserMax} of ${sku} was refused at any time (LIMIT_REACHED).`
  return ['Never had a claim: whoever is refused changes nothing, and is in no journal. What a buy came to, and when:', ...told, limit]
}

/** What was refused for certain, if it was asked for: beyond a limit, and for whoever has nothing what the SKU answers to all. */
function refusalsOf(
  user: string,
  { ledger, times }: SkuBook,
  steps: readonly JourneyStep[],
  together: readonly SkuBook[],
): readonly Refusal[] {
  if (ledger === undefined) return []
  const { bought, live } = ledger.unitsOf(user)
  if (live > 0) return []
  const { perUserMax, saleLimitPerUser = Infinity } = ledger.settings
  const inSale = together.reduce((sum, one) => sum + unitsIn(one, user), 0)
  const refused: Refusal[] = []
  if (bought >= perUserMax || inSale >= saleLimitPerUser) refused.push({ code: 'LIMIT_REACHED', from: steps.at(-1)?.at ?? 0 })
  const now = times.spans.at(-1)
  if (steps.length === 0 && now !== undefined && now.answer !== 'open' && now.answer !== 'lobby')
    refused.push({ code: now.answer, from: now.from })
  return refused
}

function limitsText(user: string, { ledger, sku }: SkuBook, refused: readonly Refusal[], together: readonly SkuBook[]): readonly string[] {
  if (ledger === undefined || !refused.some(({ code }) => code === 'LIMIT_REACHED')) return []
  const { perUserMax, saleLimitPerUser, sale } = ledger.settings
  const { bought } = ledger.unitsOf(user)
  if (bought >= perUserMax)
    return [`Has ${bought} of at most ${perUserMax} of ${sku}: whatever more was asked for was refused (LIMIT_REACHED).`]
  const inSale = together.reduce((sum, one) => sum + unitsIn(one, user), 0)
  return [`Has ${inSale} of at most ${saleLimitPerUser} in all of sale ${sale}: whatever more was asked for was refused (LIMIT_REACHED).`]
}

function unitsIn({ ledger }: SkuBook, user: string): number {
  if (ledger === undefined) return 0
  const { bought, live } = ledger.unitsOf(user)
  return bought + live
}

function durationText(ms: number): string {
  return ms < 120_000 ? `${ms / 1000} s` : `${Math.round(ms / 6_000) / 10} min`
}

function peopleText(count: number): string {
  return counted(count, 'person', 'people')
}
