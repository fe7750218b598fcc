import type { Bus } from '../cluster/bus.ts'
import type { Members } from '../cluster/members.ts'
import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import { type ShardName, type Store, StoreFault } from '../cluster/store.ts'
import { delay, type Timer, type World } from '../cluster/world.ts'
import type { HandOverWord } from '../protocol/hand-over.ts'
import { within } from './ownership/deadline.ts'
import { HandOverTalk } from './ownership/hand-over-talk.ts'
import { OwnershipCounters } from './ownership/ownership-counters.ts'
import type { OwnershipLimits } from './ownership/ownership-limits.ts'
import { RollCall } from './ownership/roll-call.ts'
import { ShardKeeper, type Tenure } from './ownership/shard-keeper.ts'
import { Turns } from './ownership/turns.ts'
import { ShardMetrics } from './shard-metrics.ts'
import type { Shard } from './shard.ts'

export interface ShardHostParts {
  readonly store: Pick<Store, 'claim' | 'renew' | 'release'>
  readonly members: Members
  readonly bus: Bus
  readonly world: World
  /** Who owns, in leases, among members and on the bus: the name of one run of one process. */
  readonly node: string
  /** Every shard that there is. */
  readonly names: readonly ShardName[]
  readonly limits: OwnershipLimits
  /** There are no other nodes: whatever shard this one cannot have is nobody's, and that is the end of it. */
  readonly isAlone: boolean
  /** False: whatever becomes of its lease, an owner goes on until the store fences it. For the test that the fence is enough; true if left out. */
  readonly endsWithLease?: boolean
  /** Builds the shard's actor and opens it. */
  readonly open: (tenure: Tenure) => Promise<Shard>
  /** Shortens what a next owner has to read, while the shard goes on working. */
  readonly prepareHandOver?: (name: ShardName) => Promise<void>
  /** Reads a shard that is about to be this node's. */
  readonly readAhead?: (name: ShardName) => Promise<void>
  /** A shard that was open is not this node's any more, for whatever reason. */
  readonly onGone?: (name: ShardName) => void
  /** This node cannot do its work. Called once at most; where there are others, only on a bug of this class. */
  readonly onUnable: (reason: Error) => void
}

/**
 * Holds the shards that this node should own. At every beat it says that it is there, learns who else is, and renews its leases; then it takes the
 * shards that placement gives it, if nobody has them, and hands over those that placement gives to others. Nodes may disagree about who should own
 * a shard for a while: the store's lease lets only one have it, and its fence only one write (G5).
 */
export class ShardHost implements MetricSource {
  readonly counters: OwnershipCounters
  private readonly parts: ShardHostParts
  private readonly keepers: ReadonlyMap<ShardName, ShardKeeper>
  private readonly rollCall: RollCall
  private readonly talk: HandOverTalk
  private readonly metrics = new ShardMetrics()
  private state: 'new' | 'starting' | 'running' | 'closing' | 'closed' = 'new'
  /** Those that should be open here and were another's when they were last asked for. */
  private readonly contested = new Set<ShardKeeper>()
  private isUnable = false
  private readonly timers: Timer[] = []

  constructor(parts: ShardHostParts) {
    this.parts = parts
    this.counters = new OwnershipCounters(parts.names)
    const { bus, store, world, node, limits } = parts
    const { counters } = this
    this.talk = new HandOverTalk({ bus, world, node, onWord: (name, word, from) => this.heard(name, word, from) })
    this.rollCall = new RollCall({ members: parts.members, world, node, limits, counters })
    const shared = {
      ...{ store, world, node, limits, counters, open: parts.open },
      endsWithLease: parts.endsWithLease ?? true,
      opening: new Turns(limits.opensMax),
      handingOver: new Turns(limits.handOversMax),
      prepareHandOver: async (name: ShardName, successor: string) => {
        await parts.prepareHandOver?.(name)
        await this.talk.ask(name, successor, 'prepare', 'prepared', limits.answerMsMax)
      },
      successor: (name: ShardName) => this.successorOf(name),
      onHandedOver: (name: ShardName, successor: string) => this.talk.ask(name, successor, 'free', 'opened', limits.answerMsMax),
      onGone: (name: ShardName, shard: Shard) => {
        this.metrics.ended(name, shard)
        parts.onGone?.(name)
      },
      onFailed: (keeper: ShardKeeper, reason: Error) => this.failed(keeper, reason),
    }
    this.keepers = new Map(parts.names.map((name) => [name, new ShardKeeper(shared, name)]))
  }

  /**
   * Resolves when this node knows who is there, and has opened the shards that it should own and that nobody has: perhaps none. A node that is alone
   * opens every shard, and rejects with the first that cannot be.
   */
  async start(): Promise<void> {
    const { world, limits } = this.parts
    this.state = 'starting'
    this.talk.begin()
    this.timers.push(
      world.timers.every(limits.beatMs, () => this.round()),
      world.timers.every(limits.contestMs, () => this.contest()),
    )
    while (!(await this.rollCall.beat('up'))) {
      await delay(world.timers, limits.beatMs)
      if (!this.isStarting) return
    }
    await this.settle()
    if (this.isStarting) this.state = 'running'
  }

  /** Open shards with their names. */
  *entries(): IterableIterator<[ShardName, Shard]> {
    for (const [name, { shard }] of this.keepers) if (shard !== undefined) yield [name, shard]
  }

  /** Hands every shard over, or gives it back, when what it has taken is stored and answered; then leaves. Takes no longer than `closeMsMax`. */
  async close(): Promise<void> {
    if (this.isClosing) return
    const { world, limits } = this.parts
    this.state = 'closing'
    if (!(await within(world.timers, limits.closeMsMax, this.giveAllAway()))) {
      world.log.error({ shards: [...this.entries()].map(([name]) => name) }, 'shards could not be given back in time; their leases run out')
      for (const [, shard] of this.entries()) shard.lose(new Error('the node ends'))
    }
    this.state = 'closed'
    for (const timer of this.timers) timer.cancel()
    this.talk.close()
    await this.leave()
  }

  collect(sink: MetricSink): void {
    this.metrics.collect(sink, this.entries())
    this.counters.collect(sink)
  }

  private get isStarting(): boolean {
    return this.state === 'starting'
  }

  private get isClosing(): boolean {
    return this.state === 'closing' || this.state === 'closed'
  }

  /** Leases first: they do not wait for whoever tells who is there. */
  private round(): void {
    for (const keeper of this.keepers.values()) keeper.keep()
    const beat = this.rollCall.beat(this.isClosing ? 'draining' : 'up')
    this.run(beat.then((isKnown) => (isKnown && this.state === 'running' ? this.settle() : undefined)))
  }

  /** Takes what this node should own, and hands over what it should not. Only on fresh knowledge of who is there. */
  private async settle(): Promise<void> {
    const { node } = this.parts
    const work: Promise<void>[] = []
    for (const keeper of this.keepers.values()) {
      const owner = this.rollCall.ownerOf(keeper.name)
      if (owner === node) work.push(this.take(keeper))
      else if (owner !== undefined) work.push(keeper.handOver())
    }
    await Promise.all(work)
  }

  private contest(): void {
    if (this.isClosing) return
    for (const keeper of this.contested) {
      if (this.rollCall.ownerOf(keeper.name) === this.parts.node) this.run(this.take(keeper))
      else this.contested.delete(keeper)
    }
  }

  private async take(keeper: ShardKeeper): Promise<void> {
    const taken = await keeper.take()
    if (taken === 'taken') this.contested.add(keeper)
    else if (taken !== 'busy') this.contested.delete(keeper)
    if (!this.parts.isAlone || this.isClosing) return
    if (taken === 'taken') {
      throw new StoreFault('STORE_IN_USE', `another process has taken over the data: ${keeper.name} is no longer this one's`)
    }
    if (typeof taken === 'object' && this.isStarting) throw taken.failed
  }

  private successorOf(name: ShardName): string | undefined {
    const { node } = this.parts
    const owner = this.isClosing ? this.rollCall.ownerOf(name, node) : this.rollCall.ownerOf(name)
    return owner === node ? undefined : owner
  }

  private failed(keeper: ShardKeeper, reason: Error): void {
    const { parts } = this
    const { name, setbacks } = keeper
    if (this.isClosing) return
    if (!parts.isAlone) {
      if (setbacks.failures > parts.limits.failuresMax) this.decline(name)
      return
    }
    // While it starts, whoever starts it is told.
    if (this.isStarting) return
    const count = setbacks.faults + setbacks.failures
    if (isLasting(reason)) this.unable(reason)
    else if (count > parts.limits.failuresMax) this.unable(new Error(`${name} failed ${count} times: ${reason.message}`, { cause: reason }))
  }

  /** What this node cannot do perhaps another can. It goes on trying, in case it is nobody's. */
  private decline(name: ShardName): void {
    const other = this.rollCall.ownerOf(name, this.parts.node)
    if (other === undefined) return
    this.counters.declined++
    this.parts.world.log.error({ shard: name, to: other }, 'a shard does not work here and is left to another node')
    this.talk.tell(name, other, 'declined')
  }

  private heard(name: ShardName, word: HandOverWord, from: string): void {
    const keeper = this.keepers.get(name)
    if (keeper === undefined) return
    if (word === 'prepare') this.run(this.prepare(name, from))
    else if (word === 'free') this.run(this.takeOver(keeper, from))
    else if (word === 'declined' && !this.isClosing) {
      this.rollCall.declines(name, from)
      // Not without its pause, if it has just failed here too: or nodes would pass it round in circles.
      this.run(this.take(keeper))
    }
  }

  private async prepare(name: ShardName, owner: string): Promise<void> {
    const { world, readAhead } = this.parts
    try {
      if (!this.isClosing) await readAhead?.(name)
    } catch (error) {
      world.log.warn({ shard: name, error: String(error) }, 'a shard could not be read before it comes here; it is read then')
    }
    this.talk.tell(name, owner, 'prepared')
  }

  private async takeOver(keeper: ShardKeeper, owner: string): Promise<void> {
    if (!this.isClosing) {
      keeper.hint()
      await this.take(keeper)
      await keeper.settled()
    }
    this.talk.tell(keeper.name, owner, 'opened')
  }

  private async giveAllAway(): Promise<void> {
    const { world, limits } = this.parts
    // Others learn that this node goes, and it learns who is there to take over; or it goes by what it knew.
    await within(world.timers, limits.memberMs, this.rollCall.beat('draining'))
    await Promise.all([...this.keepers.values()].map((keeper) => keeper.close()))
  }

  private async leave(): Promise<void> {
    const { members, world, node, limits } = this.parts
    try {
      // After that time it is forgotten anyway.
      await within(world.timers, limits.memberMs, members.leave(node))
    } catch (error) {
      world.log.warn({ error: String(error) }, 'this node could not take leave of the others; they will miss it')
    }
  }

  private run(work: Promise<void>): void {
    work.catch((error: unknown) => this.unable(error instanceof Error ? error : new Error(String(error))))
  }

  private unable(reason: Error): void {
    if (this.isUnable || this.isClosing) return
    this.isUnable = true
    this.parts.onUnable(reason)
  }
}

/** The store will not do it however often it is asked. */
function isLasting(reason: Error): boolean {
  return reason instanceof StoreFault && ['STORE_IN_USE', 'STORE_UNUSABLE', 'STORE_CLOSED'].includes(reason.code)
}
