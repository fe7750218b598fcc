import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { measureColdUsers } from './users/cold-users.ts'
import { usersCommand, usersOptionsOf } from './users/users-options.ts'

/** Ends: 0 done, 1 failed, 2 asked for wrongly. What it started ends with it, also after Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(exitCode.interrupted))
process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  try {
    const options = usersOptionsOf(usersCommand().parse([...words], { from: 'user' }))
    const report = await measureColdUsers(options, print)
    const { users, bytesPerUser, recordBytes, usersPerSecond, expiresInDays, readMs } = report
    print(
      `${users.toLocaleString('en-US')} cold users: ${bytesPerUser} bytes each in Redis (a record has ${recordBytes}), forgotten in ${expiresInDays.join(' to ')} days; ` +
        `${usersPerSecond} a second came to be; the history of one takes ${readMs.p50} ms (p99 ${readMs.p99})`,
    )
    if (options.json) print(JSON.stringify(report))
    return exitCode.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault)) throw error
    process.stderr.write(`bench:users: ${error.message}\n`)
    return exitCode.failed
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
