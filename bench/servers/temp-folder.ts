import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `f_type` of a file system in memory, where a sync costs nothing and says nothing. Source: statfs(2). */
const tmpfs = 0x0102_1994

/** A folder on a disk that is gone when the process is, however it ends short of SIGKILL. */
export class TempFolder {
  readonly path: string
  private readonly atExit = (): void => rmSync(this.path, { recursive: true, force: true })

  constructor(name: string) {
    const parent = isInMemory(tmpdir()) ? process.cwd() : tmpdir()
    this.path = mkdtempSync(join(parent, `sluice-bench-${name}-`))
    process.once('exit', this.atExit)
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
    process.off('exit', this.atExit)
  }
}

function isInMemory(path: string): boolean {
  return statfsSync(path).type === tmpfs
}
