import { runProgram } from '../../ops/cli/program.ts'
import { type NodeOptions, startNode } from '../../ops/node.ts'
import { processTerminal } from '../../ops/process-terminal.ts'
import { answeringBus } from './answering-bus.ts'
import { changesIn } from './changed-node.ts'
import { slowedBus } from './slowed-bus.ts'
import { slowedStore } from './slowed-store.ts'

// The program as it is shipped, with a store or a bus that is another.
const { slowStore, slowBus, answersBuys } = changesIn(process.env)
process.exitCode = await runProgram(process.argv.slice(2), processTerminal(process), (config, world, options) => {
  const { timers } = world
  const around: NodeOptions = {
    ...(slowStore === undefined ? {} : { aroundStore: (store) => slowedStore(store, slowStore, timers) }),
    ...(slowBus === undefined ? {} : { aroundBus: (bus) => slowedBus(bus, slowBus, timers) }),
    ...(answersBuys === true ? { aroundBus: (bus) => answeringBus(bus, timers) } : {}),
  }
  return startNode(config, world, { ...options, ...around })
})
