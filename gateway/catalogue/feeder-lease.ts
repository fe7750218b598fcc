import type { SharedRecord } from '../../cluster/shared-record.ts'
import type { World } from '../../cluster/world.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'

/** Who feeds the remote index, and up to which revision of the catalogue it has everything; null for nothing yet. */
interface Feeder {
  readonly node: string
  /** ms since 1970. */
  readonly until: number
  readonly fedTo: number | null
}

const leaseMs = 7_000
const versionLength = 16

/**
 * One of the gateways feeds the remote index. That two do so for a moment, by clocks that differ or a pause, is harmless: what they write carries
 * versions. A record that is shared says who it is; whoever finds it run out takes it over and goes on where the other one was.
 */
export class FeederLease {
  private readonly record: SharedRecord
  private readonly world: World
  private readonly node: string
  private version = ''
  private kept: Feeder = { node: '', until: 0, fedTo: null }
  private fed: number | null = null

  constructor(record: SharedRecord, world: World) {
    this.record = record
    this.world = world
    this.node = world.random.id(versionLength)
  }

  get isHeld(): boolean {
    return this.kept.node === this.node && this.world.clock.now() < this.kept.until
  }

  /** The revision up to which the remote index has everything, as far as this gateway knows; null for an index that nobody has filled. */
  get fedTo(): number | null {
    return this.isHeld ? this.fed : this.kept.fedTo
  }

  /** Told to others with the next {@link renew}. */
  hasFed(revision: number | null): void {
    this.fed = revision
  }

  /** Takes or keeps the lease if nobody else has it. Rejects with a `StoreFault` if it cannot be read or written. */
  async renew(): Promise<void> {
    const wasHeld = this.isHeld
    const found = await this.record.read(this.version)
    if (found !== undefined) {
      this.version = found.version
      this.kept = found.bytes.length === 0 ? this.kept : unpackInner<Feeder>(found.bytes)
    }
    const now = this.world.clock.now()
    if (this.kept.node !== this.node && this.kept.until > now) return
    if (!wasHeld) this.fed = this.kept.fedTo
    const next: Feeder = { node: this.node, until: now + leaseMs, fedTo: this.fed }
    const version = this.world.random.id(versionLength)
    if ((await this.record.write(this.version, { version, bytes: packInner(next) })) === 'overtaken') return
    this.version = version
    this.kept = next
  }

  /** The next gateway need not wait for it to run out. */
  async giveBack(): Promise<void> {
    if (!this.isHeld) return
    const bytes = packInner({ node: '', until: 0, fedTo: this.fed })
    await this.record.write(this.version, { version: this.world.random.id(versionLength), bytes })
    this.kept = { node: '', until: 0, fedTo: this.fed }
  }
}
