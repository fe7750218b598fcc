import { Calls } from '../../cluster/calls.ts'
import { NatsBus } from '../../cluster/nats-bus.ts'
import { NodeDirectory } from '../../cluster/node-directory.ts'
import { delay } from '../../cluster/world.ts'
import type { ShardBroadcast } from '../../protocol/broadcast.ts'
import { decodeClaim } from '../../protocol/client/result-decoders.ts'
import type { Code } from '../../protocol/codes.ts'
import { op } from '../../protocol/entry.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import type { NodeReport } from '../../protocol/node-report.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { saleFileSchema, settingsOfSale } from '../../protocol/sku-settings.ts'
import { publicSubject } from '../../protocol/subject.ts'
import { LoggedWorld } from '../servers/logged-world.ts'

/** Longer than any test: a call that nobody answers is still open at the end. */
const callDeadlineMs = 600_000
const againMs = 2_000
const name = 'observer'

/** A process on the cluster's bus that is none of its own: asks shards without a gateway, and hears all that they tell everybody. */
export class BusObserver {
  readonly broadcasts: ShardBroadcast[] = []
  private readonly shards: number
  private readonly bus: NatsBus
  private readonly calls: Calls
  private readonly directory: NodeDirectory

  private constructor(bus: NatsBus, shards: number) {
    const world = new LoggedWorld()
    this.bus = bus
    this.shards = shards
    this.calls = new Calls({ bus, world, node: name, shards, limits: { pendingMax: 1_000, callDeadlineMs } })
    const report = (): NodeReport => ({ name, role: name, state: 'ready', shards: [] })
    this.directory = new NodeDirectory({ bus, world, node: name, report, onDrain: () => {} })
    for (let shard = 0; shard < shards; shard++)
      bus.serve(publicSubject(shard), (frame) => void this.broadcasts.push(unpackInner<ShardBroadcast>(frame.slice(2))))
  }

  static async connect(natsUrl: string, shards: number): Promise<BusObserver> {
    return new BusObserver(await NatsBus.connect({ servers: [natsUrl], name, world: new LoggedWorld() }), shards)
  }

  /** A name of a SKU for each inventory shard. */
  skuOfEach(): readonly string[] {
    const found = new Map<number, string>()
    for (let i = 0; found.size < this.shards; i++) {
      const shard = this.calls.shardOfText(`sku-${i}`)
      if (!found.has(shard)) found.set(shard, `sku-${i}`)
    }
    return [...found.values()]
  }

  async configure(sku: string, stock: number): Promise<void> {
    const sale = saleFileSchema.parse({ sale: sku, title: sku, opensAt: 0, skus: [{ sku, title: sku, priceMinor: 100, stock }] })
    for (const settings of settingsOfSale(sale)) {
      const payload = packInner({ settings, incarnation: 'inc1' })
      const { error } = await this.calls.request('inv', this.calls.shardOfText(sku), { op: op.configure, payload })
      if (error !== null) throw new Error(error.message)
    }
  }

  async buy(sku: string, user: string): Promise<ClaimState | Code> {
    const { error, result } = await this.calls.request('inv', this.calls.shardOfText(sku), {
      op: op.buy,
      sku,
      user,
      qty: 1,
      requestId: user,
    })
    return error === null ? decodeClaim(result) : error.code
  }

  /** The same call again now and then: an owner that sleeps still takes frames from the bus, whenever its heir does not listen. */
  async buyUntilAnswered(sku: string, user: string): Promise<ClaimState | Code> {
    const { timers } = new LoggedWorld()
    const answers: Promise<ClaimState | Code>[] = []
    for (;;) {
      answers.push(this.buy(sku, user))
      const answer = await Promise.race([...answers, delay(timers, againMs)])
      if (answer !== undefined) return answer
    }
  }

  /** Who answers, and what each owns. */
  async nodes(): Promise<readonly NodeReport[]> {
    return (await this.directory.nodes()) ?? []
  }

  async close(): Promise<void> {
    this.directory.close()
    this.calls.close()
    await this.bus.close()
  }
}
