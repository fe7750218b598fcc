// @ts-check

/** Where a wait began, so that its progress goes on from there after a reload or in another tab. */
export class ClaimMemory {
  #storage

  /** @param {Storage} storage */
  constructor(storage) {
    this.#storage = storage
  }

  /**
   * The person was seen in the lobby of this product.
   * @param {string} sku
   */
  noteDraw(sku) {
    this.#storage.setItem(`giusto-draw-${sku}`, 'yes')
  }

  /** @param {string} sku */
  wasInDraw(sku) {
    return this.#storage.getItem(`giusto-draw-${sku}`) === 'yes'
  }

  /**
   * The value that was seen first for this claim. Such values only fall, so a larger one means that the claim's number was used before.
   * @param {'ahead' | 'hold'} kind
   * @param {string} sku
   * @param {number} claim its number
   * @param {number} value
   */
  first(kind, sku, claim, value) {
    const key = `giusto-${kind}-${sku}`
    const [known, first] = (this.#storage.getItem(key) ?? '').split(':').map(Number)
    if (known === claim && first !== undefined && first >= value) return first
    this.#storage.setItem(key, `${claim}:${value}`)
    return value
  }
}
