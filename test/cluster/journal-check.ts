import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { SessionActor } from '../../actors/session/session-actor.ts'
import { openRedisReader } from '../../cluster/redis-reader.ts'
import { partsOfName, type ShardName, type Store } from '../../cluster/store.ts'
import { readRecord } from '../../ops/journal/journal-records.ts'
import type { Complain } from '../checkers/findings.ts'
import { journalRules } from '../checkers/journal-rules.ts'
import { LiveBooks } from '../checkers/live-books.ts'
import { OwnershipCheck } from '../checkers/ownership-check.ts'
import { checkReplay } from '../checkers/replay-check.ts'
import { LoggedWorld } from '../servers/logged-world.ts'

type JournalReader = Pick<Store, 'readArchive' | 'readSnapshot' | 'readTail'> & { readonly shards: readonly ShardName[] }

/** {@link checkJournalsIn} for those in a Redis. */
export async function checkJournals(redisUrl: string, complain: Complain): Promise<LiveBooks> {
  const reader = await openRedisReader({ url: redisUrl, world: new LoggedWorld() })
  try {
    return await checkJournalsIn(reader, complain)
  } finally {
    await reader.close()
  }
}

/**
 * Reads every journal of a store from its first record on and holds it against all that journals promise: chains and epochs, units, claims, limits and
 * prices, and that snapshots say the same. Nobody may be writing. Resolves with the books, for what clients say to be held against.
 */
export async function checkJournalsIn(reader: JournalReader, complain: Complain): Promise<LiveBooks> {
  let now = 0
  const books = new LiveBooks({ now: () => now, complain, rules: journalRules })
  const owners = new OwnershipCheck(complain)
  for (const shard of reader.shards) {
    const { kind, shard: number } = partsOfName(shard)
    now = 0
    for await (const { position, bytes } of reader.readArchive(shard)) {
      const record = readRecord(bytes)
      if (typeof record !== 'string') ({ now } = record)
      books.applied(shard, position, bytes)
      owners.applied(shard, position)
    }
    const makeActor = (): InventoryActor | SessionActor => (kind === 'inv' ? new InventoryActor(number) : new SessionActor())
    await checkReplay({ store: reader, makeActor, complain }, shard)
  }
  return books
}
