namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Threading

/// Numbers for the names that many sessions have in common: of keys, claims and scopes. A packed record then holds a
/// number, and unpacked ones share the text. Up to `most` short names that come first get one, and keep it.
[<Sealed>]
type internal PackedNames(most: int) =
    static let longest = 64
    static let shared = PackedNames 1024

    let names: string[] = Array.zeroCreate most
    let numbers = ConcurrentDictionary<string, int>(StringComparer.Ordinal)
    let turn = Lock()
    let mutable isFull = false

    let add (name: string) =
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

    /// Those of this process.
    static member Shared = shared

    /// The name's number, from 1. 0: it has none.
    member _.NumberOf(name: string) : int =
        match numbers.TryGetValue name with
        | true, number -> number
        | _ when isFull || name.Length > longest -> 0
        | _ -> add name

    /// The name with this number.
    member _.OfNumber(number: int) : string = names[number - 1]
