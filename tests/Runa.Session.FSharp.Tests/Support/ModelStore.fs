/// The driver contract in as few lines as it can be said: a map that one thread at a time changes.
module internal Runa.Session.Tests.ModelStore

open System
open System.Diagnostics
open System.Threading.Tasks
open Runa.Session

let create (clock: TimeProvider) : SessionDriver =
    let mutable records: (StoreKey * SessionRecord) list = []
    let mutable epoch = 0L
    // The number, and when it came.
    let mutable epochs: Map<string * string, int64 * int64> = Map.empty
    let mutable scopes: Map<string, int64 * int64> = Map.empty
    let find key = records |> List.tryFind (fun (k, _) -> k = key) |> Option.map snd
    let isOver record = SessionRecord.isExpired (clock.GetUtcNow()) record
    let without key = records |> List.filter (fun (k, _) -> k <> key)
    let put key record = records <- (key, record) :: without key
    let answer (value: 'T) = ValueTask<'T>(value)

    let delete key =
        let found = find key
        records <- without key
        Option.fold (fun _ record -> ValueSome record) ValueNone found

    let next () =
        epoch <- epoch + 1L
        epoch, Stopwatch.GetTimestamp()

    let rec deleteAll key =
        match delete key with
        | ValueSome { Kind = RecordKind.Moved successor } -> deleteAll successor
        | ValueSome record when not (isOver record) -> 1
        | _ -> 0

    SessionDriver.create
        "model"
        (fun key _ -> answer (find key |> Option.fold (fun _ record -> ValueSome record) ValueNone))
        (fun key record _ ->
            let isNew = (find key).IsNone

            if isNew then
                put key record

            answer isNew)
        (fun key version record _ ->
            match find key with
            | Some current when isOver current -> answer ReplaceResult.Missing
            | Some current when current.Version <> version -> answer (ReplaceResult.Conflict current)
            | Some _ ->
                put key record
                answer ReplaceResult.Replaced
            | None -> answer ReplaceResult.Missing)
        (fun key idleExpiresAt _ ->
            match find key with
            | Some current when not (isOver current) ->
                put key (SessionRecord.touch idleExpiresAt current)
                answer true
            | _ -> answer false)
        (fun key _ -> answer (delete key))
    |> SessionDriver.withOwners
        { List =
            fun scope owner _ _ ->
                answer
                    { Items =
                        [ for key, record in records do
                              if record.Scope = scope && record.State.Owner = Some owner then
                                  ({ Key = key; Record = record }: OwnedRecord) ]
                        |> List.sortBy (fun item -> StoreKey.toBytes item.Key)
                      Unreadable = []
                      Next = None }
          Epoch =
            fun scope owner _ ->
                let ofScope = defaultArg (scopes.TryFind scope) (0L, 0L)

                match max ofScope (defaultArg (epochs.TryFind(scope, owner)) (0L, 0L)) with
                | 0L, _ -> answer ({ Number = 0L; Age = TimeSpan.MaxValue }: OwnerEpoch)
                | number, at -> answer ({ Number = number; Age = Stopwatch.GetElapsedTime at }: OwnerEpoch)
          Advance =
            fun scope owner _ ->
                epochs <- epochs.Add((scope, owner), next ())
                ValueTask()
          DeleteAll =
            fun scope _ ->
                scopes <- scopes.Add(scope, next ())
                let keys = records |> List.filter (fun (_, record) -> record.Scope = scope) |> List.map fst
                answer (keys |> List.sumBy deleteAll) }
    |> SessionDriver.withPurge (fun _ ->
        let before = records.Length
        let now = clock.GetUtcNow()
        records <- records |> List.filter (fun (_, record) -> not (SessionRecord.isPurgeable now record))
        answer (before - records.Length))
