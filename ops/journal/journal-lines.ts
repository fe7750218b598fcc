import { z } from 'zod'
import { type ArchiveRecord, partsOfName, type Position, type ShardName } from '../../cluster/store.ts'
import { formatOrderTag, orderTag } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import { readRecord } from './journal-records.ts'
import { readSessionEvent, type SessionEvent } from './session-events.ts'
import { type Move, SkuTrail } from './sku-trail.ts'
import { readStockEvent, type StockEvent } from './stock-events.ts'

/** One event of a journal, and whom it concerns. */
export interface JournalLine {
  readonly shard: ShardName
  readonly position: Position
  /** The shard's time, ms since 1970; of an opening that of the record before it. */
  readonly now: number
  readonly event: LineEvent
  /** Empty for what is of no SKU, or of one whose name is past the archive's time. */
  readonly sku: string
  readonly users: readonly string[]
  readonly moves: readonly Move[]
  /** The SKU's claims and line as they are behind the event. */
  readonly trail: SkuTrail | undefined
}

export type LineEvent =
  | StockEvent
  | SessionEvent
  /** A new owner's epoch begins. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'unreadable'; readonly problem: string }

export interface LinesSource {
  readonly shards: readonly ShardName[]
  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord>
  readSnapshot(shard: ShardName): Promise<{ readonly chunks: readonly Uint8Array[] } | undefined>
}

/** Every event of these shards, shard by shard, oldest first. Memory: the claims of one shard. */
export async function* readJournalLines(source: LinesSource, shards: readonly ShardName[]): AsyncGenerator<JournalLine> {
  for (const shard of shards) {
    const lines = new ShardLines(shard)
    let isFirst = true
    for await (const record of source.readArchive(shard)) {
      if (isFirst && record.position.seq !== 0) lines.names = await namesIn(source, shard)
      isFirst = false
      yield* lines.take(record)
    }
  }
}

/** Tells one shard's journal, record by record. */
export class ShardLines {
  /** By the SKU's number, where its name is in no record any more. */
  names: readonly string[] = []
  private readonly shard: ShardName
  private readonly trails = new Map<number, SkuTrail>()
  private orderTag = ''
  private lastNow = 0

  constructor(shard: ShardName) {
    this.shard = shard
  }

  *take({ position, bytes }: Pick<ArchiveRecord, 'position' | 'bytes'>): Generator<JournalLine> {
    if (position.seq === 0) {
      yield this.line(position, { kind: 'opened' })
      return
    }
    const record = readRecord(bytes)
    if (typeof record === 'string') {
      yield this.line(position, { kind: 'unreadable', problem: record })
      return
    }
    this.lastNow = record.now
    const isInventory = this.shard.startsWith('inv.')
    for (const bytesOfEvent of record.events) {
      const event = isInventory ? readStockEvent(bytesOfEvent) : readSessionEvent(bytesOfEvent)
      yield typeof event === 'string' ? this.line(position, { kind: 'unreadable', problem: event }) : this.told(position, event)
    }
  }

  private told(position: Position, event: StockEvent | SessionEvent): JournalLine {
    if (isOfSession(event)) return { ...this.line(position, event), ...('user' in event ? { users: [event.user] } : {}), sku: skuIn(event) }
    if (event.kind === 'resumedBy') {
      if (event.epoch !== 0) this.orderTag = formatOrderTag(orderTag(event.epoch))
      for (const { ledger } of this.trails.values()) {
        if (ledger === undefined) continue
        ledger.orderTag = this.orderTag
        ledger.take(event, this.lastNow)
      }
      return this.line(position, event)
    }
    if (event.kind === 'erased') return { ...this.line(position, event), users: [event.pseudonym] }
    const trail = this.trailOf(event)
    if (event.kind === 'configured') return { ...this.line(position, event), sku: trail.sku, trail }
    const moves = trail.take(event, this.lastNow)
    return { ...this.line(position, event), sku: trail.sku, users: trail.usersOf(event, moves), moves, trail }
  }

  private trailOf(event: Exclude<StockEvent, { readonly kind: 'resumedBy' | 'erased' }>): SkuTrail {
    const known = this.trails.get(event.index)
    if (known !== undefined) {
      if (event.kind === 'configured') known.ledger?.reconfigure(event.settings)
      return known
    }
    const trail =
      event.kind === 'configured' ? new SkuTrail(event.settings.sku, event.settings) : new SkuTrail(this.names[event.index] ?? '')
    if (trail.ledger !== undefined) trail.ledger.orderTag = this.orderTag
    this.trails.set(event.index, trail)
    return trail
  }

  private line(position: Position, event: LineEvent): JournalLine {
    return { shard: this.shard, position, now: this.lastNow, event, sku: '', users: [], moves: [], trail: undefined }
  }
}

const sessionKinds: ReadonlySet<string> = new Set([
  'attached',
  'detached',
  'orderNews',
  'named',
  'userErased',
  'struck',
  'setAside',
  'unitsCounted',
  'resumed',
] satisfies SessionEvent['kind'][])

function isOfSession(event: StockEvent | SessionEvent): event is SessionEvent {
  return sessionKinds.has(event.kind)
}

function skuIn(event: SessionEvent): string {
  return 'sku' in event ? event.sku : ''
}

const namesSchema = z.object({ skus: z.array(z.looseObject({ settings: z.looseObject({ sku: z.string() }) })) })

/** The shard's SKUs by their numbers, as its snapshot has them; a snapshot that says something else names none. */
async function namesIn(source: LinesSource, shard: ShardName): Promise<readonly string[]> {
  if (partsOfName(shard).kind !== 'inv') return []
  const snapshot = await source.readSnapshot(shard)
  if (snapshot === undefined) return []
  const read = namesSchema.safeParse(unpackInner(Buffer.concat(snapshot.chunks)))
  return read.success ? read.data.skus.map(({ settings }) => settings.sku) : []
}
