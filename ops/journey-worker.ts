import { parentPort, workerData } from 'node:worker_threads'
import type { FollowSource } from './follower-thread.ts'
import { shardsOfJourneys } from './journal/home-shards.ts'
import type { LinesSource } from './journal/journal-lines.ts'
import { openClusterJournal, type OpenJournal, openJournal } from './journal/open-journal.ts'
import { journeyTaskOf } from './journey-thread.ts'
import { readJourneys } from './journey/journey-reader.ts'
import { createLog } from './log.ts'

// The thread that journey-thread.ts starts for one user's journey: it reads the journal beside its owners, replies once and ends.
const { source, user, sku, givenUp } = journeyTaskOf(workerData)
const journal = await openSource(source)
try {
  const [journey] = await readJourneys(whileWaitedFor(journal), [user], shardsOfJourneys([user], sku, journal.shards), sku)
  parentPort?.postMessage(journey, [])
} catch (error) {
  // Nobody hears it any more.
  if (Atomics.load(givenUp, 0) === 0) throw error
} finally {
  await journal.close()
}

function openSource(place: FollowSource): Promise<OpenJournal> {
  if (place.kind === 'folder') return Promise.resolve(openJournal(place.folder))
  const log = createLog({ level: 'error', pretty: false, colours: false })
  return openClusterJournal(place.url, place.tls, log)
}

/** Ends between two records once nobody waits any more. */
function whileWaitedFor(open: OpenJournal): LinesSource {
  return {
    shards: open.shards,
    readSnapshot: (shard) => open.readSnapshot(shard),
    async *readArchive(shard) {
      for await (const record of open.readArchive(shard)) {
        if (Atomics.load(givenUp, 0) !== 0) throw new Error('nobody waits for the journey any more')
        yield record
      }
    },
  }
}
