namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Threading

/// Numbers for the names that many sessions have in common: of keys, claims and scopes. A packed record then holds a
/// number, and unpacked ones share the text. The first names that come get a number, for the life of the process; later
/// ones are packed as text.
module internal MemoryNames =
    let private most = 1024
    let private longest = 64
    let private names: string[] = Array.zeroCreate most
    let private numbers = ConcurrentDictionary<string, int>(StringComparer.Ordinal)
    let private turn = Lock()
    let mutable private isFull = false

    let private add (name: string) =
        lock turn (fun () ->
            match numbers.TryGetValue name with
            | true, number -> number
            | _ when isFull -> 0
            | _ ->
                let number = numbers.Count + 1
                names[number - 1] <- name
                numbers[name] <- number
                isFull <- (number = most)
                number)

    /// The name's number, from 1. 0: it has none.
    let numberOf (name: string) : int =
        match numbers.TryGetValue name with
        | true, number -> number
        | _ when isFull || name.Length > longest -> 0
        | _ -> add name

    /// The name with this number.
    let ofNumber (number: int) : string = names[number - 1]
