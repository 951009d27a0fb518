namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Data.Common
open System.Diagnostics
open System.Threading
open System.Threading.Tasks

/// A row that holds an epoch, and the current time.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal SqlEpoch = { Key: string; Number: int64; AdvancedAt: int64 voption; Now: int64 }

/// Stores the epochs of owners and scopes: which revocation was the latest, and how long ago.
[<Sealed>]
type internal SqlEpochs(database: SqlDatabase, clock: TimeProvider) =
    // No sign-in takes this long.
    let life = TimeSpan.FromDays 1.
    let statements = database.Statements

    // The monotonic clock tells exactly when this driver's own revocations ended. For others, the database's clock is
    // used.
    let mostOwn = 1_000
    let own = ConcurrentDictionary<string, struct (int64 * int64)>()

    let remember (key: string) (number: int64) =
        if own.Count >= mostOwn then
            own.Clear()

        own[key] <- struct (number, Stopwatch.GetTimestamp())

    // SQLite reads the machine's clock, which all of its processes share, but only to the millisecond.
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

    /// The age of an epoch. It is unknown if the clock was set back since. Two clocks may differ by less than a second,
    /// as after a failover: then the age counts as zero.
    let age (epoch: SqlEpoch) : TimeSpan =
        match own.TryGetValue epoch.Key, epoch.AdvancedAt with
        | (true, struct (number, at)), _ when number = epoch.Number -> Stopwatch.GetElapsedTime at
        | _, ValueSome at when epoch.Now >= at -> TimeSpan.FromTicks(epoch.Now - at)
        | _, ValueSome at when at - epoch.Now < TimeSpan.TicksPerSecond -> TimeSpan.Zero
        | _ -> TimeSpan.MaxValue

    /// Changes an epoch. The number is random and not the next one, so a row that was purged and created again never
    /// has an earlier number.
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

    /// The epoch from the rows of the owner and of the scope: it changes when either changes, and has the age of the
    /// younger.
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
