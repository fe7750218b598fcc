import type { StartNode } from './cli/start-command.ts'
import { StartFault } from './start-fault.ts'

/** Stands in for the composition root until that is written. */
export const startNode: StartNode = () => Promise.reject(new StartFault('this build has no node yet'))
