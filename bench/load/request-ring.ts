/** Stands in a {@link RequestTemplate} where each call gets its own number. */
export const numberMark = '########'
const digits = numberMark.length
const hexDigits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** One request of a connection as it goes over the wire, with what differs from call to call left open. */
export interface RequestTemplate {
  /** Holds {@link numberMark} wherever the call's number goes: in the user's id, in the request id. */
  readonly bytes: Uint8Array
  /** Where a big-endian u32 msgid stands; protocols that answer in order have none. */
  readonly msgidAt?: number
}

/**
 * The requests of one connection, encoded before the clock starts: `slots` copies of a template in one buffer, written to the socket in runs.
 * A slot's msgid is its index, so an answer names the slot it belongs to. When a slot is used again only its number is stamped anew.
 *
 *     | slot 0 | slot 1 | slot 2 | ...        sent: 0 1 2 ... slots-1 0 1 2 ...
 *
 * A connection with at most half of its slots under way may stamp the other half at any time: a later request has been answered by then, so the
 * socket has given these bytes to the kernel.
 */
export class RequestRing {
  readonly slots: number
  private readonly bytes: Buffer
  private readonly length: number
  private readonly marks: readonly number[]
  private number = 0
  private next = 0

  /** Room for twice `underWayMax` requests, rounded up to a power of two. */
  constructor(template: RequestTemplate, underWayMax: number) {
    this.slots = 2 ** Math.ceil(Math.log2(underWayMax * 2))
    this.length = template.bytes.length
    this.bytes = Buffer.allocUnsafeSlow(this.slots * this.length)
    this.marks = marksIn(template.bytes)
    for (let slot = 0; slot < this.slots; slot++) {
      this.bytes.set(template.bytes, slot * this.length)
      if (template.msgidAt !== undefined) this.bytes.writeUInt32BE(slot, slot * this.length + template.msgidAt)
    }
  }

  /** The slot of the next request. */
  get nextSlot(): number {
    return this.next
  }

  /** The next requests as bytes in one piece: `count` of them, or fewer at the end of the ring. */
  take(count: number): Buffer {
    const from = this.next
    const to = Math.min(from + count, this.slots)
    for (let slot = from; slot < to; slot++) this.stamp(slot * this.length)
    this.next = to === this.slots ? 0 : to
    return this.bytes.subarray(from * this.length, to * this.length)
  }

  private stamp(at: number): void {
    const { bytes, marks } = this
    const number = this.number++
    for (let i = 0; i < marks.length; i++) {
      let rest = number
      const mark = at + (marks[i] as number)
      for (let digit = mark + digits - 1; digit >= mark; digit--) {
        bytes[digit] = hexDigits[rest & 15] as number
        rest >>>= 4
      }
    }
  }
}

function marksIn(bytes: Uint8Array): readonly number[] {
  const template = Buffer.from(bytes)
  const marks: number[] = []
  for (let at = template.indexOf(numberMark); at >= 0; at = template.indexOf(numberMark, at + digits)) marks.push(at)
  return marks
}
