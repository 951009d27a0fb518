namespace Runa.Session

/// Writes by script as long as the server runs scripts, then by transactions.
[<Sealed>]
type internal RedisWrites(refusals: RedisRefusals, scripts: IRedisWrites, transactions: IRedisWrites) =
    let writes () = if refusals.AreScripts then scripts else transactions

    /// Whether the driver writes by scripts, as far as is known.
    member _.AreScripts = refusals.AreScripts

    interface IRedisWrites with
        member _.Create(write, token) = writes().Create(write, token)

        member _.Replace(expected, isIndexed, write, token) = writes().Replace(expected, isIndexed, write, token)

        member _.Touch(key, now, idleExpiresAt, token) = writes().Touch(key, now, idleExpiresAt, token)

        member _.Delete(key, token) = writes().Delete(key, token)

        member _.Index(entry, token) = writes().Index(entry, token)

        member _.Advance(key, token) = writes().Advance(key, token)
