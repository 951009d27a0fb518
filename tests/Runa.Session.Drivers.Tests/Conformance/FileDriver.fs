/// The driver that docs/understand/writing-a-driver.md shows.
module Runa.Session.Tests.FileDriver

open System
open System.IO
open System.Threading.Tasks
open Runa.Session

let path (folder: string) (key: StoreKey) : string = Path.Combine(folder, Convert.ToHexString(StoreKey.toBytes key))

/// Sessions in a folder, a JSON document each, for applications of one process.
let create (clock: TimeProvider) (folder: string) : SessionDriver =
    Directory.CreateDirectory folder |> ignore
    let path key = path folder key

    let document key =
        if File.Exists(path key) then
            ValueSome(File.ReadAllBytes(path key))
        else
            ValueNone

    let record (document: byte[]) = RecordFormat.read (ReadOnlySpan document) // raises InvalidDataException
    let read key = document key |> ValueOption.map record

    let write key record = // all of it, or nothing
        File.WriteAllBytes(path key + ".new", RecordFormat.write record)
        File.Move(path key + ".new", path key, overwrite = true)

    let isExpired record = SessionRecord.isExpired (clock.GetUtcNow()) record

    // Nobody else reads or writes while one function does.
    let turn = obj ()
    let alone (work: unit -> 'T) : ValueTask<'T> = ValueTask<'T>(lock turn work)

    let create key record =
        let isNew = not (File.Exists(path key))
        if isNew then
            write key record
        isNew

    let replace key version record =
        match read key with
        | ValueSome current when not (isExpired current) && current.Version = version ->
            write key record
            ReplaceResult.Replaced
        | ValueSome current when not (isExpired current) -> ReplaceResult.Conflict current
        | _ -> ReplaceResult.Missing

    let touch key idleExpiresAt =
        match read key with
        | ValueSome current when not (isExpired current) ->
            write key (SessionRecord.touch idleExpiresAt current)
            true
        | _ -> false

    let delete key =
        let found = document key
        File.Delete(path key) // before it is read: a document that cannot be read goes, too
        ValueOption.map record found

    SessionDriver.create
        "files"
        (fun key _ -> alone (fun () -> read key))
        (fun key record _ -> alone (fun () -> create key record))
        (fun key version record _ -> alone (fun () -> replace key version record))
        (fun key idleExpiresAt _ -> alone (fun () -> touch key idleExpiresAt))
        (fun key _ -> alone (fun () -> delete key))
