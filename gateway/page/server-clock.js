// @ts-check

/** The server's time as well as a page can know it: opening and hold times are the server's, and a phone's own clock may be minutes off. */
export class ServerClock {
  #offsetMs = 0
  #bestRoundTripMs = Number.POSITIVE_INFINITY

  /** Ms since 1970, by the server. */
  now() {
    return Date.now() + this.#offsetMs
  }

  /**
   * Learns from one exchange. The server's stamp is taken to lie in the middle of it, so the shortest exchange knows best.
   * @param {unknown} stampMs
   * @param {number} sentAt by the own clock
   */
  learn(stampMs, sentAt) {
    const receivedAt = Date.now()
    if (typeof stampMs !== 'number' || receivedAt - sentAt > this.#bestRoundTripMs) return
    this.#bestRoundTripMs = receivedAt - sentAt
    this.#offsetMs = Math.round(stampMs - (sentAt + receivedAt) / 2)
  }

  /**
   * Calls back a few times a second, so that countdowns change close to the whole second.
   * @param {() => void} callback
   */
  everyTick(callback) {
    setInterval(callback, 200)
  }

  /** @param {number} ms */
  wait(ms) {
    return new Promise((resolve) => {
      setTimeout(resolve, ms)
    })
  }
}
