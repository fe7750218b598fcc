import { createCipheriv, createHash, createHmac } from 'node:crypto'
import type { StockEvent } from './stock-events.ts'

type DrawKind = 'lobbyClosed' | 'counted' | 'rosterHashed' | 'beaconCame' | 'seated' | 'drawn' | 'seedRevealed'
export type DrawEvent = Extract<StockEvent, { readonly kind: DrawKind }>

/** What a journal begins with of a draw. */
export interface DrawSettings {
  readonly sku: string
  /** As former versions wrote it. */
  readonly seed: Uint8Array | undefined
  /** Of a seed that the journal reveals only when roster and beacon are in it. */
  readonly commitment: Uint8Array | undefined
  readonly beacon: { readonly source: string; readonly round: number } | undefined
}

export interface CountedEntry {
  readonly claim: number
  /** In hex. */
  readonly id: string
}

/** Of whom it is known whether they are in the lobby. */
export interface Lobby {
  readonly userOf: (claim: number) => string
  readonly isThere: (claim: number) => boolean
}

/**
 * One draw by the journal alone: does what docs/draw.md describes over again, all at once and in the plainest way, and complains where the journal
 * says something else.
 */
export class JournaledDraw {
  isOver = false
  private readonly settings: DrawSettings
  private readonly report: (problem: string) => void
  private cutoff: number | undefined
  private countedTo = 0
  private readonly entries: CountedEntry[] = []
  private seed: Uint8Array | undefined
  /** Entries whose ids cannot be checked before the seed is known, with whom they are to be of. */
  private unchecked: (CountedEntry & { readonly user: string })[] = []
  private rosterHash: Buffer | undefined
  private value: Buffer | undefined
  private order: readonly CountedEntry[] | undefined
  private seatedTo = 0
  private lateTo = 0

  constructor(settings: DrawSettings, report: (problem: string) => void) {
    this.settings = settings
    this.report = report
    this.seed = settings.seed
    if (settings.beacon === undefined) this.value = Buffer.alloc(0)
  }

  /** `last`: the SKU's last claim. */
  take(event: DrawEvent, last: number, lobby: Lobby): void {
    switch (event.kind) {
      case 'lobbyClosed':
        return this.close(event.cutoff, last)
      case 'counted':
        return this.count(event.to, event.entries, lobby)
      case 'rosterHashed':
        return this.hash(event.hash)
      case 'seedRevealed':
        return this.reveal(event.seed)
      case 'beaconCame':
        return this.beacon(event.value)
      case 'seated':
        return event.isLate ? this.seatLate(event.to, event.claims, lobby) : this.seat(event.to, event.claims, lobby)
      case 'drawn':
        return this.end(last, lobby)
    }
  }

  private close(cutoff: number, last: number): void {
    if (this.cutoff !== undefined) this.report('the lobby was closed twice')
    if (cutoff !== last) this.report(`the lobby was closed behind claim ${cutoff}, and the last one was ${last}`)
    this.cutoff = cutoff
    this.lateTo = cutoff
  }

  /** Everyone who is in the lobby at this moment and up to `to` has to be among them, and nobody else. */
  private count(to: number, entries: readonly CountedEntry[], lobby: Lobby): void {
    if (this.cutoff === undefined || to > this.cutoff)
      this.report(`claims up to ${to} were counted, and the lobby was closed behind ${this.cutoff ?? 'none'}`)
    const expected = claimsBetween(this.countedTo, to, lobby)
    const wrong = firstDifference(entries, expected, (entry, claim) => entry.claim === claim)
    if (wrong !== undefined)
      this.report(`the roster has ${claimText(entries[wrong]?.claim)} where the lobby has ${claimText(expected[wrong])}`)
    for (const entry of entries) {
      this.entries.push(entry)
      if (lobby.isThere(entry.claim)) this.unchecked.push({ ...entry, user: lobby.userOf(entry.claim) })
    }
    this.countedTo = to
    if (this.seed !== undefined) this.checkIds(this.seed)
  }

  private checkIds(seed: Uint8Array): void {
    const key = tagged('entry-key', seed)
    for (const { claim, id, user } of this.unchecked) {
      // Of who was erased nobody can tell any more; that the roster has them is in its hash.
      if (pseudonym.test(user)) continue
      const mac = createHmac('sha256', key).update(user, 'utf8').digest('hex')
      if (mac.slice(0, entryIdDigits) !== id) this.report(`the roster has an id for claim ${claim} that is not its user's`)
    }
    this.unchecked = []
  }

  /** Not before nobody can choose the order any more, and no other seed than the one that was committed to. */
  private reveal(seed: Uint8Array): void {
    const { sku, beacon, commitment } = this.settings
    if (this.seed !== undefined) this.report('the seed was revealed twice, or had never been a secret')
    if (this.rosterHash === undefined) this.report('the seed was revealed before the roster was fixed')
    if (this.value === undefined) this.report('the seed was revealed before the beacon came')
    const plan = beacon === undefined ? '' : `${beacon.round.toString(16).padStart(16, '0')}${Buffer.from(beacon.source).toString('hex')}`
    const committed = tagged('commitment', seed, Buffer.from(sku), Buffer.from(plan, 'hex'))
    if (!committed.equals(commitment ?? Buffer.alloc(0))) this.report('the seed that was revealed is not the one that was committed to')
    this.seed = seed
    this.checkIds(seed)
  }

  private hash(hash: string): void {
    if (this.countedTo !== this.cutoff)
      this.report(`the roster was fixed when claims up to ${this.countedTo} were counted, of ${this.cutoff ?? 'no'} claims`)
    this.entries.sort((a, b) => (a.id < b.id ? -1 : 1))
    const inner = createHash('sha256').update(Buffer.from(this.entries.map(({ id }) => id).join(''), 'hex'))
    this.rosterHash = tagged('roster', inner.digest())
    if (this.rosterHash.toString('hex') !== hash) this.report('the hash of the roster is not that of who was counted')
  }

  private beacon(value: Uint8Array): void {
    if (this.rosterHash === undefined) this.report('the beacon came before the roster was fixed')
    if (this.seed !== undefined && this.settings.seed === undefined) this.report('the beacon came after the seed was revealed')
    if (this.value !== undefined) this.report('the beacon came twice, or none was planned')
    this.value = Buffer.from(value)
  }

  /** The next in the drawn order, but for those who have left. */
  private seat(to: number, claims: readonly number[], lobby: Lobby): void {
    this.order ??= this.draw()
    const expected = this.order.slice(this.seatedTo, to).flatMap(({ claim }) => (lobby.isThere(claim) ? [claim] : []))
    this.compare(claims, expected, 'the draw')
    this.seatedTo = to
  }

  /** Behind everyone who was drawn, in the order in which they came. */
  private seatLate(to: number, claims: readonly number[], lobby: Lobby): void {
    if (this.order === undefined && this.entries.length > 0) this.report('people who came too late were seated before the draw')
    if (this.seatedTo < this.entries.length)
      this.report(`people who came too late were seated before ${this.entries.length - this.seatedTo} who were drawn`)
    this.compare(claims, claimsBetween(this.lateTo, to, lobby), 'the time at which they came')
    this.lateTo = to
  }

  private end(last: number, lobby: Lobby): void {
    const left = claimsBetween(0, last, lobby)
    if (left.length > 0) this.report(`the draw ended, and claim ${left[0]} is still in the lobby`)
    this.isOver = true
  }

  private compare(claims: readonly number[], expected: readonly number[], by: string): void {
    const wrong = firstDifference(claims, expected, (a, b) => a === b)
    if (wrong !== undefined)
      this.report(`claim ${claims[wrong] ?? 'none'} was seated where by ${by} it is claim ${expected[wrong] ?? 'none'}`)
  }

  private draw(): readonly CountedEntry[] {
    if (this.rosterHash === undefined || this.value === undefined || this.seed === undefined) {
      this.report('somebody was seated before the draw')
      return []
    }
    const key = tagged('order-key', this.seed, this.rosterHash, this.value)
    const numbers = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
    const order = [...this.entries]
    for (let left = order.length; left > 1; left--) {
      const fair = Math.floor(2 ** 32 / left) * left
      let number = 2 ** 32
      while (number >= fair) number = numbers.update(Buffer.alloc(4)).readUInt32BE()
      const [chosen, last] = [order[number % left], order[left - 1]]
      if (chosen === undefined || last === undefined) throw new Error('a place without an entry')
      order[number % left] = last
      order[left - 1] = chosen
    }
    return order
  }
}

/** What stands for a user who was erased (docs/users.md). */
const pseudonym = /^erased-[0-9a-f]{32}$/
const entryIdDigits = 32

function tagged(purpose: string, ...parts: readonly Uint8Array[]): Buffer {
  const sized = parts.flatMap((part) => [Buffer.from(part.length.toString(16).padStart(8, '0'), 'hex'), part])
  return createHash('sha256')
    .update(Buffer.concat([Buffer.from(`sluice.draw.1.${purpose}\0`), ...sized]))
    .digest()
}

function claimsBetween(after: number, to: number, lobby: Lobby): readonly number[] {
  return Array.from({ length: Math.max(0, to - after) }, (_, i) => after + 1 + i).filter((claim) => lobby.isThere(claim))
}

function firstDifference<A, B>(left: readonly A[], right: readonly B[], same: (a: A, b: B) => boolean): number | undefined {
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [a, b] = [left[i], right[i]]
    if (a === undefined || b === undefined || !same(a, b)) return i
  }
  return undefined
}

function claimText(claim: number | undefined): string {
  return claim === undefined ? 'nobody' : `claim ${claim}`
}
