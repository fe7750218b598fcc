import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Chance } from '../checkers/chance.ts'
import { stringsOf } from '../synced-image.ts'
import type { TracedProcess } from '../traced-process.ts'

/** A power cut at one moment of a traced run: the data file that the disk would have, and what the process had said by then. */
export interface PowerCut {
  readonly folder: string
  readonly said: readonly string[]
}

/**
 * Cuts the power at `count` random moments between a traced process's first line and its end. What was synced is there; of what was not, either
 * nothing or a random part has reached the disk, for a disk may write pages in any order before it is told to.
 */
export class PowerCuts {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-cuts-'))
  readonly #traced: TracedProcess
  readonly #chance: Chance

  constructor(traced: TracedProcess, chance: Chance) {
    this.#traced = traced
    this.#chance = chance
  }

  async take(count: number): Promise<PowerCut[]> {
    const moments = await this.#moments(count)
    const cuts: PowerCut[] = []
    const said: string[] = []
    let ended = 0
    await this.#traced.image('/data.mdb', (call, image) => {
      ended++
      if (call.name === 'write' && call.args.startsWith('1, ')) said.push(...textOf(call.args).split('\n').filter(Boolean))
      if (!moments.has(ended)) return
      const folder = join(this.#folder, `${cuts.length}`)
      mkdirSync(folder)
      const keepsSome = this.#chance.is(0.5)
      writeFileSync(join(folder, 'data.mdb'), keepsSome ? image.bytesWith(() => this.#chance.is(0.5)) : image.bytes)
      cuts.push({ folder, said: [...said] })
    })
    return cuts
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }

  /** Numbers of calls after the process's first line. */
  async #moments(count: number): Promise<ReadonlySet<number>> {
    let ended = 0
    let first = 0
    await this.#traced.image('/data.mdb', (call) => {
      ended++
      if (first === 0 && call.name === 'write' && call.args.startsWith('1, ')) first = ended
    })
    const moments = new Set<number>()
    while (moments.size < Math.min(count, ended - first)) moments.add(first + 1 + this.#chance.below(ended - first))
    return moments
  }
}

function textOf(args: string): string {
  return Buffer.concat(stringsOf(args)).toString()
}
