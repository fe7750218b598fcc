import type { Bus, Served } from '../cluster/bus.ts'
import type { CallResult } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import { type Clock, delay, type Log, type Timers } from '../cluster/world.ts'
import type { ShardBroadcast, ShardView, SkuChange } from '../protocol/broadcast.ts'
import { type Refusal, refusal } from '../protocol/codes.ts'
import { op } from '../protocol/entry.ts'
import { frameKind, frameVersion } from '../protocol/frame.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import { publicSubject } from '../protocol/subject.ts'
import { SkuView } from './sku-view.ts'

/** A view that has heard nothing for so many ticks refuses nobody. */
const staleTicks = 3

export interface ViewsParts {
  readonly bus: Bus
  readonly calls: Calls
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  readonly shards: number
  readonly tickMs: number
  readonly decodeView: (bytes: Uint8Array) => CallResult<ShardView>
}

/** Before all shards are asked again where none has answered. */
const askAgainMs = 250

/** Told after a view has taken in what is new; `change` is undefined when the whole view was read anew. */
export type ViewListener = (view: SkuView, change: SkuChange | undefined, now: number) => void

/**
 * The views of all SKUs, kept up to date from the shards' broadcasts. A gap, a new epoch or a shard not heard of before makes it ask that shard for
 * everything; broadcasts that are older than the view are dropped (DESIGN.md section 7).
 */
export class Views {
  private readonly parts: ViewsParts
  private readonly shards: ShardTracker[]
  private readonly byName = new Map<string, SkuView>()
  private readonly byHash = new Map<number, SkuView[]>()
  private last: SkuView | undefined
  private isClosed = false
  private readonly served: Served[]
  private readonly listeners: ViewListener[] = []
  /** Views that were read whole because of a gap or a new epoch. */
  resyncs = 0
  /** Buys that could have been refused here, and were not because nothing had been heard of their shard for too long. */
  stale = 0

  constructor(parts: ViewsParts) {
    this.parts = parts
    this.shards = Array.from({ length: parts.shards }, (): ShardTracker => ({
      epoch: 0,
      seq: 0,
      heardAt: 0,
      isWhole: false,
      asking: undefined,
      askingNext: undefined,
    }))
    this.served = this.shards.map((_, shard) => parts.bus.serve(publicSubject(shard), (frame) => this.receive(frame)))
  }

  onChange(listener: ViewListener): void {
    this.listeners.push(listener)
  }

  /**
   * Reads every shard's view. Resolves when all have been asked and some have answered: one that has no owner for long keeps nobody from starting, all of
   * them do. Resolves with false if the signal ends the wait.
   */
  async load(signal?: AbortSignal): Promise<boolean> {
    const stopped = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))
    const { log, timers } = this.parts
    for (let isTold = false; ; isTold = true) {
      await Promise.race([stopped, Promise.all(this.shards.map((shard, index) => this.reread(index, shard)))])
      if (signal?.aborted === true || this.isClosed) return false
      if (this.shards.some(isRead)) return true
      if (!isTold) log.warn({}, 'no shard answers; waiting for nodes with the role actors')
      await Promise.race([stopped, delay(timers, askAgainMs)])
    }
  }

  /** The view of a SKU, asked of its shard if that was never read; `unknown` where that does not answer. */
  async lookUp(sku: string): Promise<SkuView | undefined | 'unknown'> {
    const index = this.parts.calls.shardOfText(sku)
    const shard = this.shards[index]
    if (shard === undefined || isRead(shard)) return this.find(sku)
    await this.reread(index, shard)
    return isRead(shard) ? this.find(sku) : 'unknown'
  }

  /** Reads one shard's view now, for someone who has just changed something there. */
  async refresh(index: number): Promise<void> {
    const shard = this.shards[index]
    if (shard === undefined) return
    if (shard.asking === undefined) return this.reread(index, shard)
    // What is under way may have been read before that change.
    shard.askingNext ??= shard.asking.then(() => {
      shard.askingNext = undefined
      return this.reread(index, shard)
    })
    await shard.askingNext
  }

  all(): IterableIterator<SkuView> {
    return this.byName.values()
  }

  find(sku: string): SkuView | undefined {
    return this.byName.get(sku)
  }

  /** The view of the SKU whose name stands in `bytes[from, to)`. Most calls are about the same one, so that one is tried first. */
  findScanned(hash: number, bytes: Uint8Array, from: number, to: number): SkuView | undefined {
    const { last } = this
    if (last?.skuHash === hash && isNamed(last, bytes, from, to)) return last
    const views = this.byHash.get(hash)
    if (views === undefined) return undefined
    this.last = views.find((view) => isNamed(view, bytes, from, to))
    return this.last
  }

  /**
   * Why a `buy` of this user is refused without asking the shard: not open yet, or everything is sold. Undefined if only the shard can tell, or
   * if the view has heard nothing for {@link staleTicks}.
   */
  refusesBuy(view: SkuView, userHash: number, now: number): Refusal | undefined {
    // Whether the view is fresh costs a look at the clock, so that is asked last.
    if (view.numbers.phase === 'scheduled') {
      // Before the opening of a sale with a draw a `buy` is a place in its lobby.
      if (view.settings.draw !== undefined) return undefined
      const waitMs = view.settings.opensAt - now
      return waitMs > 0 && this.mayRefuse(view) ? refusal('NOT_OPEN', undefined, waitMs) : undefined
    }
    return view.refusesAsSoldOut(userHash) && this.mayRefuse(view) ? soldOut : undefined
  }

  private mayRefuse(view: SkuView): boolean {
    if (this.isFresh(view)) return true
    this.stale++
    return false
  }

  private isFresh(view: SkuView): boolean {
    const shard = this.shards[view.shard]
    return shard?.isWhole === true && this.parts.clock.monotonic() - shard.heardAt <= staleTicks * this.parts.tickMs
  }

  close(): void {
    this.isClosed = true
    for (const served of this.served) served.close()
  }

  private receive(frame: Uint8Array): void {
    if (frame[0] !== frameVersion || frame[1] !== frameKind.broadcast) return
    // The codec may keep views of the bytes, which are only valid now.
    const broadcast = unpackInner<ShardBroadcast>(frame.slice(2))
    const shard = this.shards[broadcast.shard]
    if (shard === undefined || broadcast.epoch < shard.epoch || (broadcast.epoch === shard.epoch && broadcast.toSeq < shard.seq)) return
    if (!shard.isWhole || broadcast.epoch !== shard.epoch || broadcast.fromSeq > shard.seq) {
      shard.isWhole = false
      if (shard.asking !== undefined) return
      this.resyncs++
      this.reread(broadcast.shard, shard).catch((error: unknown) =>
        this.parts.log.error({ error: String(error) }, 'a view could not be taken in'),
      )
      return
    }
    shard.heardAt = this.parts.clock.monotonic()
    shard.seq = broadcast.toSeq
    for (const change of broadcast.skus) this.take(change, broadcast)
  }

  private take(change: SkuChange, broadcast: ShardBroadcast): void {
    const view = this.byName.get(change.sku)
    if (view !== undefined) view.apply(change)
    else if (change.settings !== undefined) {
      this.add(
        new SkuView(broadcast.shard, { ...change, settings: change.settings, lineFrom: 1, lineEnd: 1, line: new Uint8Array(0) }),
      ).apply(change)
    }
    const known = view ?? this.byName.get(change.sku)
    if (known !== undefined) for (const listener of this.listeners) listener(known, change, broadcast.now)
  }

  /** Asks for the whole view, unless that is under way already. */
  private reread(index: number, shard: ShardTracker): Promise<void> {
    shard.asking ??= this.ask(index, shard).finally(() => {
      shard.asking = undefined
    })
    return shard.asking
  }

  private async ask(index: number, shard: ShardTracker): Promise<void> {
    const { calls, decodeView, log } = this.parts
    const answer = await calls.request<ShardView>('inv', index, { op: op.view }, (bytes) => {
      const decoded = decodeView(bytes)
      // At once, for the broadcast that continues this view may be the bus's next frame.
      if (decoded.error === null) this.takeWhole(index, shard, decoded.result)
      return decoded
    })
    if (answer.error !== null)
      log.warn({ shard: index, code: answer.error.code }, 'a shard did not give its view; it is asked again at its next broadcast')
  }

  private takeWhole(index: number, shard: ShardTracker, { epoch, seq, skus, now }: ShardView): void {
    if (epoch < shard.epoch || (epoch === shard.epoch && seq < shard.seq)) return
    const missedNothing = shard.isWhole && epoch === shard.epoch
    shard.epoch = epoch
    shard.seq = seq
    shard.isWhole = true
    shard.heardAt = this.parts.clock.monotonic()
    for (const data of skus) {
      const known = this.byName.get(data.sku)
      known?.replace(data)
      if (known !== undefined && missedNothing) continue
      const view = known ?? this.add(new SkuView(index, data))
      for (const listener of this.listeners) listener(view, undefined, now)
    }
  }

  private add(view: SkuView): SkuView {
    this.byName.set(view.settings.sku, view)
    const sameHash = this.byHash.get(view.skuHash)
    if (sameHash === undefined) this.byHash.set(view.skuHash, [view])
    else sameHash.push(view)
    return view
  }
}

interface ShardTracker {
  epoch: number
  seq: number
  heardAt: number
  /** Every change up to `seq` is in the views. False until they are read, and again from a gap or a new epoch on. */
  isWhole: boolean
  asking: Promise<void> | undefined
  askingNext: Promise<void> | undefined
}

function isRead({ epoch }: ShardTracker): boolean {
  return epoch > 0
}

const soldOut = refusal('SOLD_OUT')

function isNamed(view: SkuView, bytes: Uint8Array, from: number, to: number): boolean {
  const name = view.settings.sku
  if (name.length !== to - from) return false
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) !== bytes[from + i]) return false
  return true
}
