import type { Bus } from '../cluster/bus.ts'
import type { SharedRecord } from '../cluster/shared-record.ts'
import type { World } from '../cluster/world.ts'
import { frameKind } from '../protocol/frame.ts'
import { keysSubject } from '../protocol/subject.ts'
import { type KeyBook, noKeys } from './key-book.ts'
import { SharedValue } from './shared-value.ts'

export interface KeysParts {
  readonly record: SharedRecord
  readonly bus: Bus
  readonly world: World
}

/** The keys and secrets of all processes besides those that settings give: one value that they share, and that outlives them. */
export class Keys {
  private readonly shared: SharedValue<KeyBook>
  private readonly listeners: ((book: KeyBook) => void)[] = []

  constructor({ record, bus, world }: KeysParts) {
    this.shared = new SharedValue<KeyBook>({
      ...{ name: 'the keys', record, bus, subject: keysSubject, newsKind: frameKind.keys, world, none: noKeys },
      onChange: (book) => {
        world.log.info(
          { added: book.keys.length, withdrawn: book.withdrawn.length, rotated: Object.keys(book.secrets) },
          'keys were changed',
        )
        for (const listener of this.listeners) listener(book)
      },
    })
  }

  onChange(listener: (book: KeyBook) => void): void {
    this.listeners.push(listener)
  }

  /** Resolves when what is kept is known here; false if the signal ended the wait. */
  start(signal?: AbortSignal): Promise<boolean> {
    return this.shared.start(signal)
  }

  get book(): KeyBook {
    return this.shared.value
  }

  /** Rejects with a `StoreFault` if it is not known whether it is kept now. */
  change<No extends string>(step: (book: KeyBook) => KeyBook | No): Promise<'kept' | 'busy' | No> {
    return this.shared.change(step)
  }

  close(): void {
    this.shared.close()
  }
}
