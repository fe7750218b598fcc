#!/usr/bin/env node
import { runProgram } from './cli/program.ts'
import { startNode } from './node.ts'
import { processTerminal } from './process-terminal.ts'

process.exitCode = await runProgram(process.argv.slice(2), processTerminal(process), startNode)
