// @ts-check
/** @import { ServerClock } from './server-clock.js' */

/** @typedef {{ readonly sale: string, readonly skus: readonly string[], readonly assetBase: string, readonly isDemo: boolean }} ShopInfo */
/** @typedef {{ readonly running: boolean, readonly users: number, readonly done: number, readonly outside: number, readonly held: number, readonly queued: number, readonly bought: number, readonly soldout: number, readonly declined: number, readonly left: number, readonly errors: number, readonly problems: number }} RushReport */

/**
 * Which sale the shop shows. On the way the clock learns the server's time.
 * @param {ServerClock} clock
 * @returns {Promise<ShopInfo | undefined>} undefined if the server does not answer now
 */
export async function askInfo(clock) {
  const sentAt = Date.now()
  const fields = await ask('/demo/info')
  if (fields === undefined) return undefined
  clock.learn(fields.get('now'), sentAt)
  return {
    sale: textOf(fields.get('sale')),
    skus: listOf(fields.get('skus')).map(textOf),
    assetBase: new URL(textOf(fields.get('assetBase')), location.href).href,
    isDemo: fields.get('demo') === true,
  }
}

/**
 * Lets a crowd in, or starts the next sale. Undefined if the server agreed, else why it did not.
 * @param {'rush' | 'restart'} what
 * @param {{ readonly [name: string]: number }} [options]
 */
export async function order(what, options = {}) {
  try {
    const response = await fetch(`/demo/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(options),
    })
    return response.ok ? undefined : await refusalText(response)
  } catch {
    return 'The shop does not answer. Try again in a moment.'
  }
}

/** @returns {Promise<RushReport | undefined>} undefined if the server does not answer now */
export async function askRush() {
  const fields = await ask('/demo/rush')
  if (fields === undefined) return undefined
  /** @param {string} name */
  const count = (name) => Number(fields.get(name) ?? 0)
  return {
    running: fields.get('running') === true,
    users: count('users'),
    done: count('done'),
    outside: count('outside'),
    held: count('held'),
    queued: count('queued'),
    bought: count('bought'),
    soldout: count('soldout'),
    declined: count('declined'),
    left: count('left'),
    errors: count('errors'),
    problems: count('problems'),
  }
}

/**
 * @param {string} path
 * @returns {Promise<Map<string, unknown> | undefined>}
 */
async function ask(path) {
  try {
    const response = await fetch(path)
    return response.ok ? fieldsOf(await response.json()) : undefined
  } catch {
    return undefined
  }
}

/** @param {Response} response */
async function refusalText(response) {
  try {
    const message = fieldsOf(fieldsOf(await response.json()).get('error')).get('message')
    if (typeof message === 'string') return message
  } catch {
    // Not every refusal on the way here is the engine's own; a proxy answers with a page.
  }
  return `The shop said no (${response.status}).`
}

/**
 * @param {unknown} value
 * @returns {readonly unknown[]}
 */
function listOf(value) {
  return Array.isArray(value) ? value : []
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === 'string' ? value : ''
}

/**
 * @param {unknown} value
 * @returns {Map<string, unknown>}
 */
function fieldsOf(value) {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}
