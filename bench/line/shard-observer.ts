import { NatsBus } from '../../cluster/nats-bus.ts'
import { createLog } from '../../ops/log.ts'
import { realWorld } from '../../ops/world.ts'
import { eachOfRuns, type ShardBroadcast } from '../../protocol/broadcast.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import { publicSubject } from '../../protocol/subject.ts'
import { LineTruth } from './line-truth.ts'

/** Hears what a shard tells everybody, beside all gateways, and keeps the truth about one line from the first who joins. */
export class ShardObserver {
  readonly truth = new LineTruth()
  /** How many wait, as the shard itself counts them. */
  private waiting = 0
  private readonly bus: NatsBus
  private readonly sku: string
  /** The shard's clock in the broadcast before: what a broadcast tells happened after that. */
  private before = 0

  private constructor(bus: NatsBus, sku: string, shard: number) {
    this.bus = bus
    this.sku = sku
    bus.serve(publicSubject(shard), (frame) => this.take(unpackInner<ShardBroadcast>(frame.slice(2))))
  }

  static async connect(natsUrl: string, sku: string, shard: number): Promise<ShardObserver> {
    const world = realWorld(createLog({ level: 'error', pretty: false, colours: false }))
    return new ShardObserver(await NatsBus.connect({ servers: [natsUrl], name: 'line-observer', world }), sku, shard)
  }

  /** False if a broadcast was missed, so that nobody knows the truth. */
  get isWhole(): boolean {
    return this.truth.waiting === this.waiting
  }

  close(): Promise<void> {
    return this.bus.close()
  }

  private take({ now, skus }: ShardBroadcast): void {
    for (const { sku, joined, left, waiting } of skus) {
      if (sku !== this.sku) continue
      eachOfRuns(joined, (claim) => this.truth.join(claim))
      eachOfRuns(left, (claim) => this.truth.leave(claim, this.before))
      this.waiting = waiting
    }
    this.before = now
  }
}
