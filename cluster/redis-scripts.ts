import { createHash } from 'node:crypto'
import { isUnknownScript } from './redis-faults.ts'
import type { RedisCommand } from './redis.ts'

/** A script that Redis runs whole or not at all, as far as others can see. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

export function redisScript(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** Whatever sends commands. */
export interface RedisSender {
  send(command: RedisCommand): Promise<unknown>
}

type Arguments = readonly (string | number | Uint8Array)[]

/** Runs a script by its hash, and by its text where Redis does not know it: it was flushed, or another server answers now. */
export async function runScript(sender: RedisSender, script: RedisScript, keys: readonly string[], args: Arguments): Promise<unknown> {
  try {
    return await sender.send(['EVALSHA', script.sha, keys.length, ...keys, ...args])
  } catch (error) {
    // It was not run, so this is no repetition.
    if (!isUnknownScript(error)) throw error
    return sender.send(['EVAL', script.text, keys.length, ...keys, ...args])
  }
}
