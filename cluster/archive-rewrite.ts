import { keyAfterPrefix, logKey, logPosition } from './lmdb-keys.ts'
import type { LmdbEnv, TableEntry } from './lmdb.ts'
import { lostFolder } from './shard-snapshots.ts'
import { journalStart, type Position, type RewriteRecord } from './store.ts'

/** Between two slices appends go first. */
const sliceRecordsMax = 128
const sliceBytesMax = 256 * 1024

/** See `Store.rewriteArchive`: what one shard's log has before the snapshot at `end`, in slices, each with a transaction of its own. */
export async function rewriteLog(
  env: LmdbEnv,
  term: number,
  shard: Buffer,
  end: Position,
  rewrite: RewriteRecord,
  pause: () => Promise<void>,
): Promise<number> {
  let rewritten = 0
  for (let from = logKey(shard, journalStart); ;) {
    env.fresh()
    const slice = env.log.entries(from, logKey(shard, end), sliceRecordsMax, sliceBytesMax)
    const last = slice.at(-1)
    if (last === undefined) return rewritten
    const changed = slice.flatMap((entry) => changedEntry(entry, rewrite))
    const put = (): void => {
      for (const { key, bytes } of changed) env.log.put(key, bytes)
    }
    if (changed.length > 0 && !(await env.write(term, put))) throw lostFolder()
    rewritten += changed.length
    from = keyAfterPrefix(last.key)
    await pause()
  }
}

function changedEntry({ key, bytes }: TableEntry, rewrite: RewriteRecord): readonly TableEntry[] {
  const position = logPosition(key)
  const changed = position.seq === 0 ? undefined : rewrite(position, bytes)
  return changed === undefined ? [] : [{ key, bytes: Buffer.from(changed) }]
}
