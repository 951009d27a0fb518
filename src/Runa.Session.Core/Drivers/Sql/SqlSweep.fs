namespace Runa.Session

open System
open System.Data.Common
open System.Threading
open System.Threading.Tasks

/// Deletes many rows in batches. Each batch is one statement and one short transaction, followed by a pause for other
/// writers.
[<Sealed>]
type internal SqlSweep(database: SqlDatabase, epochs: SqlEpochs, clock: TimeProvider, mostOfBatch: int) =
    let statements = database.Statements
    let sweepClock = SweepClock clock

    // Purges run one at a time; the next one waits, and finds little.
    let purging = new SemaphoreSlim 1

    let instant (name: string) (at: DateTimeOffset) = SqlParameter.number name at.UtcTicks

    // The number that a deleting statement returns for a row.
    let counts = 1
    let leadsOn = 2
    let says (row: DbDataReader) = struct (row.GetInt32 0, row.GetInt64 1)

    // PostgreSQL plans by its last statistics, by which the table may be empty. The statements use the right indexes
    // nevertheless, except in very rare cases: then a batch takes this long.
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
                    // The sweep goes on without new statistics.
                    ()
            }

    /// Deletes batches until one is not full and contains no tombstone. Rows that are added meanwhile do not prolong
    /// it. Calls `tell` with the number of counted rows of each batch.
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

    /// Advances the epoch, then deletes the rows: a sign-in at the same time is deleted, or sees the new epoch. A
    /// tombstone leads to a row of the same scope, which may be newer than the statement that deleted the tombstone;
    /// the next statement sees it. A full database may be unable to advance the epoch until rows are deleted: then this
    /// tries again, and deletes what signed in in between (promise 9).
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
                raise (
                    SqlPartlyDone(
                        $"{deleted.Value} sessions were ended before a failure; others may still be alive. Call again when the database works.",
                        e
                    )
                )

            return deleted.Value
        }

    /// Deletes what has ended by the clocks of all nodes (promise 28), and returns the number of sessions and
    /// tombstones. Old epochs are deleted too, but not counted. If the token is cancelled on the way, returns the
    /// number so far.
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
