import { fileURLToPath } from 'node:url'
import { processTerminal } from '../../ops/process-terminal.ts'
import { simulate } from './runner/simulate.ts'

const program = fileURLToPath(new URL('./seed-worker.js', import.meta.url))

process.exitCode = await simulate(process.argv.slice(2), { terminal: processTerminal(process), progress: process.stderr, program })
