import type { CodeSabotage } from '../sabotage.ts'
import { gatewaySabotages } from './gateway.ts'
import { limitSabotages } from './limits.ts'
import { lineSabotages } from './line.ts'
import { orderSabotages } from './orders.ts'
import { paymentSabotages } from './payment.ts'
import { requestSabotages } from './requests.ts'
import { shardSabotages } from './shard.ts'
import { unitSabotages } from './units.ts'

export const codeSabotages: readonly CodeSabotage[] = [
  ...shardSabotages,
  ...requestSabotages,
  ...unitSabotages,
  ...lineSabotages,
  ...orderSabotages,
  ...paymentSabotages,
  ...limitSabotages,
  ...gatewaySabotages,
]
