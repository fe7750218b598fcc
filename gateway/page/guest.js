// @ts-check

/** @typedef {{ readonly user: string, readonly token: string }} Guest */

const key = 'giusto-guest'

/** Who this browser is to the demo: one person in all its tabs, for as long as the server knows the token. */
export class GuestPass {
  #storage
  /** @type {Guest | undefined} */
  #guest

  /**
   * @param {Storage} storage
   * @param {() => void} onOther another tab became another person
   */
  constructor(storage, onOther) {
    this.#storage = storage
    addEventListener('storage', (event) => {
      if (event.key !== key || this.#guest === undefined) return
      const guest = guestOf(parsed(event.newValue))
      if (guest !== undefined && guest.token !== this.#guest.token) onOther()
    })
  }

  /** The name that the shop knows this person by; empty before the first token. */
  get user() {
    return this.#guest?.user ?? ''
  }

  /**
   * A token that the server takes: the stored one, or a new guest's. Called before every connect, because a browser cannot see why a
   * WebSocket was refused.
   */
  async token() {
    const known = rememberedGuest(this.#storage)
    this.#guest = known !== undefined && (await isAccepted(known)) ? known : await this.#become(known)
    return this.#guest.token
  }

  /** @param {Guest | undefined} refused */
  async #become(refused) {
    const made = await makeGuest()
    // Two tabs that open at the same moment both come here; the first one to store its guest wins, so that they are one person.
    const other = rememberedGuest(this.#storage)
    if (other !== undefined && other.token !== refused?.token) return other
    this.#storage.setItem(key, JSON.stringify(made))
    return made
  }
}

async function makeGuest() {
  const response = await fetch('/demo/guest', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  if (!response.ok) throw new Error(`the shop takes no new guest: status ${response.status}`)
  const guest = guestOf(await response.json())
  if (guest === undefined) throw new Error('the shop made a guest without a name or a token')
  return guest
}

/**
 * False only if the server says that it does not know the token.
 * @param {Guest} guest
 */
async function isAccepted(guest) {
  const response = await fetch('/v1/call/resume', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${guest.token}` },
    body: '[]',
  })
  return response.status !== 401
}

/** @param {Storage} storage */
function rememberedGuest(storage) {
  return guestOf(parsed(storage.getItem(key)))
}

/**
 * @param {string | null} text
 * @returns {unknown}
 */
function parsed(text) {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    // Whatever else wrote there: it is no guest of ours, and a new one is made.
    return null
  }
}

/**
 * @param {unknown} value
 * @returns {Guest | undefined}
 */
function guestOf(value) {
  if (typeof value !== 'object' || value === null || !('user' in value) || !('token' in value)) return undefined
  return typeof value.user === 'string' && typeof value.token === 'string' ? { user: value.user, token: value.token } : undefined
}
