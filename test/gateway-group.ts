import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LmdbStore, openLmdbStore } from '../cluster/lmdb-store.ts'
import { LocalBus } from '../cluster/local-bus.ts'
import { GatewayRig, type RigOptions } from './gateway-rig.ts'
import { LoggedWorld } from './servers/logged-world.ts'

/** Gateways on one bus, over one store in a folder of its own: what one of them keeps there, all of them know. */
export class GatewayGroup {
  readonly store: LmdbStore
  private readonly folder: string
  private readonly bus: LocalBus
  private readonly rigs: GatewayRig[] = []

  private constructor(folder: string, store: LmdbStore, bus: LocalBus) {
    this.folder = folder
    this.store = store
    this.bus = bus
  }

  static async open(): Promise<GatewayGroup> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-gateways-'))
    const world = new LoggedWorld()
    const store = await openLmdbStore({ folder, durability: 'fsync', archiveDays: 1, shards: { inv: 1, ses: 1 }, world, reserveBytes: 0 })
    return new GatewayGroup(folder, store, new LocalBus(world.log))
  }

  async start(options: RigOptions): Promise<GatewayRig> {
    const rig = await GatewayRig.start({ bus: this.bus, ...options })
    this.rigs.push(rig)
    return rig
  }

  async close(): Promise<void> {
    for (const rig of this.rigs.splice(0)) rig.close()
    await this.store.close()
    rmSync(this.folder, { recursive: true })
  }
}
