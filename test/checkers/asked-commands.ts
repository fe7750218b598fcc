import { shardName, type ShardName } from '../../cluster/store.ts'
import { op, type Op, readEntry } from '../../protocol/entry.ts'
import { readCommandsHead } from '../../protocol/frame.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { ReservedUnits } from '../../protocol/reservation.ts'

/** A command on its way to a shard, as it was first sent. */
export interface AskedCommand {
  readonly shard: ShardName
  readonly op: Op
  readonly sku: string
  readonly user: string
  readonly qty: number
  readonly payload: Uint8Array
  /** The hashes of its request id, as the journal has them; undefined if it has none. */
  readonly request: string | undefined
  /** The same as the journal has it for requests that began no claim: with the user in front and the op mixed in. */
  readonly answeredAs: string
  /** Some copy of it said that the limit of the sale leaves nothing. */
  readonly isBeyondLimit: () => boolean
  /** Durable records (LiveBooks.tick) when it was first sent, and when any command with its request id was. */
  readonly tick: number
  readonly requestTick: number
  /** When it was first sent, as {@link Gates} counts. */
  readonly moment: number
}

const utf8 = new TextDecoder()
const buys: ReadonlySet<Op> = new Set([op.buy, op.reservedBuy])
const shardSubjectOf = /^sluice\.(inv|ses)\.(\d+)$/

/** Remembers every command, for an answer says neither what was asked nor of which SKU: it names a row of its asker's table, and which use of it. */
export class AskedCommands {
  private readonly byAsker = new Map<string, Map<number, AskedCommand>>()
  private readonly requests = new Map<string, number>()
  private readonly beyondLimit = new Set<string>()

  /** Takes in a frame of commands and returns those that are new: a frame that found nobody is sent again. */
  take(subject: string, frame: Uint8Array, tick: number, moment: number): readonly AskedCommand[] {
    const head = readCommandsHead(frame)
    const shard = shardOf(subject)
    if (head === undefined || shard === undefined) return []
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
    const asker = this.byAsker.get(head.replyTo) ?? new Map<number, AskedCommand>()
    this.byAsker.set(head.replyTo, asker)
    const fresh: AskedCommand[] = []
    let at = head.entriesAt
    for (let left = head.count; left > 0; left--) {
      const entry = readEntry(frame, view, at)
      at += view.getUint16(at, true)
      const key = keyOf(entry.slot, entry.turn)
      if (asker.has(key)) continue
      const sku = utf8.decode(entry.sku)
      const user = utf8.decode(entry.user)
      const isNamed = entry.requestHi !== 0 || entry.requestLo !== 0
      const request = isNamed ? `${entry.requestHi}.${entry.requestLo}` : undefined
      const copies = `${sku} ${user} ${request ?? `${head.replyTo} ${key}`}`
      if (entry.op === op.reservedBuy && unpackInner<ReservedUnits>(entry.payload.slice()).number === 0) this.beyondLimit.add(copies)
      const asked: AskedCommand = {
        ...{ shard, op: entry.op, sku, user, qty: entry.qty, payload: entry.payload.slice(), request, tick, moment },
        answeredAs: `${entry.userHash} ${entry.requestHi}.${(entry.requestLo ^ (buys.has(entry.op) ? 0 : entry.op << 24)) >>> 0}`,
        isBeyondLimit: () => this.beyondLimit.has(copies),
        requestTick: request === undefined ? tick : this.firstAsked(`${sku} ${user} ${request}`, tick),
      }
      asker.set(key, asked)
      fresh.push(asked)
    }
    return fresh
  }

  private firstAsked(request: string, tick: number): number {
    const known = this.requests.get(request)
    if (known === undefined) this.requests.set(request, tick)
    return known ?? tick
  }

  find(replyTo: string, slot: number, turn: number): AskedCommand | undefined {
    return this.byAsker.get(replyTo)?.get(keyOf(slot, turn))
  }
}

function keyOf(slot: number, turn: number): number {
  return slot * 0x1_0000_0000 + turn
}

function shardOf(subject: string): ShardName | undefined {
  const [, kind, number] = shardSubjectOf.exec(subject) ?? []
  if (kind === undefined) return undefined
  return shardName(kind === 'ses' ? 'ses' : 'inv', Number(number))
}
