// @ts-check

/** Tells the person's other tabs in this browser that a call of this one changed something; they then ask the server what it is. */
export class OtherTabs {
  #channel = new BroadcastChannel('giusto')

  /** @param {(sku: string) => void} onChange */
  constructor(onChange) {
    this.#channel.addEventListener('message', (event) => {
      if (typeof event.data === 'string') onChange(event.data)
    })
  }

  /** @param {string} sku */
  tell(sku) {
    this.#channel.postMessage(sku)
  }
}
