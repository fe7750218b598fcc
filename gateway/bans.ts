import type { Bus, Served } from '../cluster/bus.ts'
import { nothingShared, type SharedRecord } from '../cluster/shared-record.ts'
import { delay, type Timer, type World } from '../cluster/world.ts'
import { type Ban, bansMax, decodeBansNews, encodeBansNews } from '../protocol/ban.ts'
import { packInner, unpackInner } from '../protocol/inner-codec.ts'
import { bansSubject } from '../protocol/subject.ts'
import { BanTable } from './ban-table.ts'

export interface BansParts {
  readonly record: SharedRecord
  readonly bus: Bus
  readonly world: World
  /** Told of what has just been read: somebody who is here may be kept out from now on. */
  readonly onChange: () => void
}

/** Whether there are others is looked up so often, for word of it may be lost. */
const lookEveryMs = 500
/** Operators who change the bans at once go one after the other. */
const triesMax = 16
const versionLength = 16

/**
 * The bans of all gateways, which are one record that they share. Who changes it tells the others that there is another version, and each reads that; one
 * that missed the word finds it at its next look. While the record cannot be read, what was read last stands.
 */
export class Bans {
  readonly table: BanTable
  private readonly parts: BansParts
  private version = nothingShared.version
  private served: Served | undefined
  private timer: Timer | undefined
  private reading: Promise<void> | undefined
  private readAgain = false
  private couldRead = true

  constructor(parts: BansParts) {
    this.parts = parts
    this.table = new BanTable(parts.world.clock)
  }

  /** Resolves when what is kept is known here, however long that takes; false if the signal ended the wait. */
  async start(signal?: AbortSignal): Promise<boolean> {
    this.served = this.parts.bus.serve(bansSubject, (frame) => {
      const version = decodeBansNews(frame)
      if (version !== undefined && version !== this.version) this.look()
    })
    this.timer = this.parts.world.timers.every(lookEveryMs, () => this.look())
    for (;;) {
      try {
        await this.read()
        return true
      } catch (error) {
        this.parts.world.log.warn({ error: String(error) }, 'waiting for the bans')
        await delay(this.parts.world.timers, lookEveryMs)
        if (signal?.aborted === true) return false
      }
    }
  }

  /** Adds it, in the place of another one of the same target. Rejects with a `StoreFault` if it is not known whether it is kept now. */
  add(ban: Ban): Promise<'kept' | 'full' | 'busy'> {
    return this.change<'full'>((bans) => {
      const others = bans.filter((other) => !isSame(other, ban))
      return others.length >= bansMax ? 'full' : [...others, ban]
    })
  }

  /** Like {@link add}; `unknown` if there is none. */
  remove(target: Pick<Ban, 'kind' | 'target'>): Promise<'kept' | 'unknown' | 'busy'> {
    return this.change<'unknown'>((bans) =>
      bans.some((ban) => isSame(ban, target)) ? bans.filter((ban) => !isSame(ban, target)) : 'unknown',
    )
  }

  /** Those that stand. */
  list(): readonly Ban[] {
    return this.table.all.filter((ban) => this.table.stands(ban))
  }

  close(): void {
    this.timer?.cancel()
    this.served?.close()
  }

  private async change<No extends string>(step: (bans: readonly Ban[]) => readonly Ban[] | No): Promise<'kept' | 'busy' | No> {
    const { record, bus, world } = this.parts
    for (let tries = 0; tries < triesMax; tries++) {
      await this.read()
      const known = this.version
      const next = step(this.list())
      if (typeof next === 'string') return next
      const version = world.random.id(versionLength)
      if ((await record.write(known, { version, bytes: packInner(next) })) === 'overtaken') continue
      // Whatever is kept by now, this gateway has to have it before the operator hears of it.
      await this.read()
      bus.send(bansSubject, encodeBansNews(version))
      return 'kept'
    }
    return 'busy'
  }

  private look(): void {
    // One that is under way may have passed by what is new.
    if (this.reading !== undefined) this.readAgain = true
    else
      this.read().then(
        () => {
          this.couldRead = true
        },
        (error: unknown) => {
          if (this.couldRead) this.parts.world.log.warn({ error: String(error) }, 'bans cannot be read; those that are known stand')
          this.couldRead = false
        },
      )
  }

  /** One at a time, so that what was read earlier does not take the place of what was read later. */
  private async read(): Promise<void> {
    while (this.reading !== undefined) await this.reading.catch(() => {})
    this.readAgain = false
    this.reading = this.take().finally(() => {
      this.reading = undefined
      if (this.readAgain) this.look()
    })
    return this.reading
  }

  private async take(): Promise<void> {
    const found = await this.parts.record.read(this.version)
    if (found === undefined) return
    this.table.replace(found.bytes.length === 0 ? [] : unpackInner<readonly Ban[]>(found.bytes))
    this.version = found.version
    this.parts.world.log.info({ bans: this.table.all.length }, 'the bans have changed')
    this.parts.onChange()
  }
}

function isSame(a: Pick<Ban, 'kind' | 'target'>, b: Pick<Ban, 'kind' | 'target'>): boolean {
  return a.kind === b.kind && a.target === b.target
}
