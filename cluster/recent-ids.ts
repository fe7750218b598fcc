/** Ids that were seen not long ago: at most `countMax`, each for `rememberMs`, the oldest forgotten first. */
export class RecentIds {
  readonly #seenAt = new Map<string, number>()
  readonly #rememberMs: number
  readonly #countMax: number

  constructor(rememberMs: number, countMax: number) {
    this.#rememberMs = rememberMs
    this.#countMax = countMax
  }

  has(id: string, now: number): boolean {
    const seenAt = this.#seenAt.get(id)
    return seenAt !== undefined && seenAt + this.#rememberMs > now
  }

  add(id: string, now: number): void {
    // A Map keeps the order of insertion, so the oldest are in front.
    this.#seenAt.delete(id)
    for (const [old, seenAt] of this.#seenAt) {
      if (this.#seenAt.size < this.#countMax && seenAt + this.#rememberMs > now) break
      this.#seenAt.delete(old)
    }
    this.#seenAt.set(id, now)
  }
}
