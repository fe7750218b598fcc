import type { LedgerState } from '../../ops/journal/ledger-claim.ts'
import { noRequest } from '../../ops/journal/stock-events.ts'
import type { SkuEvent } from '../../ops/journal/stock-ledger.ts'
import type { JournalRule } from './shard-books.ts'

/** Rules about a journal that are reckoned otherwise than its ledger does, which knows most of them too. */
export const journalRules: readonly JournalRule[] = [limitRule, requestRule, liveClaimRule, priceRule]

const counted: ReadonlySet<LedgerState | undefined> = new Set(['held', 'pending', 'overdue', 'refunding', 'paid'])
const live: ReadonlySet<LedgerState | undefined> = new Set(['lobby', 'queued', 'held', 'pending', 'overdue', 'refunding'])
/** A request id is remembered for longer than any call's deadline: so long at least. */
const requestMemoryMs = 120_000

/**
 * G11: what a user holds, has ordered and has bought is never more than one may have, an order with an unknown outcome included. A limit that is lowered
 * counts for claims from then on; a place in the lobby takes its own along to its ticket.
 */
function limitRule(...[ledger, complain]: Parameters<JournalRule>): ReturnType<JournalRule> {
  const units = new Map<string, number>()
  // A refund of who was erased meanwhile names a pseudonym.
  const owners = new Map<number, string>()
  const limitOf = new Map<string, number>()
  const seated = new Set<string>()
  return {
    moved({ user, claim, qty, state }, from) {
      owners.set(claim, user)
      if (state === 'seated') seated.add(user)
      else if (from === undefined && !seated.delete(user)) limitOf.set(user, Math.max(ledger.settings.perUserMax, units.get(user) ?? 0))
      const before = units.get(user) ?? 0
      const after = before + qty * (Number(counted.has(state)) - Number(counted.has(from)))
      units.set(user, after)
      const perUserMax = limitOf.get(user) ?? ledger.settings.perUserMax
      if (after > perUserMax && after > before)
        complain('G11', `${ledger.sku}: claim ${claim} gives ${user} ${after} units; one may have ${perUserMax}`)
    },
    took(event) {
      if (event.kind !== 'refundEnded' || !event.isLimitFreed) return
      const user = owners.get(event.claim) ?? event.user
      units.set(user, (units.get(user) ?? 0) - event.qty)
    },
  }
}

/** G4: a user has at most one live claim of a SKU. */
function liveClaimRule(...[ledger, complain]: Parameters<JournalRule>): ReturnType<JournalRule> {
  const liveOf = new Map<string, number>()
  return {
    moved({ user, claim, state }, from) {
      if (live.has(state) === live.has(from)) return
      const count = (liveOf.get(user) ?? 0) + (live.has(state) ? 1 : -1)
      liveOf.set(user, count)
      if (count > 1 && live.has(state)) complain('G4', `${ledger.sku}: claim ${claim} of ${user} is one of ${count} that are live`)
    },
    took() {},
  }
}

/** G4: a request begins one claim, or puts units in once. */
function requestRule(...[ledger, complain]: Parameters<JournalRule>): ReturnType<JournalRule> {
  const begun = new Map<string, { readonly what: string; readonly now: number }>()
  return {
    moved() {},
    took(event, now) {
      if (!begins(event)) return
      if (event.request === noRequest) return
      const key = event.kind === 'restocked' ? event.request : `${event.user} ${event.request}`
      const what = event.kind === 'restocked' ? `${event.units} units` : `claim ${event.claim}`
      const known = begun.get(key)
      if (known !== undefined && now - known.now <= requestMemoryMs)
        complain('G4', `${ledger.sku}: the request that had made ${known.what} made ${what} too`)
      else begun.set(key, { what, now })
    },
  }
}

type Beginning = Extract<SkuEvent, { readonly kind: 'held' | 'queued' | 'lobbied' | 'restocked' }>

function begins(event: SkuEvent): event is Beginning {
  return event.kind === 'held' || event.kind === 'queued' || event.kind === 'lobbied' || event.kind === 'restocked'
}

/** G8: an order is for what its units cost when they were held, whatever the price has become since. */
function priceRule(...[ledger, complain]: Parameters<JournalRule>): ReturnType<JournalRule> {
  const promised = new Map<number, number>()
  return {
    moved({ claim, qty, state }) {
      if (state === 'held') promised.set(claim, qty * ledger.settings.priceMinor)
    },
    took(event) {
      if (event.kind !== 'ordered') return
      const price = promised.get(event.claim) ?? 0
      if (event.amountMinor !== price) complain('G8', `${ledger.sku}: order ${event.claim} is for ${event.amountMinor} and not ${price}`)
    },
  }
}
