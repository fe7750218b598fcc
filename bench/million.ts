import { benchProgram, print } from './bench-program.ts'
import { measureLine, measureSnapshot } from './million/line-work.ts'
import { millionCommand, type MillionOptions, millionOptionsOf } from './million/million-options.ts'
import { measurePauses, type Pause, type StoreName } from './million/pauses.ts'
import { measureMemory } from './million/ticket-memory.ts'

await benchProgram(millionCommand(), millionOptionsOf, async (options) => {
  const report = await measure(options)
  if (options.json) print(JSON.stringify(report))
})

async function measure({ sizes, people, store }: MillionOptions) {
  const work = sizes.map((tickets) => {
    const figures = measureLine(tickets)
    const { joinNs, positionNs, leaveNs } = figures
    print(`a line of ${tickets.toLocaleString('en-US')}: ${joinNs} ns a join, ${positionNs} ns a look at a position, ${leaveNs} ns a leave`)
    return figures
  })
  const memory = sizes.map((tickets) => {
    const figures = measureMemory(tickets)
    const { actorBytes, actorResidentBytes, actorHeapBytes, viewBytes } = figures
    print(
      `a line of ${tickets.toLocaleString('en-US')}: ${actorBytes} bytes a ticket counted, ${actorResidentBytes} resident, ${actorHeapBytes} in heap and buffers; ` +
        `${viewBytes} in a gateway's view`,
    )
    return figures
  })
  const snapshot = measureSnapshot(people)
  print(
    `${people.toLocaleString('en-US')} tickets: a snapshot of ${snapshot.chunks} chunks is ${snapshot.saveMs} ms of work, restoring it ${snapshot.restoreMs} ms in ` +
      `${snapshot.restoreSlices} slices of at most ${snapshot.longestSliceMs} ms`,
  )
  const pauses: Pause[] = []
  for (const name of storesOf(store)) pauses.push(...(await measurePauses(name, people, print)))
  return { work, memory, snapshot, pauses }
}

function storesOf(store: MillionOptions['store']): readonly StoreName[] {
  if (store === 'none') return []
  return store === 'both' ? ['lmdb', 'redis'] : [store]
}
