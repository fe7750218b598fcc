import { markKey } from './redis-keys.ts'
import type { RedisLink } from './redis-link.ts'
import { numberReply } from './redis-replies.ts'
import type { RedisSender } from './redis-scripts.ts'
import type { RedisCommand } from './redis.ts'
import { StoreFault } from './store.ts'
import type { Timers } from './world.ts'

/**
 * Sends commands so that an answer means: so many replicas have it. Everything that is asked for while one batch is under way goes out as the next, with
 * one WAIT at its end; so a replica that is away delays no more than two batches, and never a queue of them.
 *
 * WAIT speaks of what its own connection has written. A record that is repeated on a new connection is there already, which is no write, and WAIT would
 * say yes though no replica has it: so each batch writes a mark before its WAIT. It comes after everything that the batch found, so a replica that has
 * the mark has all of it. It also shows that the server is still the primary of somebody, which is what confirming an epoch asks.
 */
export class ReplicaSender implements RedisSender {
  readonly #link: RedisLink
  readonly #timers: Timers
  readonly #replicas: number
  readonly #waitMs: number
  #asked: Asked[] = []
  #isTurning = false

  constructor(link: RedisLink, timers: Timers, replicas: number, waitMs: number) {
    this.#link = link
    this.#timers = timers
    this.#replicas = replicas
    this.#waitMs = waitMs
  }

  send(command: RedisCommand): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ command, resolve, reject })
      if (this.#isTurning) return
      this.#isTurning = true
      this.#timers.soon(() => {
        this.#turn().catch(reject)
      })
    })
  }

  async #turn(): Promise<void> {
    while (this.#asked.length > 0) {
      const batch = this.#asked
      this.#asked = []
      await this.#commit(batch)
    }
    this.#isTurning = false
  }

  async #commit(batch: readonly Asked[]): Promise<void> {
    const mark: RedisCommand = ['SET', markKey, '']
    const wait: RedisCommand = ['WAIT', this.#replicas, this.#waitMs]
    const outcomes = await this.#link.sendAll([...batch.map(({ command }) => command), mark, wait])
    const fault = this.#faultIn(outcomes.slice(batch.length))
    for (const [index, asked] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome?.status !== 'fulfilled') asked.reject(outcome?.reason)
      else if (fault !== undefined) asked.reject(fault)
      else asked.resolve(outcome.value)
    }
  }

  #faultIn(closing: readonly PromiseSettledResult<unknown>[]): unknown {
    for (const outcome of closing) if (outcome.status === 'rejected') return outcome.reason
    const [, wait] = closing
    const confirmed = wait?.status === 'fulfilled' ? numberReply(wait.value) : 0
    if (confirmed >= this.#replicas) return undefined
    return new StoreFault('STORE_SHORT', `${confirmed} of ${this.#replicas} replicas of Redis have confirmed within ${this.#waitMs} ms`)
  }
}

interface Asked {
  readonly command: RedisCommand
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}
