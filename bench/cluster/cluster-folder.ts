import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { socketPresence } from '../../cluster/owner-socket.ts'
import { BenchFault } from '../bench-fault.ts'
import { atExit } from '../servers/exit-duties.ts'

const owner = 'localcluster'

/** Where a cluster keeps its data and logs: one at a time. */
export class ClusterFolder {
  readonly path: string
  private readonly presence: { close(): Promise<void> }
  /** Of a temporary one, which goes with this process otherwise: who has no time to close it does not want to look into it either. */
  private readonly forget: (() => void) | undefined

  private constructor(path: string, presence: { close(): Promise<void> }, forget?: () => void) {
    this.path = path
    this.presence = presence
    this.forget = forget
  }

  /** A temporary one without `asked`. */
  static async open(asked: string | undefined): Promise<ClusterFolder> {
    const path = asked === undefined ? mkdtempSync(join(tmpdir(), 'sluice-cluster-')) : resolve(asked)
    const forget = asked === undefined ? atExit(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 })) : undefined
    mkdirSync(join(path, 'logs'), { recursive: true })
    const presence = socketPresence(path)
    if (await presence.alive(owner)) throw new BenchFault(`another cluster runs in ${path}; choose another folder with --folder`)
    await presence.forget(owner)
    return new ClusterFolder(path, await presence.announce(owner), forget)
  }

  /** A process's own folder, made if it is not there. */
  of(name: string): string {
    const path = join(this.path, name)
    mkdirSync(path, { recursive: true })
    return path
  }

  logOf(name: string): string {
    return join(this.path, 'logs', `${name}.log`)
  }

  /** Lets another cluster in. A temporary folder goes away, unless something in it may tell what went wrong. */
  async close(wasClean: boolean): Promise<void> {
    await this.presence.close()
    if (this.forget === undefined) return
    if (wasClean) await rm(this.path, { recursive: true, force: true })
    this.forget()
  }
}
