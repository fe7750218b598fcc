import { sharedRecordKey } from './redis-keys.ts'
import { bytesReply, listReply, numberReply, textReply } from './redis-replies.ts'
import { redisScript, type RedisSender, runScript } from './redis-scripts.ts'
import { nothingShared, type SharedRecord, type VersionedBytes } from './shared-record.ts'

const readScript = redisScript(`
local version = redis.call('HGET', KEYS[1], 'version') or ''
if version == ARGV[1] then return false end
return {version, redis.call('HGET', KEYS[1], 'bytes') or ''}
`)

const writeScript = redisScript(`
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'bytes', ARGV[3])
return 1
`)

/** A hash with the version and the bytes. */
export class RedisRecord implements SharedRecord {
  readonly #sender: RedisSender
  readonly #key: string

  constructor(sender: RedisSender, name: string) {
    this.#sender = sender
    this.#key = sharedRecordKey(name)
  }

  async read(known: string): Promise<VersionedBytes | undefined> {
    const reply = await runScript(this.#sender, readScript, [this.#key], [known])
    if (reply === null) return undefined
    const [version, bytes] = listReply(reply)
    const found = { version: textReply(version), bytes: bytesReply(bytes) }
    return found.version === nothingShared.version ? nothingShared : found
  }

  async write(known: string, { version, bytes }: VersionedBytes): Promise<'stored' | 'overtaken'> {
    const outcome = numberReply(await runScript(this.#sender, writeScript, [this.#key], [known, version, bytes]))
    return outcome === 1 ? 'stored' : 'overtaken'
  }
}
