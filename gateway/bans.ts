import type { Bus } from '../cluster/bus.ts'
import type { SharedRecord } from '../cluster/shared-record.ts'
import type { World } from '../cluster/world.ts'
import { type Ban, bansMax } from '../protocol/ban.ts'
import { frameKind } from '../protocol/frame.ts'
import { bansSubject } from '../protocol/subject.ts'
import { BanTable } from './ban-table.ts'
import { SharedValue } from './shared-value.ts'

export interface BansParts {
  readonly record: SharedRecord
  readonly bus: Bus
  readonly world: World
  /** Told of what has just been read: somebody who is here may be kept out from now on. */
  readonly onChange: () => void
}

/** The bans of all gateways, which are one value that they share. */
export class Bans {
  readonly table: BanTable
  private readonly shared: SharedValue<readonly Ban[]>

  constructor({ record, bus, world, onChange }: BansParts) {
    this.table = new BanTable(world.clock)
    this.shared = new SharedValue<readonly Ban[]>({
      ...{ name: 'the bans', record, bus, subject: bansSubject, newsKind: frameKind.bans, world, none: [] },
      onChange: (bans) => {
        this.table.replace(bans)
        world.log.info({ bans: bans.length }, 'the bans have changed')
        onChange()
      },
    })
  }

  /** Resolves when what is kept is known here, however long that takes; false if the signal ended the wait. */
  start(signal?: AbortSignal): Promise<boolean> {
    return this.shared.start(signal)
  }

  /** Adds it, in the place of another one of the same target. Rejects with a `StoreFault` if it is not known whether it is kept now. */
  add(ban: Ban): Promise<'kept' | 'full' | 'busy'> {
    return this.shared.change<'full'>(() => {
      const others = this.list().filter((other) => !isSame(other, ban))
      return others.length >= bansMax ? 'full' : [...others, ban]
    })
  }

  /** Like {@link add}; `unknown` if there is none. */
  remove(target: Pick<Ban, 'kind' | 'target'>): Promise<'kept' | 'unknown' | 'busy'> {
    return this.shared.change<'unknown'>(() => {
      const bans = this.list()
      return bans.some((ban) => isSame(ban, target)) ? bans.filter((ban) => !isSame(ban, target)) : 'unknown'
    })
  }

  /** Those that stand. */
  list(): readonly Ban[] {
    return this.table.all.filter((ban) => this.table.stands(ban))
  }

  close(): void {
    this.shared.close()
  }
}

function isSame(a: Pick<Ban, 'kind' | 'target'>, b: Pick<Ban, 'kind' | 'target'>): boolean {
  return a.kind === b.kind && a.target === b.target
}
