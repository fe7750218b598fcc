import { openLmdbReader } from '../../cluster/lmdb-reader.ts'
import { realClock } from '../world.ts'
import type { JournalSource } from './journal-audit.ts'

/** Opens the journal in a data folder for reading, beside a running node or without one. Throws a `StoreFault` if there is none. */
export function openJournal(folder: string): JournalSource & { close(): Promise<void> } {
  return openLmdbReader(folder, realClock)
}
