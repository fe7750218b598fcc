import { z } from 'zod'
import type { Bus } from '../../cluster/bus.ts'
import { Calls } from '../../cluster/calls.ts'
import type { Members } from '../../cluster/members.ts'
import { placeShard } from '../../cluster/placement.ts'
import { partsOfName, shardName, type ShardName } from '../../cluster/store.ts'
import { op } from '../../protocol/entry.ts'
import { encodeHandOver, type HandOverWord } from '../../protocol/hand-over.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { nodeSubject, shardSubject } from '../../protocol/subject.ts'
import { InventoryActor } from '../inventory/inventory-actor.ts'
import { type OwnershipLimits, ownershipLimits } from '../ownership/ownership-limits.ts'
import type { Tenure } from '../ownership/shard-keeper.ts'
import { ShardHost, type ShardHostParts } from '../shard-host.ts'
import { Shard } from '../shard.ts'
import { incarnation, settingsOf } from './inventory-rig.ts'
import { LeasedStore } from './leased-store.ts'
import { ManualProcess } from './manual-process.ts'
import { ManualWorld } from './manual-world.ts'
import { MemoryNetwork } from './memory-network.ts'
import { Turnstile } from './turnstile.ts'

export const leaseMs = 3_000
export const limits: OwnershipLimits = { ...ownershipLimits(leaseMs), retryFirstMs: 200, retryMostMs: 1_000, failuresMax: 3 }
const shardLimits = { mailboxBytesMax: 64 * 1024, batchEntriesMax: 64, tickMs: 100, storeRetryMs: 100 }

const stateSchema = z.object({ state: z.string() })

/** What a test may want otherwise for one node. */
export type NodeOptions = Partial<Pick<ShardHostParts, 'isAlone' | 'endsWithLease' | 'prepareHandOver' | 'readAhead' | 'limits'>> & {
  /** Called before a shard is opened; what it throws makes the opening fail. */
  readonly beforeOpen?: (tenure: Tenure) => void
}

interface Opening {
  readonly name: ShardName
  readonly at: number
  /** Its lease had run out by then. */
  readonly isOver: boolean
}

type NamedNode = Pick<OwningNode, 'name'>

/** One run of one process with its shard host, under real shards. */
export class OwningNode {
  readonly process: ManualProcess
  readonly host: ShardHost
  readonly unable: Error[] = []
  readonly openings: Opening[] = []

  constructor(rig: OwnershipRig, name: string, options: NodeOptions) {
    const { beforeOpen, ...parts } = options
    const process = new ManualProcess(rig.world, name)
    const { world } = process
    const bus = rig.network.connect(process)
    const store = rig.store.connect(process)
    this.process = process
    this.host = new ShardHost({
      ...{ store, bus, world, limits, node: name, names: rig.names, isAlone: false },
      members: {
        beat: (member, ttlMs) => process.ask(() => rig.beat(member, ttlMs)),
        leave: (member) => process.ask(() => rig.members.leave(member)),
      },
      open: (tenure) => {
        this.openings.push({ name: tenure.name, at: world.clock.now(), isOver: !tenure.mayAct() })
        beforeOpen?.(tenure)
        const { kind, shard } = partsOfName(tenure.name)
        const { epoch, ...told } = tenure
        const actor = new InventoryActor(shard)
        return Shard.open({ ...told, actor, store, bus, world, subject: shardSubject(kind, shard), limits: shardLimits }, epoch)
      },
      onUnable: (reason) => this.unable.push(reason),
      ...parts,
    })
  }

  get name(): string {
    return this.process.name
  }

  get shards(): readonly ShardName[] {
    return [...this.host.entries()].map(([name]) => name)
  }
}

/** Several nodes on one store, one bus and one list of members, in one world whose time a test lets go on. */
export class OwnershipRig {
  readonly world = new ManualWorld()
  readonly network = new MemoryNetwork(this.world)
  readonly store: LeasedStore
  readonly names: readonly ShardName[]
  readonly members: Members
  readonly nodes: OwningNode[] = []
  /** Nodes whose beats fail. */
  readonly unheard = new Set<string>()
  /** Shut, beats wait. */
  readonly beating = new Turnstile()
  readonly beats: string[] = []
  private readonly calls: Calls
  private readonly bus: Bus

  constructor(membersOf: (world: ManualWorld) => Members, storeLeaseMs = leaseMs, shards = 8) {
    this.store = new LeasedStore(this.world, storeLeaseMs)
    this.members = membersOf(this.world)
    this.names = Array.from({ length: shards }, (_, shard) => shardName('inv', shard))
    const shop = new ManualProcess(this.world, 'shop')
    this.bus = this.network.connect(shop)
    this.calls = new Calls({
      ...{ bus: this.bus, world: shop.world, node: 'shop', shards },
      limits: { pendingMax: 10_000, callDeadlineMs: 8_000 },
    })
  }

  /** A node that begins to start. */
  add(name: string, options: NodeOptions = {}): OwningNode {
    const node = new OwningNode(this, name, options)
    this.nodes.push(node)
    return node
  }

  /** A node that has started, when every shard is where it should be among those of this rig. */
  async start(name: string, options: NodeOptions = {}): Promise<OwningNode> {
    const node = this.add(name, options)
    await this.world.settled(node.host.start())
    await this.placedAmong(...this.nodes)
    return node
  }

  /** Every shard is open at the one of these nodes that should own it, and at no other live one. */
  arePlacedAmong(...nodes: readonly OwningNode[]): boolean {
    const owned = this.nodes.filter((node) => !node.process.isDead).flatMap((node) => node.shards)
    return owned.length === this.names.length && nodes.every((node) => node.shards.join() === this.placedAt(nodes, node).join())
  }

  /** Waits for that. */
  placedAmong(...nodes: readonly OwningNode[]): Promise<void> {
    return this.world.until('all shards are where they should be', () => this.arePlacedAmong(...nodes))
  }

  /** Shards that this one of the nodes should own. */
  placedAt(nodes: readonly NamedNode[], one: NamedNode): readonly ShardName[] {
    const members = nodes.map(({ name }) => ({ name, state: 'up' as const }))
    return this.names.filter((name) => placeShard(name, members) === one.name)
  }

  async beat(...[member, ttlMs]: Parameters<Members['beat']>): ReturnType<Members['beat']> {
    this.beats.push(member.name)
    await this.beating.pass()
    if (this.unheard.has(member.name)) throw new Error('told to fail')
    return this.members.beat(member, ttlMs)
  }

  /** Tells a node that a shard is free. */
  tell(node: OwningNode, name: ShardName, from = 'somebody', word: HandOverWord = 'free'): void {
    this.bus.send(nodeSubject(node.name), encodeHandOver({ ...partsOfName(name), from, word }))
  }

  /** Puts a SKU on sale in every shard. */
  async openSale(stock: number): Promise<void> {
    const payload = packInner({ settings: settingsOf({ stock, holdTtlMs: 600_000 }), incarnation })
    const done = { error: null, result: null } as const
    const answers = this.names.map((name) => this.calls.request('inv', partsOfName(name).shard, { op: op.configure, payload }, () => done))
    await this.world.settled(Promise.all(answers))
    await this.world.pass(300)
  }

  /** What the user is told: a state or a code. */
  async buy(shard: ShardName, user: string): Promise<string> {
    const command = { op: op.buy, sku: 'shoe', user, qty: 1, requestId: `of ${user}` }
    const { error, result } = await this.calls.request('inv', partsOfName(shard).shard, command)
    return error === null ? stateSchema.parse(result).state : error.code
  }
}
