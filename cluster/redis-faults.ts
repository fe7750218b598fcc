import { StoreFault } from './store.ts'

/** What Redis and its connection call their failures, put into the store's words. */

/** An answer of Redis that says no. Whether the command did anything depends on the word. */
export class RedisErrorReply extends Error {
  /** For example `NOSCRIPT`. */
  readonly word: string

  constructor(message: string) {
    super(message)
    this.word = message.split(' ', 1)[0] ?? ''
  }
}

/** These may pass without anybody doing anything; the connection that said so is of no use until then. */
const elsewhereWords: ReadonlySet<string> = new Set(['READONLY', 'LOADING', 'MASTERDOWN'])
const loginWords: ReadonlySet<string> = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM'])

/** The server that answered is not the one to ask any more, or not yet. */
export function isElsewhere(error: unknown): boolean {
  return error instanceof RedisErrorReply && elsewhereWords.has(error.word)
}

export function isUnknownScript(error: unknown): boolean {
  return error instanceof RedisErrorReply && error.word === 'NOSCRIPT'
}

/** `where` is the server, for people to read. */
export function asStoreFault(error: unknown, where: string): StoreFault {
  if (error instanceof StoreFault) return error
  if (!(error instanceof RedisErrorReply)) return awayFault(where, error)
  const { word, message } = error
  if (word === 'OOM') return new StoreFault('STORE_FULL', `Redis at ${where} has no memory left`, error)
  if (word === 'MISCONF') return new StoreFault('STORE_FULL', `Redis at ${where} cannot write to its disk`, error)
  if (word === 'NOREPLICAS') return new StoreFault('STORE_SHORT', `Redis at ${where} has fewer replicas than it may write with`, error)
  if (loginWords.has(word)) return loginFault(where, error)
  return new StoreFault('STORE_FAILED', `Redis at ${where} refused: ${firstLine(message)}`, error)
}

/** The connection failed: what was under way has been done or has not. */
export function awayFault(where: string, cause: unknown): StoreFault {
  const reason = cause instanceof Error ? firstLine(cause.message) : String(cause)
  return new StoreFault('STORE_FAILED', `Redis at ${where} is away: ${reason}`, cause)
}

export function loginFault(where: string, error: RedisErrorReply): StoreFault {
  return new StoreFault('STORE_UNUSABLE', `Redis at ${where} refuses the login: ${firstLine(error.message)}`, error)
}

export function unusableFault(where: string, reason: string): StoreFault {
  return new StoreFault('STORE_UNUSABLE', `cannot use Redis at ${where}: ${reason}`)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
