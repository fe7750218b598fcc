#!/usr/bin/env node
import { runProgram } from './cli/program.ts'
import { processTerminal } from './process-terminal.ts'

process.exitCode = await runProgram(process.argv.slice(2), processTerminal(process), async (...parts) => {
  // Most commands start no node, which is most of the code.
  const { startNode } = await import('./node.ts')
  return startNode(...parts)
})
