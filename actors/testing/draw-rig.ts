import type { ShardView } from '../../protocol/broadcast.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { DrawInfo } from '../../protocol/results.ts'
import type { SaleFileInput, SkuSettings } from '../../protocol/sku-settings.ts'
import type { DrawProof } from '../draw/draw-proof.ts'
import { type SealedDraw, SeedBox } from '../draw/seed-box.ts'
import { commitmentOf, EntryIds } from '../draw/seed.ts'
import { incarnation, InventoryRig, settingsOf, short, start } from './inventory-rig.ts'
import { drawAmong, seedNumber } from './plain-draw.ts'

type SkuInput = Partial<SaleFileInput['skus'][number]>

/** A sale that opens in a minute, with a draw. */
export function drawSettings(overrides: SkuInput = {}): SkuSettings {
  return settingsOf({ opensAt: start + 60_000, draw: {}, ...overrides })
}

export function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `user-${i}`)
}

/** An {@link InventoryRig} with the SKU `shoe` that has a draw. */
export class DrawRig extends InventoryRig {
  readonly seed = seedNumber(11)
  private readonly settings: SkuSettings
  /** Of owners from now on. */
  key = 'the key of draws'

  /** `isPlain`: with the seed in its journal as former versions wrote it. */
  constructor(overrides: SkuInput = {}, isPlain = false) {
    super()
    this.settings = drawSettings(overrides)
    this.useKey()
    const announced = isPlain ? { drawSeed: this.seed } : this.announce(this.settings)
    const answer = this.ask({ op: 'configure', payload: { settings: this.settings, incarnation, ...announced } })
    if (answer.error !== null) throw new Error(answer.error.message)
  }

  /** What a gateway with `key` would have the journal begin with. */
  announce(settings: SkuSettings, key = this.key): SealedDraw {
    const drawSealed = new SeedBox(key).seal(this.seed, Buffer.alloc(12, 1), settings)
    return { drawSealed, drawCommitment: commitmentOf(this.seed, settings.sku, settings.draw?.beacon) }
  }

  override recover(snapshot: readonly Uint8Array[] | undefined, from: number, downMs: number): number {
    const gapMs = super.recover(snapshot, from, downMs)
    this.useKey()
    return gapMs
  }

  /** Lets the opening come, and everything that it brings at once. */
  open(): void {
    this.pass(60_050)
  }

  get draw(): DrawInfo {
    const info = this.askInner<ShardView>({ op: 'view' }).skus[0]?.draw
    if (info === undefined) throw new Error('no draw')
    return info
  }

  beacon(round: number, value: string): Plain {
    return short(this.ask({ op: 'drawBeacon', sku: 'shoe', payload: { round, value } }))
  }

  proofPage(from: number, limit: number): Plain {
    return short(this.ask({ op: 'drawProof', sku: 'shoe', payload: { from, limit } }))
  }

  /** What the draw of these people has to come to; `value` of the beacon, if the settings plan one. */
  proof(people: readonly string[], value: string | null = null): DrawProof {
    const beacon = this.settings.draw?.beacon
    return drawAmong(people, this.seed, beacon === undefined ? undefined : { ...beacon, value })
  }

  drawn(people: readonly string[], value: string | null = null): readonly string[] {
    const { roster, order } = this.proof(people, value)
    const entryIds = new EntryIds(this.seed)
    const users = new Map(people.map((user) => [Buffer.from(entryIds.of(Buffer.from(user))).toString('hex'), user]))
    return order.map((entry) => users.get(roster[entry] ?? '') ?? '')
  }

  private useKey(): void {
    const box = new SeedBox(this.key)
    this.actor.useSeeds((sealed, settings) => box.open(sealed, settings))
  }

  /** Everyone who has a place or more, in the order of their numbers. */
  seated(): readonly string[] {
    return this.reportsOfClaims(10_000)
      .filter(({ state }) => state.state === 'queued' || state.state === 'held')
      .map(({ user }) => user)
  }
}
