import { mix32 } from '../../protocol/hash.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import { DeadlineWheel } from '../deadline-wheel.ts'
import { Erasures } from '../erasures.ts'
import { claimState } from './claim.ts'
import type { DrawSecret } from './events.ts'
import { SkuState } from './sku-state.ts'

/** In the wheel, item 0 of a SKU is its opening; claims begin at 1. */
export const openingItem = 0
/** And the last number that there is is its end. */
export const closingItem = 0xffff_ffff

/** All SKUs of one shard. An event names a SKU by its index here, which never changes. */
export class InventoryState {
  readonly skus: SkuState[] = []
  /** Of what is ordered from now on; 0 until an owner has taken the shard over from another one. */
  orderTag = 0
  /** Users whose pseudonym stands in their place; by the name of former records they have to be struck out of. */
  readonly erasures = new Erasures<undefined>()
  /** What ends when. Follows from the rest of the state, so snapshots leave it out. */
  wheel: DeadlineWheel = new DeadlineWheel()
  private readonly byName = new Map<string, SkuState>()

  find(sku: string): SkuState | undefined {
    return this.byName.get(sku)
  }

  at(index: number): SkuState {
    const sku = this.skus[index]
    if (sku === undefined) throw new Error(`the shard has no SKU ${index}`)
    return sku
  }

  add(settings: SkuSettings, incarnation: string, secret?: DrawSecret): SkuState {
    const sku = new SkuState(this.skus.length, settings, incarnation, secret)
    this.skus.push(sku)
    this.byName.set(settings.sku, sku)
    return sku
  }

  clear(): void {
    this.skus.length = 0
    this.byName.clear()
    this.orderTag = 0
    this.erasures.clear()
    this.wheel = new DeadlineWheel()
  }

  scheduleOpening(settings: SkuSettings): void {
    const sku = this.byName.get(settings.sku)
    if (sku?.phase === 'scheduled') this.wheel.add(settings.opensAt, sku.index, openingItem)
  }

  scheduleClosing({ settings, phase, index }: SkuState): void {
    if (settings.closesAt !== undefined && phase !== 'closed') this.wheel.add(settings.closesAt, index, closingItem)
  }

  /** Puts every hold of the SKU into the wheel; one that is there twice ends once. */
  scheduleHolds(sku: SkuState): void {
    const { users } = sku
    for (const row of users.rows()) {
      if (users.state(row) === claimState.held) this.wheel.add(sku.deadlineOf(row, 0), sku.index, users.claim(row))
    }
  }

  digest(): number {
    let digest = this.skus.length
    for (const sku of this.skus) digest = (digest + mix32(sku.digest())) >>> 0
    return digest
  }
}
