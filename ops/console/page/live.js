// @ts-check
/** @import { Board } from '../board.ts' */
/** @import { Api } from './api.js' */
import { History } from './history.js'

const lookMs = 1_000
/** After so many looks in vain the page says that it shows old figures. */
const missesMax = 2

/**
 * Looks at the board each second: one question for the whole page, the next one only when the last is answered. It says with it whether somebody is there, so that
 * a page that nobody touches does not keep its session.
 */
export class Live {
  history = new History()
  /** @type {Board | undefined} */
  board
  /** ms after which the session ends if nobody does anything. */
  endsInMs = Number.POSITIVE_INFINITY
  #api
  #onLook
  #misses = 0
  #isOn = false
  #wasSeen = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {Promise<void> | undefined} */
  #looking

  /**
   * @param {Api} api
   * @param {() => void} onLook after each look, also one in vain
   */
  constructor(api, onLook) {
    this.#api = api
    this.#onLook = onLook
    for (const sign of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
      document.addEventListener(
        sign,
        () => {
          this.#wasSeen = true
        },
        { passive: true, capture: true },
      )
    }
  }

  /** What is shown is no more than a moment old. */
  get isLive() {
    return this.board !== undefined && this.#misses < missesMax
  }

  start() {
    if (this.#isOn) return
    this.#isOn = true
    void this.now()
  }

  stop() {
    this.#isOn = false
    clearTimeout(this.#timer)
  }

  /** Looks at once, because something was changed; what a look that is under way will show may be older than that. */
  async now() {
    await this.#looking
    await this.#lookAgain()
  }

  async #lookAgain() {
    clearTimeout(this.#timer)
    const began = performance.now()
    // Whoever comes meanwhile waits for the look that is under way and is content with it.
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    await this.#looking
    clearTimeout(this.#timer)
    if (this.#isOn) this.#timer = setTimeout(() => void this.#lookAgain(), Math.max(100, lookMs - (performance.now() - began)))
  }

  async #look() {
    const query = this.#wasSeen ? { seen: '1' } : undefined
    this.#wasSeen = false
    try {
      const { board, endsInMs } = await this.#api.get('live', query)
      this.#misses = 0
      this.board = board
      this.endsInMs = endsInMs
      this.history.add(board)
    } catch {
      // Whether it is signed out the api says; else the next look will tell.
      this.#misses++
    }
    this.#onLook()
  }
}
