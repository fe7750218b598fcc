import { MsCounts } from '../cluster/ms-counts.ts'

const batchBounds = [1, 4, 16, 64, 256, 1024, 4096, 16384] as const

/** What a shard counts, in plain numbers; read when somebody asks. */
export class ShardCounters {
  commands = 0
  /** Dropped because their deadline had passed. */
  late = 0
  busyFrames = 0
  foreignFrames = 0
  storeFaults = 0
  records = 0
  recordBytes = 0
  events = 0
  /** Records by the number of their events: up to 1, 4, 16, ... and more. */
  readonly batchSizes = new Float64Array(batchBounds.length + 1)

  /** How long the store took for each record, where it had to be tried again the last time. */
  readonly appends = new MsCounts([0.5, 1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 5_000])

  stored(events: number, bytes: number, ms: number): void {
    this.records++
    this.appends.observe(ms)
    this.recordBytes += bytes
    this.events += events
    let bucket = 0
    while (bucket < batchBounds.length && events > (batchBounds[bucket] as number)) bucket++
    this.batchSizes[bucket] = (this.batchSizes[bucket] as number) + 1
  }

  /** Takes in what another shard counted. */
  add(other: ShardCounters): void {
    this.commands += other.commands
    this.late += other.late
    this.busyFrames += other.busyFrames
    this.foreignFrames += other.foreignFrames
    this.storeFaults += other.storeFaults
    this.records += other.records
    this.recordBytes += other.recordBytes
    this.events += other.events
    this.appends.add(other.appends)
    other.batchSizes.forEach((count, bucket) => {
      this.batchSizes[bucket] = (this.batchSizes[bucket] ?? 0) + count
    })
  }
}

export { batchBounds }
