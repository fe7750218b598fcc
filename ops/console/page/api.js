// @ts-check
/** @import { Answers, Results } from '../answers.ts' */

/** The server's no, or what kept it from answering. */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {number} [retryAfterMs]
   */
  constructor(code, message, retryAfterMs) {
    super(message)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

const deadlineMs = 75_000

/** Asks the console's server. The cookie says who asks; the token, which only this page knows, goes with every change. */
export class Api {
  /** The session has ended, or there was none. */
  onSignedOut = () => {}
  #token = ''

  /** Goes on with the session that there is, for example after a reload; false if there is none. */
  async resume() {
    const { token } = await this.get('session')
    this.#token = token ?? ''
    return token !== null
  }

  /** @param {string} key */
  async signIn(key) {
    const { token } = await this.post('login', { key })
    this.#token = token
  }

  async signOut() {
    await this.post('logout', {})
    this.#token = ''
  }

  /**
   * One of the methods that every operator's client has.
   * @template {keyof Results} M
   * @param {M} method
   * @param {...unknown} params
   * @returns {Promise<Results[M]>}
   */
  async call(method, ...params) {
    const { result } = /** @type {{ result: Results[M] }} */ (await this.#fetched('POST', `call/${method}`, params))
    return result
  }

  /**
   * @template {keyof Answers} N
   * @param {N} name
   * @param {Record<string, string>} [query]
   */
  get(name, query = {}) {
    const text = new URLSearchParams(query).toString()
    return /** @type {Promise<Answers[N]>} */ (this.#fetched('GET', text === '' ? name : `${name}?${text}`))
  }

  /**
   * @template {keyof Answers} N
   * @param {N} name
   * @param {object} body
   */
  post(name, body) {
    return /** @type {Promise<Answers[N]>} */ (this.#fetched('POST', name, body))
  }

  /**
   * @param {'GET' | 'POST'} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<unknown>}
   */
  async #fetched(method, path, body) {
    const headers = { 'content-type': 'application/json', 'x-sluice-token': this.#token }
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers }
    const response = await this.#asked(`/console/api/${path}`, { method, cache: 'no-store', ...sent })
    /** @type {unknown} */
    const answer = await response.json().catch(() => undefined)
    if (response.ok && answer !== undefined) return answer
    const error = refusalIn(answer) ?? new ApiError('UNAVAILABLE', `The server answers ${response.status}.`)
    if (error.code === 'UNAUTHORIZED' && path !== 'login') this.onSignedOut()
    throw error
  }

  /**
   * @param {string} url
   * @param {RequestInit} options
   */
  async #asked(url, options) {
    try {
      return await fetch(url, { ...options, signal: AbortSignal.timeout(deadlineMs) })
    } catch {
      // Whatever the network says about it helps nobody here.
      throw new ApiError('UNAVAILABLE', 'This process does not answer.')
    }
  }
}

/**
 * The error in an answer, if it is one of ours and not of a proxy.
 * @param {unknown} answer
 */
function refusalIn(answer) {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined
  const { code, message, retryAfterMs } = /** @type {{ code: string, message: string, retryAfterMs?: number }} */ (answer.error)
  return new ApiError(code, message, retryAfterMs)
}

/** A name for one change, so that it is done once however often it is sent. */
export function newRequestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
