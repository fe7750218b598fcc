import { redisRequest } from '../servers/redis-client.ts'
import { RedisAnswers } from './redis-answers.ts'
import type { RequestTemplate } from './request-ring.ts'
import { requestMark, userMark, type Wire } from './wire.ts'

/** A script of Redis, by its hash, for each user and request. */
export function redisWire(run: string, scriptHash: string, keys: readonly string[]): Wire {
  return {
    greeting: undefined,
    template: (connection): RequestTemplate => {
      const words = ['EVALSHA', scriptHash, String(keys.length), ...keys, userMark(run, connection), requestMark]
      return { bytes: Buffer.from(redisRequest(words)) }
    },
    answers: (slots) => new RedisAnswers(slots),
  }
}
