import { op } from '../protocol/entry.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Forwarder } from './forwarder.ts'
import type { MethodBody } from './method.ts'

const proofEntriesMost = 1_000

/** Methods for operators: what a draw needs from outside, and what it hands out when it is over. */
export function drawMethods(forwarder: Forwarder): readonly MethodBody[] {
  return [
    {
      name: 'draw.beacon',
      role: 'operator',
      run: (call) => {
        const { params } = call
        const sku = params.sku()
        const round = params.integer('round', 0, Number.MAX_SAFE_INTEGER)
        const value = params.hex('value', beaconBytesMost)
        params.end()
        forwarder.toInventory(call, { op: op.drawBeacon, sku, payload: packInner({ round, value }) })
      },
    },
    {
      name: 'draw.proof',
      role: 'operator',
      run: (call) => {
        const { params } = call
        const sku = params.sku()
        const from = params.integer('from', 0, 0xffff_ffff, 0)
        const limit = params.integer('limit', 1, proofEntriesMost, proofEntriesMost)
        params.end()
        forwarder.toInventory(call, { op: op.drawProof, sku, payload: packInner({ from, limit }) })
      },
    },
  ]
}

const beaconBytesMost = 256
