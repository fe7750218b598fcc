import type { Calls, Command } from '../cluster/calls.ts'
import { op } from '../protocol/entry.ts'
import type { SkuId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import { named } from './audit-content.ts'
import type { Forwarder } from './forwarder.ts'
import type { Call, MethodBody } from './method.ts'

const proofEntriesMost = 1_000

/** Methods for operators: what a draw needs from outside, and what it hands out when it is over. */
export function drawMethods(forwarder: Forwarder, calls: Calls): readonly MethodBody[] {
  return [
    {
      name: 'draw.beacon',
      role: 'operator',
      change: named('sku', 'round', 'value'),
      run: (call) => {
        const { params } = call
        const sku = params.sku()
        const round = params.integer('round', 0, Number.MAX_SAFE_INTEGER)
        const value = params.hex('value', beaconBytesMost)
        params.end()
        return giveBeacon(calls, call, { op: op.drawBeacon, sku, payload: packInner({ round, value }) })
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

async function giveBeacon(calls: Calls, call: Call, command: Command & { readonly sku: SkuId }): Promise<void> {
  const { error, result } = await calls.request('inv', calls.shardOfText(command.sku), command)
  if (error !== null) return call.refusal(error)
  call.changed(null, result)
  call.result(result)
}
