import { runProgram } from '../../ops/cli/program.ts'
import { startNode } from '../../ops/node.ts'
import { processTerminal } from '../../ops/process-terminal.ts'
import { slowedStore } from './slowed-store.ts'

// The program as it is shipped, before a store that takes no more than so many events a second.
const eventsPerSecond = Number(process.env['BENCH_EVENTS_PER_SECOND'])
process.exitCode = await runProgram(process.argv.slice(2), processTerminal(process), (config, world, options) =>
  startNode(config, world, { ...options, aroundStore: (store) => slowedStore(store, eventsPerSecond, world.timers) }),
)
