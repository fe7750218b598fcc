import { benchProgram, print } from './bench-program.ts'
import { measureColdUsers } from './users/cold-users.ts'
import { usersCommand, usersOptionsOf } from './users/users-options.ts'

await benchProgram(usersCommand(), usersOptionsOf, async (options) => {
  const report = await measureColdUsers(options, print)
  const { users, bytesPerUser, recordBytes, usersPerSecond, expiresInDays, readMs } = report
  print(
    `${users.toLocaleString('en-US')} cold users: ${bytesPerUser} bytes each in Redis (a record has ${recordBytes}), forgotten in ${expiresInDays.join(' to ')} days; ` +
      `${usersPerSecond} a second came to be; the history of one takes ${readMs.p50} ms (p99 ${readMs.p99})`,
  )
  if (options.json) print(JSON.stringify(report))
})
