namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Data.Common
open System.Diagnostics
open System.Threading
open System.Threading.Tasks

/// A row of an epoch, and what time it is.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal SqlEpoch = { Key: string; Number: int64; AdvancedAt: int64 voption; Now: int64 }

/// The epochs of owners and scopes: which revocation was the last one, and how long ago.
[<Sealed>]
type internal SqlEpochs(database: SqlDatabase, clock: TimeProvider) =
    // A sign-in is never under way for this long.
    let life = TimeSpan.FromDays 1.
    let statements = database.Statements

    // Of the revocations of this driver it is known to the tick when they ended, by the monotonic clock. Of others, the
    // database's clock tells.
    let mostOwn = 1_000
    let own = ConcurrentDictionary<string, struct (int64 * int64)>()

    let remember (key: string) (number: int64) =
        if own.Count >= mostOwn then
            own.Clear()

        own[key] <- struct (number, Stopwatch.GetTimestamp())

    // SQLite reads the clock of the machine, which all of its processes share, and cuts it to milliseconds.
    let now () = DateTime.UtcNow.Ticks

    let withClock (parameters: SqlParameter list) =
        match database.Dialect with
        | SqlDialect.Sqlite -> SqlParameter.number "@clock" (now ()) :: parameters
        | SqlDialect.PostgreSql -> parameters

    let read (row: DbDataReader) : SqlEpoch =
        { Key = row.GetString 0
          Number = row.GetInt64 1
          AdvancedAt = if row.IsDBNull 2 then ValueNone else ValueSome(row.GetInt64 2)
          Now =
            match database.Dialect with
            | SqlDialect.Sqlite -> now ()
            | SqlDialect.PostgreSql -> row.GetInt64 3 }

    /// A clock that was set back since tells nothing; two that are a little apart, as after a failover, nearly nothing.
    let age (epoch: SqlEpoch) : TimeSpan =
        match own.TryGetValue epoch.Key, epoch.AdvancedAt with
        | (true, struct (number, at)), _ when number = epoch.Number -> Stopwatch.GetElapsedTime at
        | _, ValueSome at when epoch.Now >= at -> TimeSpan.FromTicks(epoch.Now - at)
        | _, ValueSome at when at - epoch.Now < TimeSpan.TicksPerSecond -> TimeSpan.Zero
        | _ -> TimeSpan.MaxValue

    /// A random number, not the next one: a row that was purged and made again never says what it said before.
    let advance (key: string) (token: CancellationToken) : Task =
        task {
            let (RecordVersion.RecordVersion number) = RecordVersion.Next()

            let! _ =
                database.Write(
                    statements.Advance,
                    withClock
                        [ SqlParameter.text "@key" key
                          SqlParameter.text "@scope" SqlText.epochScope
                          SqlParameter.number "@version" number
                          SqlParameter.number "@ends_at" ((clock.GetUtcNow() + life).UtcTicks) ],
                    token
                )

            remember key number
        }

    /// Follows from both rows, of the owner and of the scope: it differs when one of them does, and is as old as the younger.
    member _.Epoch(scope: string, owner: string, token: CancellationToken) : Task<OwnerEpoch> =
        task {
            let keys =
                [ SqlParameter.text "@scope_key" (SqlText.scopeEpoch scope)
                  SqlParameter.text "@owner_key" (SqlText.ownerEpoch scope owner) ]

            let! epochs = database.Read(statements.Epoch, withClock keys, read, token)

            return
                ({ Number = epochs |> Seq.fold (fun number epoch -> number ^^^ epoch.Number) 0L
                   Age = epochs |> Seq.fold (fun least epoch -> min least (age epoch)) TimeSpan.MaxValue }
                : OwnerEpoch)
        }

    member _.Advance(scope: string, owner: string, token: CancellationToken) : Task =
        advance (SqlText.ownerEpoch scope owner) token

    member _.AdvanceAll(scope: string, token: CancellationToken) : Task = advance (SqlText.scopeEpoch scope) token
