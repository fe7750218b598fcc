import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { IndexDesk, type IndexTask } from '../gateway/catalogue/index-desk.ts'

// The thread of search-thread.ts. Whoever buys goes first: Linux keeps priorities by thread, elsewhere this would be that of the whole process.
const niceness = 10
if (process.platform === 'linux') setPriority(0, niceness)
const desk = new IndexDesk()
parentPort?.on('message', (task: IndexTask) => parentPort?.postMessage(desk.take(task), []))
