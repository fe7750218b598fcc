import { LineOrder } from '../../protocol/line-order.ts'
import type { MicroCase, MicroSuite } from './micro-case.ts'

const looks = 1_000
const sizes = [1_000, 10_000, 100_000, 1_000_000] as const

/** How many people are ahead of a place, in lines of different lengths out of which every fifth has left. */
export const linePosition: MicroSuite = () => ({ cases: sizes.map(caseFor) })

function caseFor(size: number): MicroCase {
  const line = new LineOrder()
  for (let claim = 1; claim <= size; claim++) line.add(claim)
  for (let claim = 5; claim <= size; claim += 5) line.remove(claim)
  let claim = 1
  return {
    name: `line: people ahead of one of ${size.toLocaleString('en-US')}`,
    operations: looks,
    unit: 'look-up',
    run: () => {
      let sum = 0
      for (let i = 0; i < looks; i++) {
        claim = ((claim + 7_919) % size) + 1
        sum += line.countBefore(claim)
      }
      return sum
    },
  }
}
