import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of a few megabytes, in memory, that can be filled up. */
export class SmallDisk {
  readonly folder: string
  readonly #filler: string

  private constructor(folder: string) {
    this.folder = folder
    this.#filler = join(folder, 'filler')
  }

  /** Or why there cannot be one here. */
  static mount(bytes: number): SmallDisk | string {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'pipe' })
      return new SmallDisk(folder)
    } catch (error) {
      rmSync(folder, { recursive: true })
      return `a small file system cannot be mounted: ${error instanceof Error ? error.message.split('\n').join(' ') : String(error)}`
    }
  }

  /** Leaves only so much room. */
  fill(leave: number): void {
    const disk = statfsSync(this.folder)
    const free = disk.bavail * disk.bsize
    if (free > leave) writeFileSync(this.#filler, Buffer.alloc(free - leave))
  }

  empty(): void {
    rmSync(this.#filler, { force: true })
  }

  unmount(): void {
    // Lazily: a file that a failed test left open would keep it for ever.
    execFileSync('umount', ['-l', this.folder])
    rmSync(this.folder, { recursive: true })
  }
}
