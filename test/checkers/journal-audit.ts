import { claimState, isOrder, orderStateName } from '../../actors/inventory/claim.ts'
import { evolve } from '../../actors/inventory/evolve.ts'
import { InventoryState } from '../../actors/inventory/inventory-state.ts'
import type { SkuState } from '../../actors/inventory/sku-state.ts'
import { eachEvent, readRecordHead } from '../../actors/record.ts'
import { openLmdbReader } from '../../cluster/lmdb-reader.ts'
import { comparePositions, type Position, type ShardName } from '../../cluster/store.ts'
import { realClock } from '../../ops/world.ts'

/** What the journal says became of one user's latest claim. */
export interface AuditedClaim {
  readonly number: number
  readonly qty: number
  /** As clients are told it; `left` for one that was given up. */
  readonly state: string
}

export interface AuditedSku {
  readonly sku: string
  readonly units: number
  readonly available: number
  readonly held: number
  readonly ordered: number
  readonly sold: number
  readonly waiting: number
  readonly claims: ReadonlyMap<string, AuditedClaim>
}

/**
 * Reads every record of every inventory shard that a data folder ever held, from the first one on, and rebuilds each SKU from them: records follow
 * each other without a gap, each leads to the state whose digest its owner wrote, and the units add up after each. Throws at the first that does not.
 */
export async function auditJournal(folder: string): Promise<ReadonlyMap<string, AuditedSku>> {
  const reader = openLmdbReader(folder, realClock)
  const audited = new Map<string, AuditedSku>()
  try {
    for (const shard of reader.shards) {
      if (!shard.startsWith('inv.')) continue
      const state = await replayed(shard, reader.readArchive(shard))
      for (const sku of state.skus) audited.set(sku.settings.sku, auditSku(sku))
    }
  } finally {
    await reader.close()
  }
  return audited
}

async function replayed(
  shard: ShardName,
  records: AsyncIterable<{ readonly position: Position; readonly bytes: Uint8Array }>,
): Promise<InventoryState> {
  const state = new InventoryState()
  let before: Position = { epoch: 0, seq: 0 }
  for await (const { position, bytes } of records) {
    const where = `${shard} ${position.epoch}-${position.seq}`
    const opens = position.seq === 0 && position.epoch > before.epoch
    const follows = position.epoch === before.epoch && position.seq === before.seq + 1
    if (!opens && !follows) throw new Error(`${where} follows ${before.epoch}-${before.seq}`)
    if (comparePositions(position, before) <= 0) throw new Error(`${where} goes back`)
    before = position
    if (opens) continue
    const head = readRecordHead(bytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    eachEvent(bytes, view, (at) => evolve(state, bytes, view, at, head.now))
    if (state.digest() !== head.digest) throw new Error(`${where} leads to another state than its owner had`)
  }
  return state
}

function auditSku(sku: SkuState): AuditedSku {
  sku.checkLaws()
  const claims = new Map<string, AuditedClaim>()
  const text = new TextDecoder()
  for (const row of sku.users.rows()) {
    const { users } = sku
    const user = text.decode(users.userBytes(row))
    if (claims.has(user)) throw new Error(`${user} stands in the table of ${sku.settings.sku} twice`)
    claims.set(user, { number: users.claim[row] ?? 0, qty: users.qty[row] ?? 0, state: nameOf(users.state[row] ?? 0) })
  }
  const { units, available, held, ordered, sold } = sku
  return { sku: sku.settings.sku, units, available, held, ordered, sold, waiting: sku.line.size, claims }
}

function nameOf(state: number): string {
  if (isOrder(state)) return orderStateName(state)
  const found = Object.entries(claimState).find(([, number]) => number === state)
  return found?.[0] ?? `state ${state}`
}
