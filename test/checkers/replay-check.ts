import type { Actor } from '../../actors/actor.ts'
import { replay } from '../../actors/recovery.ts'
import { journalStart, type ShardName, type Store } from '../../cluster/store.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import { LineOrder } from '../../protocol/line-order.ts'
import type { Complain } from './findings.ts'

interface ReplayParts {
  readonly store: Pick<Store, 'readArchive' | 'readSnapshot' | 'readTail'>
  readonly makeActor: (shard: ShardName) => Actor
  readonly complain: Complain
}

/**
 * What happened can be replayed (G12): the newest snapshot and the records after it give the same state as all records from the first on, and the
 * same as the shard's owner has, if there is one and it rests. `live` is the owner's digest.
 */
export async function checkReplay(parts: ReplayParts, shard: ShardName, live?: number): Promise<void> {
  const { store, makeActor, complain } = parts
  const [whole, short] = [makeActor(shard), makeActor(shard)]
  try {
    const snapshot = await store.readSnapshot(shard)
    const all = await replay(whole, undefined, archiveOf(store, shard))
    const tail = await replay(short, snapshot, store.readTail(shard, snapshot?.position ?? journalStart))
    if (all.position.epoch !== tail.position.epoch || all.position.seq !== tail.position.seq)
      complain('G12', `${shard}: the journal and its archive end at another record than the snapshot and its tail`)
  } catch (error) {
    return complain('G12', `${shard} cannot be replayed: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (whole.digest() !== short.digest()) complain('G12', `${shard}: the snapshot and its tail give another digest than the whole journal`)
  if (live !== undefined && whole.digest() !== live) complain('G12', `${shard}: the journal gives another digest than its owner has`)
  if (!shard.startsWith('inv.')) return
  const difference = firstDifference(canonical(whole), canonical(short))
  if (difference !== undefined) complain('G12', `${shard}: the snapshot and its tail give another ${difference} than the whole journal`)
}

/** Every record but the openings, trimmed or not. */
async function* archiveOf(store: Pick<Store, 'readArchive'>, shard: ShardName) {
  for await (const { position, bytes } of store.readArchive(shard)) if (position.seq > 0) yield { position, bytes }
}

interface SavedSku {
  readonly settings: { readonly sku: string }
  readonly numbers: readonly number[]
  readonly users: { readonly count: number; readonly users: Uint8Array; readonly userLengths: Uint8Array } & Readonly<
    Record<string, unknown>
  >
  readonly lineFrom: number
  readonly line: Uint8Array
  readonly ended: Readonly<Record<string, Uint8Array>>
  readonly orders: readonly { readonly claim: number }[]
}

/** What an inventory saves, as texts by name: rows of people by themselves, since they stand in the order in which places became free, and the line by its numbers. */
function canonical(actor: Actor): Map<string, string> {
  const { skus } = unpackInner<{ readonly skus: readonly SavedSku[] }>(Buffer.concat(actor.save()))
  const parts = new Map<string, string>()
  for (const { users, line, lineFrom, orders, ended, ...rest } of skus) {
    const { sku } = rest.settings
    for (const [name, value] of Object.entries(rest)) parts.set(`${name} of ${sku}`, JSON.stringify(value))
    for (const [name, bytes] of Object.entries(ended)) parts.set(`ended ${name} of ${sku}`, Buffer.from(bytes).toString('hex'))
    parts.set(`orders of ${sku}`, JSON.stringify(orders.toSorted((a, b) => a.claim - b.claim)))
    parts.set(`line of ${sku}`, lineText(lineFrom, line))
    parts.set(`users of ${sku}`, rowsOf(users).toSorted().join('\n'))
  }
  return parts
}

function lineText(from: number, bits: Uint8Array): string {
  const order = LineOrder.fromBitmap(from, bits, from + bits.length * 8)
  const tickets: number[] = []
  for (let ticket = order.nextFrom(0); ticket >= 0; ticket = order.nextFrom(ticket + 1)) tickets.push(ticket)
  return tickets.join(' ')
}

/** A text per person: the columns hold a number of bytes each, and the names lie one behind the other. */
function rowsOf({ count, users, userLengths, ...columns }: SavedSku['users']): string[] {
  const rows: string[] = []
  for (let row = 0, at = 0; row < count; row++) {
    const length = userLengths[row] ?? 0
    const cells = [Buffer.from(users.subarray(at, at + length)).toString('hex')]
    at += length
    for (const [name, column] of Object.entries(columns)) {
      if (!(column instanceof Uint8Array)) continue
      const width = column.length / count
      cells.push(`${name} ${Buffer.from(column.subarray(row * width, (row + 1) * width)).toString('hex')}`)
    }
    rows.push(cells.join(' '))
  }
  return rows
}

function firstDifference(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string | undefined {
  for (const name of new Set([...a.keys(), ...b.keys()])) if (a.get(name) !== b.get(name)) return name
  return undefined
}
