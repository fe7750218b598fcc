/** Prices that one SKU has had, this many at most; a new one is then refused. */
export const pricesMax = 1_000

/**
 * The prices that a SKU has had, each with a number: a hold's row keeps the number of what it was promised, two bytes of it (user-table.ts). Number 0 is the price
 * that it began with, so that where no price was ever changed all rows have 0. Written by `evolve` alone.
 */
export class SkuPrices {
  private all: readonly number[]
  /** The number of the price of new holds. */
  current = 0

  constructor(priceMinor: number) {
    this.all = [priceMinor]
  }

  /** Whether holds can be made at this price. */
  hasRoomFor(priceMinor: number): boolean {
    return this.all.length < pricesMax || this.all.includes(priceMinor)
  }

  /** What holds cost from now on. */
  set(priceMinor: number): void {
    const known = this.all.indexOf(priceMinor)
    if (known < 0) this.all = [...this.all, priceMinor]
    this.current = known < 0 ? this.all.length - 1 : known
  }

  of(number: number): number {
    const price = this.all[number]
    if (price === undefined) throw new Error(`there is no price ${number}`)
    return price
  }

  /** Undefined where there is only the first one, which the settings have. */
  save(): readonly number[] | undefined {
    return this.all.length === 1 ? undefined : this.all
  }

  /** `priceMinor` is that of new holds. */
  restore(saved: readonly number[] | undefined, priceMinor: number): void {
    if (saved !== undefined) this.all = saved
    this.set(priceMinor)
  }
}
