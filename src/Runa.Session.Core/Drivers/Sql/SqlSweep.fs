namespace Runa.Session

open System
open System.Data.Common
open System.Threading
open System.Threading.Tasks

/// Deletions of many rows, a batch a statement, each a short transaction of its own, with a pause for others in between.
[<Sealed>]
type internal SqlSweep(database: SqlDatabase, epochs: SqlEpochs, clock: TimeProvider, mostOfBatch: int) =
    let statements = database.Statements
    let sweepClock = SweepClock clock

    // One purge at a time; the next one waits, and finds little.
    let purging = new SemaphoreSlim 1

    let instant (name: string) (at: DateTimeOffset) = SqlParameter.number name at.UtcTicks

    // What a deleting statement says of a row.
    let counts = 1
    let leadsOn = 2
    let says (row: DbDataReader) = struct (row.GetInt32 0, row.GetInt64 1)

    // PostgreSQL plans by what it knew of the table when it looked last, which may be that it was empty. The statements lead
    // to the right indexes nevertheless, but for the rarest of cases.
    let alarming = TimeSpan.FromSeconds 1.

    let analyze (token: CancellationToken) : Task =
        match statements.Analyze with
        | None -> Task.CompletedTask
        | Some sql ->
            task {
                try
                    do!
                        database.Run(
                            (fun _ run ->
                                task {
                                    let! _ = run sql
                                    ()
                                }),
                            token
                        )
                with :? DbException ->
                    // It goes on without, as before.
                    ()
            }

    /// Until a batch finds less than it may take, and nothing that leads on: what comes meanwhile does not keep it going.
    /// Tells of each batch how many rows counted, and where it ended.
    let sweep
        (sql: int -> string)
        (parameters: int64 -> SqlParameter list)
        (token: CancellationToken)
        (tell: int -> unit)
        : Task =
        task {
            let mutable size = SqlBatch.first mostOfBatch
            let mutable from = 0L
            let mutable isMore = true
            let mutable isAnalyzed = false

            while isMore do
                let! struct (rows, took) = database.Sweep(sql size, parameters from, says, token)
                let mutable counted = 0
                isMore <- rows.Count >= size

                for struct (said, endsAt) in rows do
                    if said = counts then
                        counted <- counted + 1

                    isMore <- isMore || said = leadsOn
                    from <- max from endsAt

                tell counted
                size <- SqlBatch.next mostOfBatch size took

                if isMore && took > alarming && not isAnalyzed then
                    isAnalyzed <- true
                    do! analyze token

                if isMore then
                    do! Task.Delay(SqlBatch.pause took, token)
        }

    let advanceAll (scope: string) (token: CancellationToken) : Task<exn | null> =
        task {
            try
                do! epochs.AdvanceAll(scope, token)
                return null
            with e when not token.IsCancellationRequested ->
                return e
        }

    /// First the epoch, then the rows: who signs in meanwhile is deleted, or sees the epoch changed. A tombstone leads to a
    /// row of the same scope, which may have come after the statement that deleted the tombstone had begun: the next one
    /// sees it. A database that is full may have room for the epoch when the rows have gone; what signed in until then goes
    /// after it (promise 9).
    member _.DeleteAll(scope: string, token: CancellationToken) : Task<int> =
        task {
            let parameters =
                [ SqlParameter.text "@scope" (SqlText.encode scope); instant "@now" (clock.GetUtcNow()) ]
            let deleted = ref 0

            let deleteRows () =
                sweep statements.DeleteAll (fun _ -> parameters) token (fun count ->
                    deleted.Value <- deleted.Value + count)

            let! failure = advanceAll scope token

            try
                do! deleteRows ()

                if not (isNull failure) then
                    do! epochs.AdvanceAll(scope, token)
                    do! deleteRows ()
            with e when deleted.Value > 0 && not (e :? OperationCanceledException) ->
                raise (SqlPartlyDone($"{deleted.Value} sessions were ended before this failed; others may live on.", e))

            return deleted.Value
        }

    /// How many sessions and tombstones; the owners' old epochs go too, uncounted. Those that have ended by the clocks of
    /// all nodes (promise 28). When it is cancelled on the way, how many went until then.
    member _.PurgeExpired(token: CancellationToken) : Task<int> =
        task {
            do! purging.WaitAsync token
            let purged = ref 0

            try
                try
                    let parameters from =
                        [ SqlParameter.text "@epochs" SqlText.epochScope
                          SqlParameter.number "@from" from
                          instant "@now" (sweepClock.Now - SessionRecord.clockTolerance) ]

                    do! sweep statements.Purge parameters token (fun count -> purged.Value <- purged.Value + count)
                with :? OperationCanceledException when token.IsCancellationRequested && purged.Value > 0 ->
                    ()
            finally
                purging.Release() |> ignore

            return purged.Value
        }
