import { runProgram } from '../../ops/cli/program.ts'
import { startNode } from '../../ops/node.ts'
import { processTerminal } from '../../ops/process-terminal.ts'

// The program as it is shipped, but for one thing: owners do not look at their leases.
process.exitCode = await runProgram(process.argv.slice(2), processTerminal(process), (config, world, options) =>
  startNode(config, world, { ...options, endsWithLease: false }),
)
