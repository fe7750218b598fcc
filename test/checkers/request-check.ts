import { type Code, codeTable } from '../../protocol/codes.ts'
import { hashBytes, hashBytesAgain } from '../../protocol/hash.ts'
import type { ClaimState } from '../../protocol/results.ts'
import type { Complain } from './findings.ts'
import type { LiveBooks } from './live-books.ts'
import type { SkuHistory } from './sku-history.ts'
import { numberOf } from './told-story.ts'

/** All that a user's clients did with one SKU. */
interface Customer {
  readonly user: string
  readonly sku: string
  /** What each request was told for good, and the largest claim number among it. */
  readonly requests: Map<string, Told>
}

interface Told {
  claim: number
  refused: Code | undefined
  isPaid: boolean
  /** Durable records (LiveBooks.tick) when it was refused. */
  refusedTick: number
}

const utf8 = new TextEncoder()

/**
 * One outcome per request (G4), by what clients were told: however often a call is made with the same request id and by whichever device, what it is
 * told for good does not contradict what it was told before. Several requests may be told of one claim, for a user has only one at a time, and a
 * repeat is told of the claim that has replaced its own.
 */
export class RequestCheck {
  private readonly complain: Complain
  private readonly tick: () => number
  private readonly customers = new Map<string, Customer>()

  /** `tick` tells claims that began after a refusal from those that had begun, and ended unheard, before it: LiveBooks.tick. */
  constructor(complain: Complain, tick: () => number = () => Infinity) {
    this.complain = complain
    this.tick = tick
  }

  /** The call is about to be made, for the first time or again. */
  asks(user: string, sku: string, requestId: string): void {
    this.toldTo(this.customer(user, sku), requestId)
  }

  /** What a call with this id came to. Codes that let the caller try again say nothing for good. */
  told(user: string, sku: string, requestId: string, outcome: ClaimState | Code): void {
    const customer = this.customer(user, sku)
    const told = this.toldTo(customer, requestId)
    const problem = typeof outcome === 'string' ? refusalProblem(told, outcome) : claimProblem(customer, told, outcome)
    if (problem !== undefined) this.complain('G4', `${user}, ${sku}, request ${requestId}: ${problem}`)
    if (typeof outcome !== 'string') {
      told.claim = Math.max(told.claim, numberOf(outcome) ?? 0)
      if (outcome.state === 'paid') told.isPaid = true
    } else if (isForGood(outcome)) this.refused(told, outcome)
  }

  /** The store has lost records of this SKU: what was told of it may come otherwise. */
  lost(sku: string): void {
    for (const customer of this.customers.values()) if (customer.sku === sku) customer.requests.clear()
  }

  /** Holds all of it against the journal, when nothing is under way any more: what was told is there, and what was refused for good began nothing. */
  atEnd(books: LiveBooks): void {
    for (const { user, sku, requests } of this.customers.values()) {
      for (const [requestId, { claim, refused, refusedTick }] of requests) {
        const isTheirs = books.everOf(sku).some((history) => history.claims.get(claim)?.user === user)
        if (claim > 0 && !isTheirs) this.complain('G4', `${user}, ${sku}: was told of claim ${claim}, which the journal does not give them`)
        if (refused === undefined || refused === 'NO_HOLD' || refused === 'HOLD_EXPIRED') continue
        if (claim > 0) continue
        const problem = begunProblem(books, { user, sku, requestId }, refused, refusedTick)
        if (problem !== undefined) this.complain('G4', `${user}, ${sku}, request ${requestId}: ${problem}`)
      }
    }
  }

  private refused(told: Told, code: Code): void {
    told.refused = code
    told.refusedTick = this.tick()
  }

  private customer(user: string, sku: string): Customer {
    const key = `${sku} ${user}`
    const known = this.customers.get(key)
    if (known !== undefined) return known
    const made: Customer = { user, sku, requests: new Map() }
    this.customers.set(key, made)
    return made
  }

  private toldTo({ requests }: Customer, requestId: string): Told {
    const known = requests.get(requestId)
    if (known !== undefined) return known
    const made: Told = { claim: 0, refused: undefined, isPaid: false, refusedTick: 0 }
    requests.set(requestId, made)
    return made
  }
}

/**
 * What was refused for good begins nothing. Only a claim that had ended without a purchase before anybody heard of it goes with `SOLD_OUT`: whoever only
 * knows that nothing is left says that.
 */
function begunProblem(
  books: LiveBooks,
  { user, sku, requestId }: { readonly user: string; readonly sku: string; readonly requestId: string },
  refused: Code,
  refusedTick: number,
): string | undefined {
  const found = books.withSku(sku)
  const request = hashesOf(requestId)
  const begun = [...(found?.history.claims.values() ?? [])].find((past) => past.user === user && past.request === request)
  if (found === undefined || begun === undefined) return undefined
  const refusedAt = found.books.stepAtTick(refusedTick)
  const isLater = begun.joinedAt > refusedAt
  // More units make a new sale: whoever was told that nothing is left may be lucky with the same call. A gateway's picture is a moment older than the
  // books, and how old it may be is for the check of that word to say: SoldOutCheck.
  const { history } = found
  const isRestocked = [...history.restocks.values()].some(
    (step) => step <= begun.joinedAt && (step > refusedAt || wasSoldOut(history, step - 1)),
  )
  if (isLater && isRestocked && refused === 'SOLD_OUT') return undefined
  const isBought = found.history.marks.get(user)?.some(({ past, state }) => past === begun && state === 'paid') === true
  if (!isLater && !isBought && refused === 'SOLD_OUT') return undefined
  return `was refused with ${refused}, and ${isLater ? 'then ' : ''}began claim ${begun.claim}`
}

function wasSoldOut(history: SkuHistory, step: number): boolean {
  const { available, held, ordered } = history.momentAt(step) ?? { available: 1, held: 0, ordered: 0 }
  return available + held + ordered === 0
}

/** A claim that ended without a purchase may be followed by `SOLD_OUT` from whoever only knows that nothing is left. */
function refusalProblem({ claim, refused, isPaid }: Told, code: Code): string | undefined {
  if (!isForGood(code)) return undefined
  if (refused !== undefined && refused !== code)
    return refusals.has(`${refused} ${code}`) ? undefined : `was refused with ${refused}, then with ${code}`
  return claim === 0 || (code === 'SOLD_OUT' && !isPaid) || checkoutCodes.has(code)
    ? undefined
    : `was told of claim ${claim}, then refused with ${code}`
}

function claimProblem({ requests }: Customer, { claim, refused }: Told, said: ClaimState): string | undefined {
  const number = numberOf(said)
  if (number === undefined) return undefined
  if (number < claim) return `was told of claim ${claim}, then of ${number}`
  // With another request the user may have got a claim, of which repeats of this one are told as well.
  if (requests.size > 1) return undefined
  // In between a gateway may have said that nothing is left.
  if (claim > 0) return number === claim ? undefined : `was told of claim ${claim}, then of ${number}`
  return refused === undefined ? undefined : `was refused with ${refused}, then told of claim ${number}`
}

/** A SKU that nobody knows may be made a moment later. */
function isForGood(code: Code): boolean {
  return codeTable[code].retry === 'never' && code !== 'UNKNOWN_SKU'
}

const checkoutCodes: ReadonlySet<Code> = new Set(['NO_HOLD', 'HOLD_EXPIRED'])
/** A gateway that knows that nothing is left says so, whatever the shard has said or will say; and a hold that ended is forgotten some time. */
const refusals: ReadonlySet<string> = new Set([
  ...['CLOSED SOLD_OUT', 'LIMIT_REACHED SOLD_OUT', 'SOLD_OUT CLOSED', 'SOLD_OUT LIMIT_REACHED'],
  ...['HOLD_EXPIRED NO_HOLD', 'NO_HOLD HOLD_EXPIRED'],
])

function hashesOf(requestId: string): string {
  const bytes = utf8.encode(requestId)
  return `${hashBytes(bytes, 0, bytes.length)}.${hashBytesAgain(bytes, 0, bytes.length)}`
}
