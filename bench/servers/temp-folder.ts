import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './exit-duties.ts'

/** `f_type` of a file system in memory, where a sync costs nothing and says nothing. Source: statfs(2). */
const tmpfs = 0x0102_1994

/** A folder on a disk that is gone when the process is, however it ends short of SIGKILL. */
export class TempFolder {
  readonly path: string
  private readonly forget: () => void

  constructor(name: string) {
    const parent = isInMemory(tmpdir()) ? process.cwd() : tmpdir()
    this.path = mkdtempSync(join(parent, `sluice-bench-${name}-`))
    // A server that was killed a moment before may still be writing.
    this.forget = atExit(() => rmSync(this.path, { recursive: true, force: true, maxRetries: 5 }))
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
    this.forget()
  }
}

function isInMemory(path: string): boolean {
  return statfsSync(path).type === tmpfs
}
