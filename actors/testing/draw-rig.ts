import type { ShardView } from '../../protocol/broadcast.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { DrawInfo } from '../../protocol/results.ts'
import type { SaleFileInput, SkuSettings } from '../../protocol/sku-settings.ts'
import type { DrawProof } from '../draw/draw-proof.ts'
import { EntryIds } from '../draw/seed.ts'
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
  private readonly seed = seedNumber(11)
  private readonly settings: SkuSettings

  constructor(overrides: SkuInput = {}) {
    super()
    this.settings = drawSettings(overrides)
    const answer = this.ask({ op: 'configure', payload: { settings: this.settings, incarnation, drawSeed: this.seed } })
    if (answer.error !== null) throw new Error(answer.error.message)
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

  /** Everyone who has a place or more, in the order of their numbers. */
  seated(): readonly string[] {
    return this.reportsOfClaims(10_000)
      .filter(({ state }) => state.state === 'queued' || state.state === 'held')
      .map(({ user }) => user)
  }
}
