import type { ArchiveRecord } from '../../cluster/store.ts'
import type { OpenJournal } from '../journal/open-journal.ts'
import type { Terminal } from './terminal.ts'

const lookEvery = 256
const sayEveryMs = 200

/** Where somebody looks at a screen, says how far the reading of a journal is; on standard error, so that results stay clean. */
export class ReadingProgress {
  private readonly terminal: Terminal
  private records = 0
  private saidAt = performance.now()
  private isShown = false

  constructor(terminal: Terminal) {
    this.terminal = terminal
  }

  /** The same journal; whoever reads it is watched. */
  over(source: OpenJournal): Omit<OpenJournal, 'close'> {
    return {
      shards: source.shards,
      readSnapshot: (shard) => source.readSnapshot(shard),
      readArchive: (shard) => this.follow(shard, source.readArchive(shard)),
    }
  }

  private async *follow(shard: string, records: AsyncIterable<ArchiveRecord>): AsyncGenerator<ArchiveRecord> {
    for await (const record of records) {
      if (++this.records % lookEvery === 0 && performance.now() >= this.saidAt + sayEveryMs)
        this.show(`reading ${shard}: ${this.records} records`)
      yield record
    }
  }

  /** In place of what was said before. */
  show(text: string): void {
    if (!this.terminal.interactive) return
    this.saidAt = performance.now()
    this.isShown = true
    this.terminal.err(`\r\u001B[K${text}`)
  }

  end(): void {
    if (this.isShown) this.terminal.err('\r\u001B[K')
    this.isShown = false
  }
}
