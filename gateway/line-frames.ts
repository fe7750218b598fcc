import type { SkuNumbers } from '../protocol/broadcast.ts'
import { writeNotification } from '../protocol/envelope.ts'
import { estimateEta, estimateOdds } from '../protocol/estimate.ts'
import { MsgpackWriter } from '../protocol/msgpack-writer.ts'
import type { Events } from '../protocol/results.ts'

/** What estimates are made of. */
export type LineNumbers = Pick<SkuNumbers, 'available' | 'held' | 'ordered' | 'outlook'>

/** What a round has to say about one SKU: the tickets that are told, how many are ahead of each, and in which codecs. */
export interface LineRound {
  readonly sku: Events['line']['sku']
  readonly numbers: LineNumbers
  readonly tickets: Uint32Array<ArrayBuffer>
  readonly aheads: Uint32Array<ArrayBuffer>
  /** A sum of {@link lineCodec}. */
  readonly codecs: Uint8Array<ArrayBuffer>
}

export const lineCodec = { msgpack: 1, json: 2 } as const

/** One place in line as it goes to a socket. */
export interface LineFrame {
  readonly msgpack: Uint8Array
  readonly json: string | Uint8Array
}

/** Encodes rounds apart from the event loop. */
export interface LineEncoder {
  /** Smaller rounds keep the event loop less if it encodes them by itself. */
  readonly framesMin: number
  /** Resolves with what {@link encodeLines} returns. Takes the round's memory away. Rejects if too much is under way already, or if it failed. */
  encode(round: LineRound): Promise<Uint8Array>
}

export function lineEvent(sku: LineRound['sku'], ticket: number, ahead: number, numbers: LineNumbers): Events['line'] {
  return { sku, ticket, ahead, eta: estimateEta(ahead, numbers.outlook), odds: estimateOdds(ahead, numbers) }
}

/** Only these: a broadcast's numbers come with much else, which a thread would have to be given a copy of. */
export function lineNumbersOf({ available, held, ordered, outlook }: LineNumbers): LineNumbers {
  return { available, held, ordered, ...(outlook === undefined ? {} : { outlook }) }
}

const endBytes = 4
const endsPerTicket = 2
const frameBytesUsual = 96
const utf8 = new TextEncoder()

/**
 * All frames of a round in one buffer of its own, so that it can be given away without a copy.
 *
 *     ends     two u32 per ticket: where its msgpack frame ends, and where its JSON text does; each begins where the one before ends
 *     frames   one behind the other; those that nobody asked for are empty
 */
export function encodeLines({ sku, numbers, tickets, aheads, codecs }: LineRound): Uint8Array {
  const writer = new MsgpackWriter(tickets.length * (endsPerTicket * endBytes + frameBytesUsual))
  writer.length = tickets.length * endsPerTicket * endBytes
  for (const [i, ticket] of tickets.entries()) {
    const codec = codecs[i] as number
    const event = lineEvent(sku, ticket, aheads[i] as number, numbers)
    if ((codec & lineCodec.msgpack) !== 0) writeNotification(writer, 'line', [event])
    writer.view.setUint32(endsPerTicket * i * endBytes, writer.length, true)
    if ((codec & lineCodec.json) !== 0) writeText(writer, JSON.stringify([2, 'line', [event]]))
    writer.view.setUint32((endsPerTicket * i + 1) * endBytes, writer.length, true)
  }
  return writer.bytes.subarray(0, writer.length)
}

/** Reads what {@link encodeLines} wrote; frames are parts of its memory. */
export class EncodedLines {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly framesFrom: number

  constructor(bytes: Uint8Array, tickets: number) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.framesFrom = tickets * endsPerTicket * endBytes
  }

  frame(index: number): LineFrame {
    const first = endsPerTicket * index
    return { msgpack: this.part(first), json: this.part(first + 1) }
  }

  private part(index: number): Uint8Array {
    const from = index === 0 ? this.framesFrom : this.view.getUint32((index - 1) * endBytes, true)
    return this.bytes.subarray(from, this.view.getUint32(index * endBytes, true))
  }
}

function writeText(writer: MsgpackWriter, text: string): void {
  const at = writer.reserve(text.length * 3)
  writer.length = at + utf8.encodeInto(text, writer.bytes.subarray(at)).written
}
