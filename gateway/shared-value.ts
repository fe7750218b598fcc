import type { Bus, Served } from '../cluster/bus.ts'
import { nothingShared, type SharedRecord } from '../cluster/shared-record.ts'
import { delay, type Timer, type World } from '../cluster/world.ts'
import { packInner, unpackInner } from '../protocol/inner-codec.ts'
import { decodeVersionNews, encodeVersionNews } from '../protocol/version-news.ts'

export interface SharedValueParts<T extends object> {
  /** What the log calls it: `the bans`. */
  readonly name: string
  readonly record: SharedRecord
  readonly bus: Bus
  /** Where all who have it hear that there is another version. */
  readonly subject: string
  readonly newsKind: number
  readonly world: World
  /** What it is while nobody has written it. */
  readonly none: T
  /** Told of what has just been read. */
  readonly onChange: (value: T) => void
}

/** Whether there is another is looked up so often, for word of it may be lost. */
const lookEveryMs = 500
/** Operators who change it at once go one after the other. */
const triesMax = 16
const versionLength = 16

/**
 * A value that all processes share, in one record. Who changes it tells the others that there is another version, and each reads that; one that missed the word
 * finds it at its next look. While the record cannot be read, what was read last stands.
 */
export class SharedValue<T extends object> {
  value: T
  private readonly parts: SharedValueParts<T>
  private version = nothingShared.version
  private served: Served | undefined
  private timer: Timer | undefined
  private reading: Promise<void> | undefined
  private readAgain = false
  private couldRead = true

  constructor(parts: SharedValueParts<T>) {
    this.parts = parts
    this.value = parts.none
  }

  /** Resolves when what is kept is known here, however long that takes; false if the signal ended the wait. */
  async start(signal?: AbortSignal): Promise<boolean> {
    const { bus, subject, newsKind, world, name } = this.parts
    this.served = bus.serve(subject, (frame) => {
      const version = decodeVersionNews(newsKind, frame)
      if (version !== undefined && version !== this.version) this.look()
    })
    this.timer = world.timers.every(lookEveryMs, () => this.look())
    for (;;) {
      try {
        await this.read()
        return true
      } catch (error) {
        world.log.warn({ error: String(error) }, `waiting for ${name}`)
        await delay(world.timers, lookEveryMs)
        if (signal?.aborted === true) return false
      }
    }
  }

  /** Puts what `step` makes of it in its place, or nothing if that says why not. Rejects with a `StoreFault` if it is not known whether it is kept now. */
  async change<No extends string>(step: (value: T) => T | No): Promise<'kept' | 'busy' | No> {
    const { record, bus, subject, newsKind, world } = this.parts
    for (let tries = 0; tries < triesMax; tries++) {
      await this.read()
      const known = this.version
      const next = step(this.value)
      if (typeof next === 'string') return next
      const version = world.random.id(versionLength)
      if ((await record.write(known, { version, bytes: packInner(next) })) === 'overtaken') continue
      // Whatever is kept by now, this process has to have it before the operator hears of it.
      await this.read()
      bus.send(subject, encodeVersionNews(newsKind, version))
      return 'kept'
    }
    return 'busy'
  }

  close(): void {
    this.timer?.cancel()
    this.served?.close()
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
          const { world, name } = this.parts
          if (this.couldRead) world.log.warn({ error: String(error) }, `${name} cannot be read; what is known stands`)
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
    const { record, none, onChange } = this.parts
    const found = await record.read(this.version)
    if (found === undefined) return
    this.value = found.bytes.length === 0 ? none : unpackInner<T>(found.bytes)
    this.version = found.version
    onChange(this.value)
  }
}
