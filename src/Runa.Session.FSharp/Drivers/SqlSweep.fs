namespace Runa.Session

open System
open System.Data.Common
open System.Threading
open System.Threading.Tasks

/// Epochs of owners, and deletions of many rows, a batch a statement, so that none takes long.
[<Sealed>]
type internal SqlSweep(database: SqlDatabase, clock: TimeProvider, batch: int) =
    // A sign-in is never under way for this long.
    let epochLife = TimeSpan.FromDays 1.
    let statements = database.Statements

    let now () = SqlParameter.number "@now" (clock.GetUtcNow().UtcTicks)

    // What a deleting statement says of a row.
    let counts = 1
    let leadsOn = 2

    /// Until a batch finds less than it may take, and nothing that leads on: what comes meanwhile does not keep it going.
    /// How many rows counted.
    let sweep (sql: string) (parameters: SqlParameter list) (token: CancellationToken) : Task<int> =
        task {
            let parameters = SqlParameter.number "@batch" (int64 batch) :: parameters
            let says (row: DbDataReader) = row.GetInt32 0
            let mutable counted = 0
            let mutable isMore = true

            while isMore do
                let! rows = database.Remove(sql, parameters, says, token)
                counted <- counted + (rows |> Seq.filter (fun row -> row = counts) |> Seq.length)
                isMore <- rows.Count >= batch || rows.Contains leadsOn

            return counted
        }

    /// A random number, not the next one: a row that was purged and made again never says what it said before.
    let advance (scope: string) (key: string) (token: CancellationToken) : Task<int> =
        let (RecordVersion.RecordVersion version) = RecordVersion.Next()

        database.Write(
            statements.Advance,
            [ SqlParameter.text "@key" key
              SqlParameter.text "@scope" scope
              SqlParameter.number "@version" version
              SqlParameter.number "@ends_at" ((clock.GetUtcNow() + epochLife).UtcTicks) ],
            token
        )

    /// Follows from both rows, of the owner and of the scope, and differs when one of them does.
    member _.Epoch(scope: string, owner: string, token: CancellationToken) : Task<OwnerEpoch> =
        task {
            let keys =
                [ SqlParameter.text "@scope_key" (SqlText.scopeEpoch scope)
                  SqlParameter.text "@owner_key" (SqlText.ownerEpoch scope owner) ]

            let! epochs = database.Read(statements.Epoch, keys, (fun row -> row.GetInt64 0), token)
            return ({ Number = epochs |> Seq.fold (^^^) 0L; Age = TimeSpan.MaxValue }: OwnerEpoch)
        }

    member _.Advance(scope: string, owner: string, token: CancellationToken) : Task =
        advance SqlText.epochScope (SqlText.ownerEpoch scope owner) token

    /// First the epoch, then the rows: who signs in meanwhile is deleted, or sees the epoch changed. A tombstone leads to a
    /// row of the same scope, which may have come after the statement that deleted the tombstone had begun: the next one
    /// sees it.
    member _.DeleteAll(scope: string, token: CancellationToken) : Task<int> =
        task {
            let! _ = advance SqlText.epochScope (SqlText.scopeEpoch scope) token
            return! sweep statements.DeleteAll [ SqlParameter.text "@scope" (SqlText.encode scope); now () ] token
        }

    /// How many sessions and tombstones; the owners' old epochs go too, uncounted.
    member _.PurgeExpired(token: CancellationToken) : Task<int> =
        sweep statements.Purge [ SqlParameter.text "@epochs" SqlText.epochScope; now () ] token
