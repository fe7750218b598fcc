import { type Lease, type ShardName, type Store, StoreFault } from '../../cluster/store.ts'
import type { ManualProcess } from './manual-process.ts'
import type { ManualWorld } from './manual-world.ts'
import { MemoryStore } from './memory-store.ts'
import { Turnstile } from './turnstile.ts'

interface HeldLease extends Lease {
  readonly owner: string
}

export type StoreCall = 'claim' | 'renew' | 'release' | 'open' | 'append' | 'confirm'

/** A call that reached the store. */
export interface Asked {
  readonly by: string
  readonly call: StoreCall
  readonly shard: ShardName
  readonly at: number
}

/** One store for several processes, whose leases run out, and which fails or waits when told to. */
export class LeasedStore {
  readonly kept = new MemoryStore()
  readonly asked: Asked[] = []
  /** Answers to anything; shut, they all wait. */
  readonly answering = new Turnstile()
  /** Claims of a shard that a process sent while it waited for an answer to the one before. */
  readonly doubleClaims: ShardName[] = []
  private readonly world: ManualWorld
  private readonly leaseMs: number
  private readonly leases = new Map<ShardName, HeldLease>()
  private readonly failing = new Set<string>()
  private readonly claiming = new Set<string>()

  constructor(world: ManualWorld, leaseMs: number) {
    this.world = world
    this.leaseMs = leaseMs
  }

  /** From now on this call of that process fails, or no longer. */
  fail(by: string, call: StoreCall, fails = true): void {
    if (fails) this.failing.add(`${by} ${call}`)
    else this.failing.delete(`${by} ${call}`)
  }

  /** How often this process has asked for that, of one shard or all. */
  count(by: string, call: StoreCall, shard?: ShardName): number {
    return this.asked.filter((one) => one.by === by && one.call === call && (shard === undefined || one.shard === shard)).length
  }

  /** Ends the lease of a shard as if another had got it. */
  takeAway(shard: ShardName): void {
    this.leases.set(shard, { owner: 'somebody', epoch: Number.MAX_SAFE_INTEGER, until: this.world.clock.now() + this.leaseMs })
  }

  connect(process: ManualProcess): Store {
    const { kept } = this
    const ask = <T>(call: StoreCall, shard: ShardName, work: () => Promise<T>): Promise<T> =>
      process.ask(async () => {
        this.asked.push({ by: process.name, call, shard, at: this.world.clock.now() })
        await this.answering.pass()
        if (this.failing.has(`${process.name} ${call}`)) throw new StoreFault('STORE_FAILED', 'told to fail')
        return work()
      })
    return {
      claim: (shard, owner) =>
        this.once(
          process,
          shard,
          ask('claim', shard, () => this.claim(shard, owner)),
        ),
      renew: (shard, epoch) => ask('renew', shard, async () => this.renew(shard, epoch)),
      release: (shard, epoch) => ask('release', shard, async () => this.release(shard, epoch)),
      open: (shard, epoch, known) => ask('open', shard, () => kept.open(shard, epoch, known)),
      append: (shard, position, record) => ask('append', shard, () => kept.append(shard, position, record)),
      confirm: (shard, last) => ask('confirm', shard, () => kept.confirm(shard, last)),
      readTail: (shard, after) => kept.readTail(shard, after),
      readSnapshot: (shard) => process.ask(() => kept.readSnapshot(shard)),
      writeSnapshot: (shard, snapshot) => process.ask(() => kept.writeSnapshot(shard, snapshot)),
      readArchive: (shard) => kept.readArchive(shard),
      rewriteArchive: (shard, rewrite) => process.ask(() => kept.rewriteArchive(shard, rewrite)),
      getRecord: (...asked) => process.ask(() => kept.getRecord(...asked)),
      putRecord: (shard, epoch, key, bytes) => process.ask(() => kept.putRecord(shard, epoch, key, bytes)),
      deleteRecord: (shard, epoch, key) => process.ask(() => kept.deleteRecord(shard, epoch, key)),
      close: () => kept.close(),
    }
  }

  private once<T>(process: ManualProcess, shard: ShardName, claim: Promise<T>): Promise<T> {
    const key = `${process.name} ${shard}`
    if (this.claiming.has(key)) this.doubleClaims.push(shard)
    this.claiming.add(key)
    return claim.finally(() => this.claiming.delete(key))
  }

  private async claim(shard: ShardName, owner: string): Promise<Lease | 'taken'> {
    const held = this.leases.get(shard)
    if (held !== undefined && held.owner !== owner && held.until > this.world.clock.now()) return 'taken'
    const { epoch } = await this.kept.claim(shard)
    return this.lend(shard, owner, epoch)
  }

  private renew(shard: ShardName, epoch: number): Lease | 'lost' {
    const held = this.leases.get(shard)
    return held?.epoch === epoch ? this.lend(shard, held.owner, epoch) : 'lost'
  }

  private release(shard: ShardName, epoch: number): void {
    if (this.leases.get(shard)?.epoch === epoch) this.leases.delete(shard)
  }

  private lend(shard: ShardName, owner: string, epoch: number): Lease {
    const lease = { owner, epoch, until: this.world.clock.now() + this.leaseMs }
    this.leases.set(shard, lease)
    return lease
  }
}
