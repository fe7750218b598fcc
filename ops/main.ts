#!/usr/bin/env node
import { runProgram } from './cli/program.ts'
import { letHeapGrow } from './heap-growth.ts'
import { startNode } from './node.ts'
import { processTerminal } from './process-terminal.ts'

letHeapGrow()
process.exitCode = await runProgram(process.argv.slice(2), processTerminal(process), startNode)
