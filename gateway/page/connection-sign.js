// @ts-check
/** @typedef {import('../../protocol/client/index.js').ClientState} ClientState */
import { part, setText } from './element.js'

const words = { connecting: 'Connecting', online: 'Live', offline: 'Offline' }

/** A reconnect that takes less than this is nobody's business. */
const quietMs = 1_200

/** Says in the header whether the page is live, and in a quiet banner that nothing is lost while it is not. */
export class ConnectionSign {
  #sign = part(document, '#connection', HTMLElement)
  #banner = part(document, '#banner', HTMLElement)
  #wasOnline = false
  /** @type {number | undefined} */
  #offlineSince

  /**
   * The device's word counts beside the client's: it knows at once that the network is gone, the client only after a silence.
   * @param {ClientState} state
   * @param {number} now
   */
  update(state, now) {
    const isLive = state.kind === 'open' && navigator.onLine
    this.#wasOnline ||= isLive
    if (isLive) this.#offlineSince = undefined
    else if (this.#wasOnline || state.kind === 'waiting') this.#offlineSince ??= now
    const shown = isLive ? 'online' : this.#offlineSince === undefined ? 'connecting' : 'offline'
    this.#sign.dataset['state'] = shown
    setText(this.#sign, words[shown])
    this.#showBanner(this.#offlineSince !== undefined && now - this.#offlineSince > quietMs)
  }

  /** @param {boolean} isShown */
  #showBanner(isShown) {
    if (this.#banner.hidden === isShown) this.#banner.hidden = !isShown
    if (!isShown) return
    const cause = navigator.onLine ? 'The shop does not answer just now.' : 'You are offline.'
    setText(this.#banner, `${cause} ${this.#wasOnline ? 'Your place is kept' : 'Nothing is lost'}, and this page reconnects by itself.`)
  }
}
