/** Stands in a {@link RequestTemplate} where each round gets its own number. */
export const numberMark = '########'
/** Stands where the number of its user goes. */
export const userNumberMark = '%%%%%%%%'
/** Stands where the number of its SKU goes. */
export const skuNumberMark = '@@@@'
const hexDigits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** One request of a connection as it goes over the wire, with what differs from round to round left open. */
export interface RequestTemplate {
  /** Holds {@link numberMark} wherever the round's number goes, in the user's id and the request id, and the other marks likewise. */
  readonly bytes: Uint8Array
  /** Where a big-endian u32 msgid stands; protocols that answer in order have none. */
  readonly msgidAt?: number
  /** Sent behind it in the same round, so for the same user and the same SKU. Without it a round is one request. */
  readonly next?: Omit<RequestTemplate, 'next' | 'rounds'>
  /** Who wants what in each round; without it nothing but the numbers differs. */
  readonly rounds?: Rounds
}

export interface Rounds {
  /** So many users of a connection take turns. */
  readonly users: number
  /** The number of each round's SKU, over and over. */
  readonly skus: Uint16Array
}

/**
 * The requests of one connection, encoded before the clock starts: `slots` copies of a template in one buffer, written to the socket in runs.
 * A slot's msgid is its index, so an answer names the slot it belongs to. When a slot is used again only its number is stamped anew.
 *
 *     | slot 0 | slot 1 | slot 2 | ...        sent: 0 1 2 ... slots-1 0 1 2 ...
 *
 * With a second request to a round every other slot is one of those:
 *
 *     | buy | leave | buy | leave | ...
 *
 * A slot whose request was answered may be stamped anew at any time: the socket has given its bytes to the kernel. With at most half of the slots under way
 * there is always one.
 */
export class RequestRing {
  readonly slots: number
  /** Requests that were taken last. */
  taken = 0
  private readonly bytes: Buffer
  /** Of a round: its first request, and all of it. */
  private readonly firstBytes: number
  private readonly roundBytes: number
  private readonly requests: number
  private readonly marks: readonly (readonly Mark[])[]
  private readonly rounds: Rounds | undefined
  private number = 0
  private next = 0

  /** Room for twice `underWayMax` requests, rounded up to a power of two. */
  constructor(template: RequestTemplate, underWayMax: number) {
    const round = template.next === undefined ? [template] : [template, template.next]
    this.slots = 2 ** Math.ceil(Math.log2(underWayMax * 2))
    this.requests = round.length
    this.firstBytes = template.bytes.length
    this.roundBytes = round.reduce((sum, { bytes }) => sum + bytes.length, 0)
    this.rounds = template.rounds
    this.bytes = Buffer.allocUnsafeSlow((this.slots / round.length) * this.roundBytes)
    this.marks = round.map(({ bytes }) => marksIn(bytes))
    for (let slot = 0; slot < this.slots; slot++) {
      const request = round[slot % round.length] ?? template
      const at = this.offsetOf(slot)
      this.bytes.set(request.bytes, at)
      if (request.msgidAt !== undefined) this.bytes.writeUInt32BE(slot, at + request.msgidAt)
    }
  }

  /** The slot of the next request. */
  get nextSlot(): number {
    return this.next
  }

  /**
   * The next requests as bytes in one piece: `count` of them, or fewer at the end of the ring, and before a slot of which `underWay` is not 0: its request has no
   * answer yet, while later ones have, since they came to other shards. Rounds with such slots are passed over.
   */
  take(count: number, underWay: Float64Array = noneUnderWay): Buffer {
    let from = this.next
    while (!this.canBegin(from, underWay)) from = (from + this.requests) % this.slots
    let to = from
    do this.stamp(to++)
    while (to < this.slots && to - from < count && this.canBegin(to, underWay))
    this.taken = to - from
    this.next = to === this.slots ? 0 : to
    return this.bytes.subarray(this.offsetOf(from), this.offsetOf(to))
  }

  /** A round begins with all of its slots, so that what belongs together stays so; in the middle of one there is nothing to ask. */
  private canBegin(slot: number, underWay: Float64Array): boolean {
    if (underWay.length === 0) return true
    if (this.requests === 1) return underWay[slot] === 0
    return (slot & 1) === 1 || (underWay[slot] === 0 && underWay[slot + 1] === 0)
  }

  private offsetOf(slot: number): number {
    if (this.requests === 1) return slot * this.roundBytes
    return (slot >>> 1) * this.roundBytes + (slot & 1) * this.firstBytes
  }

  private stamp(slot: number): void {
    const { rounds } = this
    const at = this.offsetOf(slot)
    const round = this.requests === 1 ? this.number : Math.floor(this.number / 2)
    const marks = this.marks[this.requests === 1 ? 0 : slot & 1] as readonly Mark[]
    this.number++
    for (let i = 0; i < marks.length; i++) {
      const { of, from, digits } = marks[i] as Mark
      let value = round
      if (of === 'user') value = rounds === undefined ? round : round % rounds.users
      else if (of === 'sku') value = rounds === undefined ? 0 : (rounds.skus[round % rounds.skus.length] as number)
      this.writeHex(value, at + from, digits)
    }
  }

  private writeHex(value: number, from: number, digits: number): void {
    const { bytes } = this
    let rest = value
    for (let digit = from + digits - 1; digit >= from; digit--) {
      bytes[digit] = hexDigits[rest & 15] as number
      rest >>>= 4
    }
  }
}

const noneUnderWay = new Float64Array(0)

interface Mark {
  readonly of: 'round' | 'user' | 'sku'
  readonly from: number
  readonly digits: number
}

const markTexts = { round: numberMark, user: userNumberMark, sku: skuNumberMark } as const

function marksIn(bytes: Uint8Array): readonly Mark[] {
  const template = Buffer.from(bytes)
  const marks: Mark[] = []
  for (const of of ['round', 'user', 'sku'] as const) {
    const text = markTexts[of]
    for (let from = template.indexOf(text); from >= 0; from = template.indexOf(text, from + text.length)) {
      marks.push({ of, from, digits: text.length })
    }
  }
  return marks
}
