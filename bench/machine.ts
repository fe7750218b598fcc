import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

/** What a figure depends on beside the program. */
export function thisMachine(): Readonly<Record<string, string | number>> {
  const each = cpus()
  const gib = 1024 ** 3
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown'
  return {
    cores: each.length,
    processor: each[0]?.model.trim() ?? 'unknown',
    memoryGib: Math.round(totalmem() / gib),
    system,
    kernel: release(),
    node: process.version,
  }
}

/** The commit that is checked out, with a mark if files differ from it; `unknown` outside of a clone. Results of benches are no difference. */
export function thisCommit(): string {
  const git = (...words: readonly string[]): string =>
    execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git(
      'status',
      '--porcelain',
      '--untracked-files=no',
      '--',
      ':/',
      ':(top,exclude)bench/results',
      ':(top,exclude,glob)**/*.md',
    )
    return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' and changes'}`
  } catch {
    return 'unknown'
  }
}
